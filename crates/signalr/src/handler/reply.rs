//! From what a hub method returns to what the client is sent.

use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use serde::Serialize;

use crate::error::HubError;
use crate::protocol::Encode;

/// A type that a hub method can return: nothing, a value that serialises, a stream of such values, or a `Result` of any of these.
///
/// A method that returns a stream is a streaming method: clients call it with `stream`, and others with `invoke` or `send`. The items may be
/// `Result`s; the first error ends the stream. When the client cancels, the stream is dropped.
///
/// ```
/// use futures_util::{Stream, stream};
/// use signalr_hub::{Context, Hub};
///
/// async fn count(_: Context, to: u32) -> impl Stream<Item = u32> {
///     stream::iter(1..=to)
/// }
///
/// let hub = Hub::builder().on("Count", count).build();
/// ```
///
/// SignalR Hub Protocol: *Completion and results* and *Streaming*.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a hub method",
    label = "results must be `Serialize + Send + 'static`, a `Stream` of such values, or a `Result` of these",
    note = "did you forget `#[derive(serde::Serialize)]`, or `impl From<YourError> for HubError`?",
    note = "`Result<T, E>` needs `E: Into<HubError>`; an `E` that is itself `Serialize` makes the meaning ambiguous"
)]
pub trait IntoReply<M> {
    /// Whether the method gives a stream of items.
    #[doc(hidden)]
    const STREAMING: bool;

    /// Makes the reply.
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply, HubError>;
}

/// The items of a streaming method.
pub(crate) type ItemStream =
    Pin<Box<dyn Stream<Item = Result<Box<dyn Encode + Send>, HubError>> + Send>>;

/// What a hub method answers: one value, or a stream of them.
pub struct Reply(pub(crate) ReplyKind);

pub(crate) enum ReplyKind {
    Value(Box<dyn Encode + Send>),
    Stream(ItemStream),
}

impl Reply {
    /// Answers with a value.
    pub fn value(value: impl Serialize + Send + 'static) -> Self {
        Self(ReplyKind::Value(Box::new(value)))
    }

    /// Whether this is a stream.
    pub fn is_stream(&self) -> bool {
        matches!(self.0, ReplyKind::Stream(_))
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("is_stream", &self.is_stream())
            .finish_non_exhaustive()
    }
}

/// A value, or a `Result` of one.
#[doc(hidden)]
pub trait IntoItem<M> {
    /// Makes the item.
    fn into_item(self) -> Result<Box<dyn Encode + Send>, HubError>;
}

/// Marks values.
#[doc(hidden)]
pub enum ViaValue {}

impl<T: Serialize + Send + 'static> IntoItem<ViaValue> for T {
    fn into_item(self) -> Result<Box<dyn Encode + Send>, HubError> {
        Ok(Box::new(self))
    }
}

/// Marks values that may have failed.
#[doc(hidden)]
pub enum ViaResult {}

impl<T: Serialize + Send + 'static, E: Into<HubError>> IntoItem<ViaResult> for Result<T, E> {
    fn into_item(self) -> Result<Box<dyn Encode + Send>, HubError> {
        self.map(|value| Box::new(value) as Box<dyn Encode + Send>)
            .map_err(Into::into)
    }
}

/// Marks single results.
#[doc(hidden)]
pub struct Single<M>(M);

impl<M, T: IntoItem<M>> IntoReply<Single<M>> for T {
    const STREAMING: bool = false;

    fn into_reply(self) -> Result<Reply, HubError> {
        self.into_item().map(|value| Reply(ReplyKind::Value(value)))
    }
}

/// Marks streams.
#[doc(hidden)]
pub struct Streamed<M>(M);

impl<M: 'static, T> IntoReply<Streamed<M>> for T
where
    T: Stream + Send + 'static,
    T::Item: IntoItem<M>,
{
    const STREAMING: bool = true;

    fn into_reply(self) -> Result<Reply, HubError> {
        Ok(Reply(ReplyKind::Stream(Box::pin(
            self.map(IntoItem::into_item),
        ))))
    }
}

/// Marks streams that may have failed before they began.
#[doc(hidden)]
pub struct StreamedResult<M>(M);

impl<M: 'static, T, E> IntoReply<StreamedResult<M>> for Result<T, E>
where
    T: Stream + Send + 'static,
    T::Item: IntoItem<M>,
    E: Into<HubError>,
{
    const STREAMING: bool = true;

    fn into_reply(self) -> Result<Reply, HubError> {
        self.map_err(Into::into)?.into_reply()
    }
}
