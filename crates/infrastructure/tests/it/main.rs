//! The conformance suite of storage, written over the traits, and its run for every database.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod clock;
mod conformance;
mod in_process;
mod plans;
mod postgres;
mod redis;
mod sqlite;
