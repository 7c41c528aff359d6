//! Conversations as their members use them: listing, reading, writing.

pub mod dto;
mod error;
mod log;
mod reading;
mod send;
mod service;
mod steps;
mod summary;
mod sync;

pub use error::ChatError;
pub use send::{SendMessage, SendPrivateMessage};
pub use service::ChatService;
pub(crate) use summary::summary;
pub use sync::{Position, SyncRequest, Syncing};
