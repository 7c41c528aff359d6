//! Invitations to register, made by administrators, and what they have in common with those to a group.

pub mod dto;
mod issue;
mod service;

pub(crate) use issue::is_to_register;
pub use issue::{InvitationOutOfRange, NewInvitation, code_hash};
pub use service::{InvitationError, InvitationService};
