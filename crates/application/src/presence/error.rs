use std::time::Duration;

use hubbub_domain::error::InvalidValue;

use super::service::PresenceService;
use crate::error::{StorageError, service_error};

/// How watching, or saying something of oneself, can fail.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Too many people.
    #[error(
        "one can watch at most {} people at once",
        PresenceService::MAX_WATCHED
    )]
    TooMany,
    /// Too often.
    #[error("the status was set too often; please wait a moment")]
    TooOften(Duration),
}

service_error!(PresenceError {
    Self::TooMany => (Invalid, "limit_exceeded"),
    Self::TooOften(_) => (RateLimited, "rate_limited"),
} Self::TooOften(wait) => retry after *wait);
