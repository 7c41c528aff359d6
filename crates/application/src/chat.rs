//! Conversations as their members use them: listing, reading, writing.

mod annotations;
mod changes;
mod direct;
pub mod dto;
mod error;
mod mentions;
mod messages;
mod reading;
mod send;
mod service;
mod steps;
mod summary;
mod sync;
mod threads;
mod writer;

pub use error::ChatError;
pub use reading::ChangePreferences;
pub use send::{SendMessage, SendPrivateMessage};
pub use service::ChatService;
pub(crate) use summary::summary;
pub use sync::{Position, SyncRequest, Syncing};
pub use writer::{LogWriter, Runner, WriterObserver, WriterOptions};
