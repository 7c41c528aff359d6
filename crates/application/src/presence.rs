//! Who is there. A hint with rules: online at once, offline only after a time of grace, unknown rather than wrong.
//!
//! A node keeps its own connections ([`local`]) and says at its edges who of them is there; the [`store`] sums up over all nodes. What
//! people say of themselves is in the database. [`PresenceService`] puts the two together, and an [`Announcer`] keeps what watchers
//! are told short.

mod announcer;
pub mod dto;
mod error;
mod local;
mod reporting;
mod service;
mod status;
pub mod store;
mod watching;

pub use announcer::{Announcement, Announcer, PresenceEvent};
pub use error::PresenceError;
pub use local::Departure;
pub use service::{Knowledge, PresenceService};
pub use status::SetStatus;
