//! What several nodes share through Redis. Nothing in it is the truth of anything but of who is there.

mod connection;
mod event_bus;
mod presence;
mod rate_limiter;
#[cfg(feature = "broken-redis-sequence")]
mod sequence;

pub use connection::{BadRedisUrl, PingError, connect_lazily, ping};
pub use event_bus::{BusCounters, RedisBusOptions, RedisEventBus};
pub use presence::RedisPresence;
pub use rate_limiter::{RateSharing, RedisRateLimiter};
#[cfg(feature = "broken-redis-sequence")]
pub use sequence::NumberedByRedis;
