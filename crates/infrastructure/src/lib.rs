//! The adapters: how the ports and the storage traits are met by real things.
//!
//! Each folder is named after its technology. Nothing here decides anything: it translates, and maps failures to the closed
//! kinds that the layers above know.
//!
//! Start reading at `sql`: what is stored is said there once, for both databases. [`sqlite`] and [`postgres`] open them.

#[cfg(all(
    not(debug_assertions),
    any(feature = "broken-no-unique-key", feature = "broken-redis-sequence")
))]
compile_error!("the features `broken-*` are negative controls; no release may contain them");

pub mod in_process;
mod pool_usage;
pub mod postgres;
pub mod redis;
pub mod security;
mod sql;
pub mod sqlite;

pub use pool_usage::PoolUsage;
