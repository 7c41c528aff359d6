//! How a use case can fail, in the terms that every caller shares.

use std::error::Error;
use std::time::Duration;

use hubbub_domain::error::{InvalidValue, RepositoryError, RepositoryErrorKind};

/// What kind of failure it is; each outer layer maps these once to its own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A value breaks its rule.
    Invalid,
    /// Nobody is signed in, or no longer.
    Unauthenticated,
    /// Signed in, but not allowed.
    Forbidden,
    /// It does not exist, or the caller may not see it; the two look alike.
    NotFound,
    /// It contradicts what is stored.
    Conflict,
    /// Too often; later it will work.
    RateLimited,
    /// Something that is needed is away or busy; nothing was stored.
    Unavailable,
    /// A defect.
    Internal,
}

/// After how long trying again may help, where nothing better is known.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What every area's error answers.
pub trait ServiceError: Error + Send + Sync + 'static {
    /// What kind of failure it is.
    fn kind(&self) -> ErrorKind;
    /// A stable word for programs.
    fn code(&self) -> &'static str;
    /// After how long trying again may help, where it may.
    fn retry_after(&self) -> Option<Duration> {
        let is_passing = matches!(self.kind(), ErrorKind::RateLimited | ErrorKind::Unavailable);
        is_passing.then_some(RETRY_AFTER)
    }
}

/// A failure that any use case can meet: storage.
#[derive(Debug, thiserror::Error)]
#[error("{}", match .0.kind() {
    RepositoryErrorKind::Unavailable => "Hubbub cannot reach its database at the moment; nothing was stored",
    RepositoryErrorKind::Conflict | RepositoryErrorKind::Corrupt => "something went wrong on the server",
})]
pub struct StorageError(#[source] RepositoryError);

impl StorageError {
    /// Whether a unique key was taken.
    pub(crate) fn is_conflict(&self) -> bool {
        self.0.is_conflict()
    }
}

impl From<RepositoryError> for StorageError {
    fn from(error: RepositoryError) -> Self {
        Self(error)
    }
}

impl ServiceError for StorageError {
    fn kind(&self) -> ErrorKind {
        match self.0.kind() {
            RepositoryErrorKind::Unavailable => ErrorKind::Unavailable,
            RepositoryErrorKind::Conflict | RepositoryErrorKind::Corrupt => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self.0.kind() {
            RepositoryErrorKind::Unavailable => "unavailable",
            RepositoryErrorKind::Conflict | RepositoryErrorKind::Corrupt => "internal",
        }
    }
}

impl ServiceError for InvalidValue {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Username => "invalid_username",
            Self::DisplayName => "invalid_display_name",
            Self::Password => "invalid_password",
            Self::ConversationName => "invalid_name",
            Self::Topic => "invalid_topic",
            Self::MessageEmpty => "message_empty",
            Self::MessageTooLong { .. } => "message_too_long",
            Self::MessageCharacter => "message_invalid",
            Self::Emoji => "invalid_emoji",
            Self::StatusText => "invalid_status",
        }
    }
}

/// Writes the parts of an area's error that are alike everywhere: storage failures and invalid values pass through, and
/// every other variant has a kind and a code. What knows when trying again helps says so at the end.
macro_rules! service_error {
    (
        $error:ident { $($variant:pat => ($kind:ident, $code:literal)),+ $(,)? }
        $($known:pat => retry after $wait:expr)?
    ) => {
        impl From<hubbub_domain::error::RepositoryError> for $error {
            fn from(error: hubbub_domain::error::RepositoryError) -> Self {
                Self::Storage(error.into())
            }
        }

        impl $crate::error::ServiceError for $error {
            fn kind(&self) -> $crate::error::ErrorKind {
                match self {
                    Self::Storage(error) => error.kind(),
                    Self::Invalid(error) => error.kind(),
                    $($variant => $crate::error::ErrorKind::$kind),+
                }
            }

            fn code(&self) -> &'static str {
                match self {
                    Self::Storage(error) => error.code(),
                    Self::Invalid(error) => error.code(),
                    $($variant => $code),+
                }
            }

            $(
                fn retry_after(&self) -> Option<std::time::Duration> {
                    use $crate::error::ErrorKind::{RateLimited, Unavailable};
                    match self {
                        $known => Some($wait),
                        _ if matches!(self.kind(), RateLimited | Unavailable) => {
                            Some($crate::error::RETRY_AFTER)
                        }
                        _ => None,
                    }
                }
            )?
        }
    };
}

pub(crate) use service_error;
