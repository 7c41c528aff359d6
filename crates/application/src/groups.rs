//! Groups and channels: founding, joining, leaving, and who is in them.

pub mod dto;
pub(crate) mod membership;
mod service;

pub use service::{GroupError, GroupKind, GroupService, NewGroup};
