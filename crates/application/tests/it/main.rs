//! The services over SQLite in memory, with a clock that stands still and a bus that remembers.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod auth;
mod chat;
mod groups;
mod invitations;
mod presence;
mod world;
