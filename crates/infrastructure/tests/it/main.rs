//! The conformance suites of storage and of the bus, written over the traits, and their runs for every adapter.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod bus;
mod clock;
mod conformance;
mod in_process;
mod plans;
mod postgres;
mod redis;
mod sqlite;
