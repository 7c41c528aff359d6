//! What several nodes share through Redis, or what one node keeps for itself.

use std::sync::Arc;

use hubbub_application::ports::{Clock, IdGenerator, RateLimiter};
use hubbub_application::presence::store::PresenceStore;
use hubbub_infrastructure::in_process::{InProcessPresence, InProcessRateLimiter, RateLimits};
use hubbub_infrastructure::redis::{RateSharing, RedisPresence, RedisRateLimiter, connect_lazily};

use super::start_error::StartError;
use crate::config::RedisUrl;

/// Who is there, and how much people have done.
pub(super) struct Sharing {
    pub(super) presence: Arc<dyn PresenceStore>,
    pub(super) limits: Arc<dyn RateLimiter>,
    /// To be run, if there is somebody to share with.
    pub(super) rates: Option<RateSharing>,
}

impl Sharing {
    /// Connects when something is first needed: a Redis that is away keeps nobody from starting.
    pub(super) fn open(
        redis_url: Option<&RedisUrl>,
        limits: RateLimits,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Result<Self, StartError> {
        let Some(url) = redis_url else {
            return Ok(Self {
                presence: Arc::new(InProcessPresence::new(clock, ids)),
                limits: Arc::new(InProcessRateLimiter::new(limits)),
                rates: None,
            });
        };
        let connection = connect_lazily(url.expose()).map_err(StartError::Redis)?;
        let (limiter, rates) = RedisRateLimiter::new(connection.clone(), limits);
        Ok(Self {
            presence: Arc::new(RedisPresence::new(connection, ids)),
            limits: Arc::new(limiter),
            rates: Some(rates),
        })
    }
}

/// A negative control, where there is a Redis.
#[cfg(feature = "broken-redis-sequence")]
pub(super) fn numbered_by_redis(
    store: Arc<dyn hubbub_domain::unit_of_work::Store>,
    redis_url: Option<&RedisUrl>,
) -> Result<Arc<dyn hubbub_domain::unit_of_work::Store>, StartError> {
    let Some(url) = redis_url else {
        return Ok(store);
    };
    let redis = connect_lazily(url.expose()).map_err(StartError::Redis)?;
    let numbered = hubbub_infrastructure::redis::NumberedByRedis::new(store, redis);
    Ok(Arc::new(numbered))
}
