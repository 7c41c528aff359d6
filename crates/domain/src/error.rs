//! What can go wrong in the domain: a value that breaks its rule, and storage that fails.

use std::error::Error;
use std::fmt;

/// A value that breaks the rule of its type. The text states the rule, so that it can be shown to the person who
/// entered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// See [`crate::user::Username`].
    #[error(
        "a username has 2 to 32 characters of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"
    )]
    Username,
    /// See [`crate::user::DisplayName`].
    #[error("a display name has 1 to 64 characters and no invisible ones")]
    DisplayName,
    /// See [`crate::user::Password`].
    #[error("a password has 10 to 256 characters")]
    Password,
    /// See [`crate::conversation::ConversationName`].
    #[error("a name has 1 to 80 characters and no invisible ones")]
    ConversationName,
    /// See [`crate::conversation::Topic`].
    #[error("a topic has at most 250 characters and no invisible ones")]
    Topic,
    /// See [`crate::message::MessageBody`].
    #[error("a message cannot be empty")]
    MessageEmpty,
    /// See [`crate::message::MessageBody`].
    #[error("a message has at most 16,384 characters; this one has {length}")]
    MessageTooLong {
        /// How many characters it has.
        length: usize,
    },
    /// See [`crate::message::MessageBody`].
    #[error("a message cannot contain the character U+0000")]
    MessageCharacter,
    /// See [`crate::message::Emoji`].
    #[error("a reaction is one emoji")]
    Emoji,
    /// See [`crate::presence::StatusText`].
    #[error("a status has at most 100 characters and no invisible ones")]
    StatusText,
}

/// What kind of failure storage met. Closed, so that callers can decide without knowing the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepositoryErrorKind {
    /// A unique key is already taken.
    Conflict,
    /// The database cannot be reached or is overloaded; trying again later may help.
    Unavailable,
    /// Stored data breaks a rule, or a statement is wrong: a defect.
    Corrupt,
}

/// A failed storage operation.
#[derive(Debug)]
pub struct RepositoryError {
    kind: RepositoryErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

impl RepositoryError {
    /// Wraps what the storage said.
    pub fn new(kind: RepositoryErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> RepositoryErrorKind {
        self.kind
    }

    /// Whether a unique key was taken.
    pub fn is_conflict(&self) -> bool {
        self.kind == RepositoryErrorKind::Conflict
    }
}

impl fmt::Display for RepositoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RepositoryErrorKind::Conflict => "the entry exists already",
            RepositoryErrorKind::Unavailable => "the database is not available",
            RepositoryErrorKind::Corrupt => "the database answered something unexpected",
        })
    }
}

impl Error for RepositoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
