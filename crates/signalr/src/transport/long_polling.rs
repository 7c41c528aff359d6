//! The long polling transport: the client asks, the server answers when there is something.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::http_channel::{queued, take_queued};
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

/// The pending poll. Dropping it, because it is answered or because the client has gone, frees the place.
struct Poll<'a> {
    connection: &'a Connection,
    replaced: CancellationToken,
    _occupied: OwnedMutexGuard<()>,
}

impl PollSlot {
    /// Since when no poll is pending.
    pub(crate) fn idle_since(&self) -> Option<Stamp> {
        self.state.lock().idle_since
    }
}

impl<'a> Poll<'a> {
    /// Takes the place of the pending poll, if there is one. Of two newcomers one is refused.
    async fn begin(connection: &'a Connection) -> Result<Self, Refusal> {
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
        Ok(Self {
            connection,
            replaced,
            _occupied: occupied,
        })
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
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

/// Answers the poll that opened the connection: at once and with nothing.
pub(crate) fn first_poll(connection: &Connection) -> Response {
    connection.http_channel().polls.state.lock().idle_since = Some(connection.core.clock.stamp());
    respond(StatusCode::OK, Some("application/octet-stream"), Vec::new())
}

/// Answers a later poll: with data, or after a while without, or with 204 when it was replaced or the connection is over.
pub(crate) async fn poll(connection: &Connection) -> Result<Response, Refusal> {
    let poll = Poll::begin(connection).await?;
    let timeout = tokio::time::sleep(connection.core.options.long_polling_timeout);
    tokio::select! {
        biased;
        () = poll.replaced.cancelled() => return Ok(respond(StatusCode::NO_CONTENT, None, Vec::new())),
        () = queued(connection) => {}
        () = timeout => return Ok(respond(StatusCode::OK, Some("text/plain"), Vec::new())),
    }
    let data = take_queued(connection);
    if data.is_empty() {
        connection.core.by_token.remove(&connection.token);
        return Ok(respond(StatusCode::NO_CONTENT, None, data));
    }
    Ok(respond(
        StatusCode::OK,
        Some("application/octet-stream"),
        data,
    ))
}

/// Ends a connection at its client's wish.
pub(crate) fn delete(connection: &Connection) -> Response {
    let channel = connection.http_channel();
    channel.end_input(DisconnectReason::ClosedByClient { error: None });
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "text/plain")]).into_response()
}

/// Whether a connection of this transport has been left by its client.
pub(crate) fn is_abandoned(connection: &Connection, now: Stamp) -> bool {
    let idle_since = connection.http_channel().polls.idle_since();
    connection.phase() != Phase::Gone
        && idle_since
            .is_some_and(|since| since.elapsed(now) >= connection.core.options.disconnect_timeout)
}

fn respond(status: StatusCode, content_type: Option<&'static str>, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
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
