//! What nodes share through Redis. Nothing here is needed for correctness: the database is the truth.

mod event_bus;

pub use event_bus::{BadRedisUrl, BusCounters, RedisBusOptions, RedisEventBus};
