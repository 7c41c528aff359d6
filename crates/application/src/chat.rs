//! Conversations as their members use them: listing, reading, writing.

pub mod dto;
mod error;
mod log;
mod service;
mod summary;
mod sync;

pub use error::ChatError;
pub use service::{ChatService, SendMessage, SendPrivateMessage};
pub(crate) use summary::summary;
