//! Starts private servers for tests on free ports and stops them by process id.
//!
//! A test that needs a running program starts its own, in a folder of its own, and leaves nothing behind:
//!
//! - [`TestDir`] is a temporary folder that outlives a failed test, so that its logs can be read.
//! - [`Process`] is any child process: its output goes to log files in that folder, its end is awaited with a
//!   limit, and it never survives the test, not even when the test process itself is killed.
//! - [`Hubbub`] is the server under test, started, restarted and killed on one data folder and one port.
//! - [`PostgresCluster`] is a database server, with a fresh database for whoever asks; it can be killed and frozen too.
//! - [`RedisServer`] is a Redis that keeps nothing; it can be killed, emptied and frozen.
//! - [`NginxServer`] is the nginx of `deploy/`; it can be reloaded and killed.
//! - [`Cluster`] is all of them together: nodes behind one nginx.
//! - [`FaultProxy`] stands between any two of them and delays, starves, swallows or cuts what they say.
//! - [`free_port`] finds a port for programs that cannot be told to choose one themselves.
//!
//! Nothing here looks for a process: signals go only to children that this crate started and has not yet reaped, so
//! that a process id used again by the system can never be hit.
//!
//! The crate is for tests only and knows nothing of Hubbub but its binary: its environment, its output and its signals.
//! Start reading at [`process`].

pub mod cluster;
pub mod dir;
pub mod error;
mod guardian;
pub mod hubbub;
pub mod log;
pub mod nginx;
pub mod port;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis;

pub use cluster::{Cluster, ClusterBuilder};
pub use dir::TestDir;
pub use error::Error;
pub use hubbub::{Hubbub, HubbubBuilder};
pub use nginx::{NginxBuilder, NginxServer};
pub use port::free_port;
pub use postgres::{PostgresBuilder, PostgresCluster};
pub use process::{Process, Stream};
pub use proxy::{FaultProxy, Faults, Link};
pub use redis::{RedisBuilder, RedisServer};
