//! The long polling transport: the client asks, the server answers when there is something.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::http_channel::{InputEnd, queued, take_queued};
use crate::clock::Stamp;
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;
use crate::refusal::Refusal;

/// At most one poll of a connection is pending; a newcomer takes its place.
#[derive(Default)]
pub(crate) struct PollSlot {
    occupied: Arc<AsyncMutex<()>>,
    state: Mutex<PollState>,
}

#[derive(Default)]
struct PollState {
    /// Ends the pending poll.
    pending: Option<CancellationToken>,
    /// Somebody waits to take its place.
    has_successor: bool,
    idle_since: Option<Stamp>,
}

/// The pending poll. Dropping it, because its answer is on its way or because the client has gone, frees the place.
struct Pending {
    connection: Arc<Connection>,
    replaced: CancellationToken,
    _occupied: OwnedMutexGuard<()>,
}

impl PollSlot {
    /// Since when no poll is pending.
    pub(crate) fn idle_since(&self) -> Option<Stamp> {
        self.state.lock().idle_since
    }
}

impl Pending {
    /// Takes the place of the pending poll, if there is one. Of two newcomers one is refused.
    async fn begin(connection: &Arc<Connection>) -> Result<Self, Refusal> {
        let slot = &connection.http_channel().polls;
        {
            let mut state = slot.state.lock();
            if let Some(pending) = &state.pending {
                if state.has_successor {
                    return Err(Refusal::empty(StatusCode::CONFLICT));
                }
                pending.cancel();
                state.has_successor = true;
            }
        }
        let succession = Succession { slot };
        let occupied = Arc::clone(&slot.occupied).lock_owned().await;
        drop(succession);
        let replaced = CancellationToken::new();
        let mut state = slot.state.lock();
        state.pending = Some(replaced.clone());
        state.idle_since = None;
        drop(state);
        Ok(Self {
            connection: Arc::clone(connection),
            replaced,
            _occupied: occupied,
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.connection.stalled_since.set(Stamp::NEVER);
        let mut state = self.connection.http_channel().polls.state.lock();
        state.pending = None;
        state.idle_since = Some(self.connection.core.clock.stamp());
    }
}

/// Leaves room for another successor, however the wait ends.
struct Succession<'a> {
    slot: &'a PollSlot,
}

impl Drop for Succession<'_> {
    fn drop(&mut self) {
        self.slot.state.lock().has_successor = false;
    }
}

/// The answer to a poll, which occupies the place until the network has taken it.
struct Answer {
    data: Bytes,
    pending: Pending,
}

/// How much of an answer is given to the network at once. It asks for the next piece when it has room again.
const PIECE: usize = 16 * 1024;

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.data.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.data.len().min(PIECE);
        let piece = self.data.split_to(length);
        let connection = &self.pending.connection;
        connection.stalled_since.set(if self.data.is_empty() {
            Stamp::NEVER
        } else {
            connection.core.clock.stamp()
        });
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

/// Answers the poll that opened the connection: at once and with nothing.
pub(crate) fn first_poll(connection: &Connection) -> Response {
    connection.http_channel().polls.state.lock().idle_since = Some(connection.core.clock.stamp());
    respond(
        StatusCode::OK,
        Some("application/octet-stream"),
        Body::empty(),
    )
}

/// Answers a later poll: with data, or after a while without, or with 204 when it was replaced or the connection is over.
pub(crate) async fn poll(connection: &Arc<Connection>) -> Result<Response, Refusal> {
    let nothing = || respond(StatusCode::OK, Some("text/plain"), Body::empty());
    let mut timeout = pin!(tokio::time::sleep(
        connection.core.options.long_polling_timeout
    ));
    let pending = tokio::select! {
        biased;
        pending = Pending::begin(connection) => pending?,
        () = &mut timeout => return Ok(nothing()),
    };
    tokio::select! {
        biased;
        () = pending.replaced.cancelled() => return Ok(respond(StatusCode::NO_CONTENT, None, Body::empty())),
        () = queued(connection) => {}
        () = timeout => return Ok(nothing()),
    }
    let data = Bytes::from(take_queued(connection, usize::MAX));
    if data.is_empty() {
        connection.core.by_token.remove(&connection.token);
        return Ok(respond(StatusCode::NO_CONTENT, None, Body::empty()));
    }
    Ok(respond(
        StatusCode::OK,
        Some("application/octet-stream"),
        Body::new(Answer { data, pending }),
    ))
}

/// Ends a connection at its client's wish.
pub(crate) fn delete(connection: &Connection) -> Response {
    let channel = connection.http_channel();
    channel.end_input(InputEnd {
        reason: DisconnectReason::ClosedByClient { error: None },
        patience: Duration::ZERO,
    });
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "text/plain")]).into_response()
}

/// Whether a connection of this transport has been left by its client.
pub(crate) fn is_abandoned(connection: &Connection, now: Stamp) -> bool {
    let idle_since = connection.http_channel().polls.idle_since();
    connection.phase() != Phase::Gone
        && idle_since
            .is_some_and(|since| since.elapsed(now) >= connection.core.options.disconnect_timeout)
}

fn respond(status: StatusCode, content_type: Option<&'static str>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store"),
    );
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::EXPIRES,
        HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"),
    );
    response
}
