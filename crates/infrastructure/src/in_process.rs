//! What one node needs no other program for.

mod buckets;
mod event_bus;
mod presence;
mod rate_limiter;

pub use buckets::{Buckets, Rate};
pub use event_bus::InProcessEventBus;
pub use presence::InProcessPresence;
pub use rate_limiter::{InProcessRateLimiter, RateLimits};
