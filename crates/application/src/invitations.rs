//! Invitations to register, made by administrators.

pub mod dto;
mod service;

pub use service::{InvitationError, InvitationService, NewInvitation, code_hash};
