//! The services over SQLite in memory, with a clock that stands still and a bus that remembers.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod auth;
mod bans;
mod chat;
mod following;
mod group_invitations;
mod groups;
mod invitations;
mod permissions;
mod presence;
mod reading;
mod told;
mod users;
mod world;
