use hubbub_domain::error::InvalidValue;

use crate::error::{StorageError, service_error};
use crate::ports::{HasherBusy, TokenError};

/// How signing in can fail.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// No such person, or not the password: which of the two is not said.
    #[error("the username or the password is not right")]
    InvalidCredentials,
    /// No token, or none of ours.
    #[error("you are not signed in")]
    Unauthenticated,
    /// The token was right once.
    #[error("the access token has expired")]
    TokenExpired,
    /// The sign-in has ended.
    #[error("this sign-in has ended; please sign in again")]
    SessionRevoked,
    /// A refresh token came a second time.
    #[error("this sign-in was used from two places and has been ended; please sign in again")]
    RefreshReuse,
    /// The code is another one.
    #[error("this is not the setup code; the server prints the code when it starts")]
    InvalidSetupCode,
    /// The setup code has made its account.
    #[error(
        "this server has an owner already, and its setup code cannot be used again; please ask for an invitation"
    )]
    SetupDone,
    /// Unknown, expired, withdrawn or used up.
    #[error("this invitation does not exist or can no longer be used; please ask for a new one")]
    InvalidInvitation,
    /// There is no account yet, and the first one needs the setup code.
    #[error(
        "this server has no account yet; the first one needs the setup code that the server prints when it starts"
    )]
    SetupRequired,
    /// Nobody may register without an invitation.
    #[error("this server takes new members by invitation only")]
    InvitationRequired,
    /// Nobody may register.
    #[error("this server takes no new members")]
    RegistrationClosed,
    /// Somebody has that name.
    #[error("this username is taken")]
    UsernameTaken,
    /// There is no such sign-in of the caller.
    #[error("there is no such sign-in")]
    SessionNotFound,
    /// More hub tickets were used within a minute than can be remembered.
    #[error("too many people are connecting at the moment; please try again")]
    TooManyTickets,
    /// Too many passwords are being checked.
    #[error("too many people are signing in at the moment; please try again")]
    Busy(#[from] HasherBusy),
}

service_error!(AuthError {
    Self::InvalidCredentials => (Unauthenticated, "invalid_credentials"),
    Self::Unauthenticated => (Unauthenticated, "unauthenticated"),
    Self::TokenExpired => (Unauthenticated, "token_expired"),
    Self::SessionRevoked => (Unauthenticated, "session_revoked"),
    Self::RefreshReuse => (Unauthenticated, "refresh_reuse"),
    Self::InvalidSetupCode | Self::SetupDone => (Forbidden, "invalid_setup_code"),
    Self::InvalidInvitation => (Forbidden, "invalid_invitation"),
    Self::SetupRequired | Self::InvitationRequired | Self::RegistrationClosed => (Forbidden, "registration_closed"),
    Self::UsernameTaken => (Conflict, "username_taken"),
    Self::SessionNotFound => (NotFound, "not_found"),
    Self::Busy(_) | Self::TooManyTickets => (Unavailable, "unavailable"),
});

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::Unauthenticated,
            TokenError::Expired => Self::TokenExpired,
        }
    }
}
