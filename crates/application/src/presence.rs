//! Who is there. A hint with rules: online at once, offline only after a time of grace.

pub mod dto;
mod service;
mod tracker;

pub use service::{PresenceError, PresenceService};
pub use tracker::{Departure, PresenceTracker};
