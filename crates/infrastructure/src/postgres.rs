//! Storage in PostgreSQL.
//!
//! A unit of work is a transaction at READ COMMITTED: it locks the rows that matter before it reads what depends on them. A
//! read is a read-only transaction at REPEATABLE READ, one view of the data. Every statement, every wait for a lock and every
//! idle transaction has a limit on the server, and every answer one here, so that nothing waits for ever.

mod log;
mod node_lock;
mod safety;
mod store;

pub use node_lock::{NodeLock, Serving};
pub use store::{PgExamination, PgOptions, PgStore, PgStoreError};
