//! The services over SQLite in memory, with a clock that stands still and a bus that remembers.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod annotations;
mod auth;
mod bans;
mod chat;
mod deeds;
mod failures;
mod faulty;
mod following;
mod group_invitations;
mod group_settings;
mod groups;
mod interleavings;
mod invitations;
mod mentions;
mod messages;
mod model;
mod permissions;
mod presence;
mod reading;
mod remembering;
mod sending;
mod threads;
mod told;
mod typing;
mod unread;
mod users;
mod world;
mod writer;
