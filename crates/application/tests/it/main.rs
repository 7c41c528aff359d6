//! The services over SQLite in memory, with a clock that stands still and a bus that remembers.

mod auth;
mod chat;
mod groups;
mod invitations;
mod presence;
mod world;
