//! What happened in a run, as the devices saw it: every call and its answer, every frame, every step of the client rule, on one
//! monotonic clock, and the final log.
//!
//! A history is a list of [`Entry`]s in the order of time. [`Recorder`] makes one while a run goes on, [`file`] keeps it, and
//! [`crate::checker`] judges it.

mod effect;
mod event;
pub mod file;
mod frame;
mod recorder;
mod row;

pub use effect::{Effect, How, Mark};
pub use event::{Action, Dump, Entry, Event, FaultKind, Outcome, Receipt, Stay};
pub use frame::{Frame, Head, UserChange};
pub use recorder::{Recorder, now};
pub(crate) use row::field;
pub use row::{MemberRow, MessageRow, Row, SystemNote};
