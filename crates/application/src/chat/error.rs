use hubbub_domain::error::{InvalidValue, RepositoryError};
use hubbub_domain::message::{MAX_PINS, MAX_REVISIONS, Reactions, Unchangeable};

use crate::error::{StorageError, service_error};

/// How reading or writing can fail.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// No such conversation, or not one of the caller's: which of the two is not said.
    #[error("there is no such conversation, or you are not a member of it")]
    ConversationNotFound,
    /// No such message, not one that the caller may see, or one that was deleted: which of them is not said.
    #[error("there is no such message, or you may not see it")]
    MessageNotFound,
    /// No such person.
    #[error("there is no such person")]
    UserNotFound,
    /// The caller may read only.
    #[error("you may read this conversation but not write to it")]
    ReadOnly,
    /// Another's words.
    #[error("only its author can change what a message says")]
    NotTheAuthor,
    /// Another's message, and the caller does not manage the conversation.
    #[error("only its author, and who manages the conversation, can delete a message")]
    MayNotDelete,
    /// The caller wants to take back what another has decided.
    #[error("this message was deleted by somebody who manages the conversation")]
    DeletedByAnother,
    /// The caller may not choose what is pinned.
    #[error("you may not pin messages in this conversation")]
    MayNotPin,
    /// A note of the system.
    #[error("a note of the system cannot be changed")]
    SystemNote,
    /// The deletion cannot be taken back any more.
    #[error(
        "a deletion can be taken back for {} seconds only",
        hubbub_domain::message::UNDO_DELETE.as_secs()
    )]
    TooLate,
    /// A thread has no threads, and neither has a note of the system.
    #[error("a thread cannot hang on a reply of another thread, or on a note of the system")]
    NoThread,
    /// One cannot have a direct conversation with oneself.
    #[error("you cannot open a direct conversation with yourself")]
    WithOneself,
    /// More positions than one synchronisation takes.
    #[error(
        "one synchronisation takes at most {} positions",
        super::ChatService::MAX_POSITIONS
    )]
    TooManyPositions,
    /// More reactions than a message can have.
    #[error(
        "a message can have at most {} different reactions, and {} in all",
        Reactions::MAX_KINDS,
        Reactions::MAX
    )]
    TooManyReactions,
    /// More edits than are kept.
    #[error("a message can be edited at most {MAX_REVISIONS} times")]
    TooManyRevisions,
    /// More pins than a conversation can have.
    #[error("a conversation can have at most {MAX_PINS} pinned messages")]
    TooManyPins,
    /// The client id was used for another message.
    #[error("this clientId was already used for another message")]
    IdempotencyMismatch,
    /// More is waiting to be written than is taken in.
    #[error("Hubbub has too much to write at the moment; nothing was stored")]
    Busy,
    /// The database went away when the message was about to be stored, and cannot be asked what it did.
    #[error(
        "Hubbub cannot tell at the moment whether the message was stored; send it again under the same clientId"
    )]
    OutcomeUnknown(#[source] Option<RepositoryError>),
    /// One message after the other came too fast.
    #[error("you are sending too fast; please wait a moment")]
    TooFast(std::time::Duration),
    /// A defect of ours.
    #[error("something went wrong on the server")]
    Defect,
}

impl ChatError {
    /// Whether somebody else has stored the same at the same time.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_conflict())
    }
}

impl From<Unchangeable> for ChatError {
    fn from(reason: Unchangeable) -> Self {
        match reason {
            Unchangeable::Deleted => Self::MessageNotFound,
            Unchangeable::System => Self::SystemNote,
            Unchangeable::NotRestorable => Self::TooLate,
            Unchangeable::TooManyReactions => Self::TooManyReactions,
        }
    }
}

service_error!(ChatError {
    Self::ConversationNotFound | Self::MessageNotFound | Self::UserNotFound => (NotFound, "not_found"),
    Self::ReadOnly
    | Self::NotTheAuthor
    | Self::MayNotDelete
    | Self::DeletedByAnother
    | Self::MayNotPin
    | Self::SystemNote => (Forbidden, "forbidden"),
    Self::TooManyPositions
    | Self::TooManyReactions
    | Self::TooManyRevisions
    | Self::TooManyPins => (Invalid, "limit_exceeded"),
    Self::WithOneself | Self::NoThread => (Invalid, "invalid_request"),
    Self::IdempotencyMismatch => (Conflict, "idempotency_mismatch"),
    Self::TooLate => (Conflict, "too_late"),
    Self::Busy | Self::OutcomeUnknown(_) => (Unavailable, "unavailable"),
    Self::TooFast(_) => (RateLimited, "rate_limited"),
    Self::Defect => (Internal, "internal"),
} Self::TooFast(wait) => retry after *wait);
