//! What Hubbub is about, without how it is stored, sent or shown.
//!
//! Here live the entities (`User`, `Conversation`, `Membership`, `Message`, `Session`, `Invitation`), their value
//! objects, which can only be made valid, the rules as pure functions, and the traits through which everything is
//! stored. The crate knows no database, no network, no clock and no chance: times and ids are given to it.
//!
//! Start reading at [`conversation`]: a conversation is an ordered log, and everything else follows from that.

pub mod change;
pub mod conversation;
pub mod error;
pub mod ids;
pub mod invitation;
pub mod member;
pub mod message;
pub mod numbers;
pub mod permission;
pub mod personal;
pub mod presence;
pub mod repository;
pub mod session;
pub mod text;
pub mod timestamp;
pub mod unit_of_work;
pub mod user;
