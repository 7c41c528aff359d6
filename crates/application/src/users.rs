//! People: finding them and what they call themselves.

pub mod dto;
mod service;

pub use service::{ChangeProfile, UserError, UserService};
