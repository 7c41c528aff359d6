//! The adapters: how the ports and the storage traits are met by real things.
//!
//! Each folder is named after its technology. Nothing here decides anything: it translates, and maps failures to the closed
//! kinds that the layers above know.
//!
//! Start reading at `sql`: what is stored is said there once, for both databases. [`sqlite`] and [`postgres`] open them.

#[cfg(all(not(debug_assertions), feature = "broken-no-unique-key"))]
compile_error!("`broken-no-unique-key` is a negative control; no release may contain it");

pub mod in_process;
mod pool_usage;
pub mod postgres;
pub mod redis;
pub mod security;
mod sql;
pub mod sqlite;

pub use pool_usage::PoolUsage;
