//! The load tool of Hubbub and the instrument that proves its promise: simulated devices that obey the client rule, a history of
//! everything that they did and saw, and a checker that says whether it fits together.
//!
//! Everything here speaks the public contract only, and knows no part of the server.
//!
//! - [`device`] is one simulated device, [`schedule`] says what many of them do.
//! - [`history`] is what they did and saw.
//! - [`checker`] judges a history.
//!
//! Start reading at [`checker`].

pub mod cast;
pub mod checker;
pub mod device;
pub mod digest;
pub mod dump;
pub mod history;
pub mod hub;
pub mod ids;
pub mod person;
pub mod rehearsal;
pub mod schedule;
pub mod seed;
pub mod steady;
