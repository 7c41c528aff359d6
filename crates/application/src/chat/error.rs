use hubbub_domain::error::InvalidValue;

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
    /// No such person.
    #[error("there is no such person")]
    UserNotFound,
    /// The caller may read only.
    #[error("you may read this conversation but not write to it")]
    ReadOnly,
    /// One cannot have a direct conversation with oneself.
    #[error("you cannot open a direct conversation with yourself")]
    WithOneself,
    /// More positions than one synchronisation takes.
    #[error(
        "one synchronisation takes at most {} positions",
        super::ChatService::MAX_POSITIONS
    )]
    TooManyPositions,
    /// The client id was used for another message.
    #[error("this clientId was already used for another message")]
    IdempotencyMismatch,
}

service_error!(ChatError {
    Self::ConversationNotFound | Self::UserNotFound => (NotFound, "not_found"),
    Self::ReadOnly => (Forbidden, "forbidden"),
    Self::TooManyPositions => (Invalid, "limit_exceeded"),
    Self::WithOneself => (Invalid, "invalid_request"),
    Self::IdempotencyMismatch => (Conflict, "idempotency_mismatch"),
});
