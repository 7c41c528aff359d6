//! Streams that clients send.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::HubError;
use crate::protocol::Payload;

/// A stream of items that the client sends while a hub method runs, as one of its parameters.
///
/// The items are not among the call's arguments. A bounded number of them waits for the method
/// ([`stream_buffer_capacity`](crate::HubOptions::stream_buffer_capacity)); when it is reached nothing more is read from the connection until
/// the method has caught up. The stream ends when the client completes it, and with an error when the client says so, when an item has another type,
/// or when the connection is lost.
///
/// ```
/// use futures_util::StreamExt;
/// use signalr_hub::{Context, Hub, HubError, UploadStream};
///
/// async fn concat(_: Context, mut words: UploadStream<String>) -> Result<String, HubError> {
///     let mut all = String::new();
///     while let Some(word) = words.next().await {
///         all.push_str(&word?);
///     }
///     Ok(all)
/// }
///
/// let hub = Hub::builder().on("Concat", concat).build();
/// ```
///
/// SignalR Hub Protocol: *Upload streaming*.
pub struct UploadStream<T> {
    queue: Arc<Queue<T>>,
    connection: Weak<Connection>,
}

impl<T: DeserializeOwned + Send + 'static> UploadStream<T> {
    pub(crate) fn new(capacity: usize, connection: &Arc<Connection>) -> Self {
        let state = QueueState {
            items: VecDeque::new(),
            ended: false,
            error: None,
            reader: None,
            abandoned: false,
        };
        let queue = Arc::new(Queue {
            capacity: capacity.max(1),
            is_detailed: connection.core.options.detailed_errors,
            state: Mutex::new(state),
        });
        Self {
            queue,
            connection: Arc::downgrade(connection),
        }
    }

    pub(crate) fn sink(&self) -> Arc<dyn UploadSink> {
        Arc::clone(&self.queue) as _
    }
}

impl<T> fmt::Debug for UploadStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadStream").finish_non_exhaustive()
    }
}

struct Queue<T> {
    capacity: usize,
    /// Whether the text of an internal error is told.
    is_detailed: bool,
    state: Mutex<QueueState<T>>,
}

struct QueueState<T> {
    items: VecDeque<T>,
    /// Nothing more comes, but for the error, which follows the items.
    ended: bool,
    error: Option<HubError>,
    reader: Option<Waker>,
    abandoned: bool,
}

/// The writing end of an upload stream, whatever its items are.
pub(crate) trait UploadSink: Send + Sync {
    /// Takes an item; `false` if there is no room for it now.
    fn push(&self, item: Payload<'_>) -> bool;
    /// Takes nothing more.
    fn end(&self, error: Option<HubError>);
}

impl<T: DeserializeOwned + Send> UploadSink for Queue<T> {
    fn push(&self, item: Payload<'_>) -> bool {
        let mut state = self.state.lock();
        if state.abandoned || state.ended {
            return true;
        }
        if state.items.len() >= self.capacity {
            return false;
        }
        match item.read() {
            Ok(item) => state.items.push_back(item),
            Err(error) => {
                // What the client did wrong, it may know.
                let error = HubError::internal("InvalidDataException", error.to_string());
                let text = error.describe("Failed to bind Stream message.", self.is_detailed);
                state.ended = true;
                state.error = Some(HubError::message(text));
            }
        }
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        true
    }

    fn end(&self, error: Option<HubError>) {
        let mut state = self.state.lock();
        if !state.ended {
            state.ended = true;
            state.error = error;
        }
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }
}

impl<T> Stream for UploadStream<T> {
    type Item = Result<T, HubError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.queue.state.lock();
        let was_full = state.items.len() >= self.queue.capacity;
        if let Some(item) = state.items.pop_front() {
            drop(state);
            if was_full {
                self.wake_connection();
            }
            return Poll::Ready(Some(Ok(item)));
        }
        if state.ended {
            return Poll::Ready(state.error.take().map(Err));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> UploadStream<T> {
    fn wake_connection(&self) {
        if let Some(connection) = self.connection.upgrade() {
            connection.wake();
        }
    }
}

impl<T> Drop for UploadStream<T> {
    fn drop(&mut self) {
        let items = {
            let mut state = self.queue.state.lock();
            state.abandoned = true;
            std::mem::take(&mut state.items)
        };
        drop(items);
        self.wake_connection();
    }
}
