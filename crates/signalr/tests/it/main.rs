//! The server from the outside: over connections in memory, so that time can be paused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod around_methods;
mod backplane;
mod client;
mod hostile;
mod http;
mod http2;
mod invocations;
mod negotiation;
mod observer;
mod plain_transports;
mod protocol;
mod raw;
mod receivers;
mod refresh;
mod stateful_reconnect;
mod stateless;
mod streams;
mod timers;
mod traces;
