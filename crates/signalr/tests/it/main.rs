//! The server from the outside: over connections in memory, so that time can be paused.

mod client;
mod invocations;
