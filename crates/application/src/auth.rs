//! Signing in and staying signed in.

pub mod dto;
mod service;

pub use service::{
    AuthError, AuthOptions, AuthService, HubAccess, Identity, Login, Registration, RegistrationMode,
};
