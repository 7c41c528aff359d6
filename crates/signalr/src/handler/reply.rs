//! From what a hub method returns to what the client is sent.

use serde::Serialize;

use crate::error::HubError;
use crate::protocol::Encode;

/// A type that a hub method can return: nothing, a value that serialises, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a hub method",
    label = "results must be `Serialize + Send + 'static`, or a `Result` whose error is `Into<HubError>`",
    note = "did you forget `#[derive(serde::Serialize)]`, or `impl From<YourError> for HubError`?"
)]
pub trait IntoReply<M> {
    /// Whether the method gives a stream of items.
    #[doc(hidden)]
    const STREAMING: bool;

    /// Makes the reply.
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply, HubError>;
}

/// What is sent back.
#[doc(hidden)]
pub enum Reply {
    /// One value.
    Value(Box<dyn Encode + Send>),
}

/// Marks values.
#[doc(hidden)]
pub enum ViaValue {}

impl<T: Serialize + Send + 'static> IntoReply<ViaValue> for T {
    const STREAMING: bool = false;

    fn into_reply(self) -> Result<Reply, HubError> {
        Ok(Reply::Value(Box::new(self)))
    }
}

/// Marks values that may have failed.
#[doc(hidden)]
pub enum ViaResult {}

impl<T: Serialize + Send + 'static, E: Into<HubError>> IntoReply<ViaResult> for Result<T, E> {
    const STREAMING: bool = false;

    fn into_reply(self) -> Result<Reply, HubError> {
        self.map(|value| Reply::Value(Box::new(value) as Box<dyn Encode + Send>))
            .map_err(Into::into)
    }
}
