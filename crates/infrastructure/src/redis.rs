//! What several nodes share through Redis. Nothing in it is the truth of anything but of who is there.

mod connection;
mod presence;
mod rate_limiter;

pub use connection::connect_lazily;
pub use presence::RedisPresence;
pub use rate_limiter::{RateSharing, RedisRateLimiter};
pub use redis::RedisError;
