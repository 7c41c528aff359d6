//! What Server-Sent Events and long polling have in common: the client sends by requests of their own.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::task::AtomicWaker;
use http::{StatusCode, header};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::long_polling::PollSlot;
use crate::clock::Stamp;
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;
use crate::endpoint::Session;
use crate::error::{CLOSED_WITH_ERROR, CloseReason};
use crate::refusal::Refusal;

/// The state of a connection whose client sends by requests.
#[derive(Default)]
pub(crate) struct HttpChannel {
    /// What the client has sent and the session has not taken.
    received: Mutex<Vec<u8>>,
    session: AtomicWaker,
    /// Set when the client's transport has ended.
    input_end: Mutex<Option<InputEnd>>,
    /// Told when the session has taken something, or takes nothing any more.
    room: Notify,
    /// Held by the request whose body is being received: concurrent ones take turns.
    sending: tokio::sync::Mutex<()>,
    pub(crate) polls: PollSlot,
}

/// The end of a client's transport.
#[derive(Clone)]
pub(crate) struct InputEnd {
    /// What it means, unless the client has said something else.
    pub(crate) reason: DisconnectReason,
    /// How long something may still come, by a request that is on its way.
    pub(crate) patience: Duration,
}

impl HttpChannel {
    pub(crate) fn wake(&self) {
        self.session.wake();
        self.room.notify_waiters();
    }

    /// Lets the session end the connection after what the client has sent.
    pub(crate) fn end_input(&self, end: InputEnd) {
        self.input_end.lock().get_or_insert(end);
        self.session.wake();
    }

    fn take(&self) -> Vec<u8> {
        let taken = std::mem::take(&mut *self.received.lock());
        if !taken.is_empty() {
            self.room.notify_waiters();
        }
        taken
    }

    /// Hands bytes to the session, after it has taken enough of the earlier ones. `false` if the connection ended meanwhile.
    async fn push(&self, connection: &Connection, bytes: &[u8]) -> bool {
        loop {
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            if connection.phase() >= Phase::Ending {
                return false;
            }
            {
                let mut received = self.received.lock();
                if received.len() < connection.core.options.application_maximum_buffer_size {
                    received.extend_from_slice(bytes);
                    break;
                }
            }
            room.await;
        }
        self.session.wake();
        true
    }
}

/// Answers a request that carries data from the client.
pub(crate) async fn receive(connection: &Connection, mut body: Body) -> Result<Response, Refusal> {
    let channel = connection.http_channel();
    let ended = connection.aborted();
    // A body that never goes on must not outlive its connection, nor hold up others for longer.
    let next = async |body: &mut Body| {
        tokio::select! {
            biased;
            frame = body.frame() => Ok(frame),
            () = ended.cancelled() => Err(Refusal::UNKNOWN_CONNECTION),
        }
    };
    let _turn = tokio::select! {
        biased;
        turn = channel.sending.lock() => turn,
        () = ended.cancelled() => return Err(Refusal::UNKNOWN_CONNECTION),
    };
    while let Some(frame) = next(&mut body).await? {
        let frame = frame.map_err(|_| Refusal::empty(StatusCode::BAD_REQUEST))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        // Large pieces are taken apart so that the buffer's limit means something.
        for piece in data.chunks(PIECE) {
            if !channel.push(connection, piece).await {
                return Err(Refusal::UNKNOWN_CONNECTION);
            }
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/plain")], ()).into_response())
}

const PIECE: usize = 16 * 1024;

/// The task of a connection whose client sends by requests. The transport's responses take what is sent to the client.
pub(crate) async fn run<S: Session>(mut session: S) {
    let connection = Arc::clone(session.connection());
    let mut goodbye = None;
    let running = AssertUnwindSafe(poll_fn(|cx| {
        poll_session(&connection, &mut session, &mut goodbye, cx)
    }));
    // What panics is the application's; its connection must be cleared away all the same.
    if running.catch_unwind().await.is_err() {
        connection.end(
            DisconnectReason::Panicked,
            Some(CloseReason::error(CLOSED_WITH_ERROR)),
        );
    }
    session.finish().await;
}

fn poll_session<S: Session>(
    connection: &Connection,
    session: &mut S,
    goodbye: &mut Option<Pin<Box<Sleep>>>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let channel = connection.http_channel();
    loop {
        channel.session.register(cx.waker());
        session.resume(cx);
        if connection.phase() >= Phase::Ending {
            return Poll::Ready(());
        }
        // Read before the data: what was sent before the end is not lost.
        let end = if connection.is_abandoned() {
            Some(InputEnd {
                reason: DisconnectReason::ConnectionLost,
                patience: Duration::ZERO,
            })
        } else {
            channel.input_end.lock().clone()
        };
        if session.wants_input() {
            let received = channel.take();
            if !received.is_empty() {
                session.receive(&received, cx);
                continue;
            }
        }
        let Some(InputEnd { reason, patience }) = end else {
            return Poll::Pending;
        };
        if patience > Duration::ZERO {
            let goodbye = goodbye.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            ready!(goodbye.poll_unpin(cx));
        }
        session.input_ended();
        connection.end(reason, None);
        return Poll::Ready(());
    }
}

/// Waits until something is queued for the client, or the connection takes nothing any more.
pub(crate) fn queued(connection: &Connection) -> impl Future<Output = ()> + Send {
    poll_fn(move |cx| {
        connection.outbox.register(cx.waker());
        if connection.outbox.is_empty() && !connection.outbox.is_closed() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
}

/// Takes what is queued for the client: whole messages, and no more of them than fit into so many bytes, unless a single one is larger.
pub(crate) fn take_queued(connection: &Connection, most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    connection.outbox.drain(|frame| {
        let fits = out.is_empty() || out.len() + frame.bytes.len() <= most;
        if fits {
            out.extend_from_slice(&frame.bytes);
        }
        fits
    });
    if !out.is_empty() {
        connection.written_at.set(connection.core.clock.stamp());
        connection.stalled_since.set(Stamp::NEVER);
    }
    out
}
