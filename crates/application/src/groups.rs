//! Groups and channels: founding, joining, leaving, who is in them, and who manages them.

mod bans;
pub(crate) mod change;
pub mod dto;
mod error;
mod found;
mod invitations;
mod members;
pub(crate) mod membership;
mod service;
mod settings;

pub use error::GroupError;
pub use found::{GroupKind, NewGroup};
pub use service::GroupService;
pub use settings::ChangeSettings;
