//! What the use cases need from outside, each as the smallest trait that will do.

use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::{Password, PasswordHash};
use uuid::Uuid;

use crate::events::Event;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Where ids and secrets come from.
pub trait IdGenerator: Send + Sync {
    /// A fresh UUIDv7.
    fn uuid(&self) -> Uuid;
    /// 32 bytes that nobody can guess.
    fn secret(&self) -> [u8; 32];
}

/// Too many passwords are being checked at once.
#[derive(Debug, thiserror::Error)]
#[error("too many people are signing in at the moment")]
pub struct HasherBusy;

/// Turns passwords into hashes and checks them. Slow on purpose: never called while a unit of work is open.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with a fresh salt.
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherBusy>;
    /// Whether the password has that hash.
    async fn verify(&self, password: Password, hash: PasswordHash) -> Result<bool, HasherBusy>;
}

/// What a token is good for. A token of one kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Calls to the API and, from programs, to the hub.
    Access,
    /// Opening one hub connection.
    HubTicket,
    /// Getting the next access token.
    Refresh,
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// What it is good for.
    pub kind: TokenKind,
    /// Tells a hub ticket, which works once, from every other; the others have none.
    pub ticket_id: Option<Uuid>,
    /// Whose it is.
    pub user_id: UserId,
    /// Which sign-in it belongs to.
    pub session_id: SessionId,
    /// The number of a refresh token within its session; zero for the others.
    pub generation: i64,
    /// When the token itself stops being accepted.
    pub expires_at: Timestamp,
    /// When what was opened with it must end. Later than `expires_at` only for hub tickets.
    pub deadline: Timestamp,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of ours, or not of the kind that is needed.
    #[error("the token is not valid")]
    Invalid,
    /// It was one of ours.
    #[error("the token has expired")]
    Expired,
}

/// Signs tokens and checks them.
pub trait TokenIssuer: Send + Sync {
    /// The signed token.
    fn issue(&self, claims: &TokenClaims) -> String;
    /// What a token of that kind says, if it is genuine and has not expired at `now`.
    fn verify(
        &self,
        token: &str,
        kind: TokenKind,
        now: Timestamp,
    ) -> Result<TokenClaims, TokenError>;
}

/// How far the way between nodes can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusHealth {
    /// What is published arrives, as far as can be told.
    Healthy,
    /// It may not, so the database is looked at more often.
    Degraded,
}

/// Something that one can do too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sending a message.
    Send,
    /// Saying that one types.
    Type,
    /// Saying something of oneself.
    SetStatus,
}

/// Lets people do things only so often.
///
/// It never waits, because no acknowledgement may wait for what it shares with other nodes: an adapter that shares does so afterwards,
/// and decides by itself when it cannot.
pub trait RateLimiter: Send + Sync {
    /// Lets one through, or says after how long the next one will be.
    fn take(&self, action: Action, user: UserId) -> Result<(), Duration>;
}

/// Lets everybody do everything as often as they like.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited;

impl RateLimiter for Unlimited {
    fn take(&self, _: Action, _: UserId) -> Result<(), Duration> {
        Ok(())
    }
}

/// Tells all nodes what has happened. A hint: it may be lost, doubled or late, and the database remains the truth.
///
/// Publishing never waits and never fails; an adapter that must queue bounds its queue and drops hints when it is full.
pub trait EventBus: Send + Sync {
    /// Sends the event on its way.
    fn publish(&self, event: Event);
}
