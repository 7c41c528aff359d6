//! Signing in and staying signed in.

mod commands;
pub mod dto;
mod error;
mod registration;
mod service;

pub use commands::{AuthOptions, HubAccess, Identity, Login, Registration, RegistrationMode};
pub use error::AuthError;
pub use service::AuthService;
