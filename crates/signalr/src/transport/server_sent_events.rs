//! The Server-Sent Events transport: one endless response towards the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use http::header;

use super::http_channel::{InputEnd, take_queued};
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;

/// How long the goodbye of a client may follow the end of its event stream. A client that stops closes the stream and sends its goodbye by a request
/// of its own, and the two race each other.
const GOODBYE: Duration = Duration::from_millis(250);

/// How many queued bytes are put into one event, unless a single hub message is larger. What the network has not asked for stays in the outbox, where its
/// limits hold.
const BATCH_SIZE: usize = 16 * 1024;

/// The response that carries everything the client is sent.
pub(crate) fn respond(connection: Arc<Connection>) -> Response {
    let events = Events {
        connection,
        begun: false,
    };
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache,no-store")
        .header(header::PRAGMA, "no-cache")
        .header(header::CONTENT_ENCODING, "identity")
        .header("X-Accel-Buffering", "no")
        .body(Body::from_stream(events))
        .expect("the headers are valid")
}

struct Events {
    connection: Arc<Connection>,
    begun: bool,
}

impl Stream for Events {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.begun {
            self.begun = true;
            // Some browsers report an open stream only after the first data.
            return Poll::Ready(Some(Ok(Bytes::from_static(b":\r\n"))));
        }
        let connection = &self.connection;
        connection.outbox.register(cx.waker());
        let queued = take_queued(connection, BATCH_SIZE);
        if !queued.is_empty() {
            return Poll::Ready(Some(Ok(event(&queued).into())));
        }
        if connection.outbox.is_closed() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.connection.phase() < Phase::Ending {
            let channel = self.connection.http_channel();
            channel.end_input(InputEnd {
                reason: DisconnectReason::ConnectionLost,
                patience: GOODBYE,
            });
        }
    }
}

/// One event whose data are the given hub messages.
fn event(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 16);
    for line in payload.split(|&byte| byte == b'\n') {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}
