//! Signing in and staying signed in.

mod commands;
pub mod dto;
mod ended;
mod error;
mod registration;
mod service;
mod tickets;

pub use commands::{AuthOptions, HubAccess, Identity, Login, Registration, RegistrationMode};
pub use ended::EndedSessions;
pub use error::AuthError;
pub use service::AuthService;
