//! Storage in one SQLite file: the default, for one node.
//!
//! One connection writes, with `BEGIN IMMEDIATE`, so that a unit of work holds the database's write lock from its first
//! statement on and every row lock the traits speak of is held with it. A few others read, each from one snapshot. The
//! journal is a WAL and every commit is flushed to disk.

mod store;

pub use store::{SqliteStore, StoreError};
