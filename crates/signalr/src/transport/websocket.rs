//! The WebSocket transport: one task per connection, which owns the socket.
//!
//! The frames are read and written here rather than by a general WebSocket library because a hub connection needs less and gains much:
//! payload bytes go straight into the hub protocol's parser, which does its own framing, so a message is never assembled twice and its
//! limit is the hub's; an idle connection owns no buffer at all; and whatever is queued leaves in one WebSocket message.

pub(crate) mod codec;
mod socket;
mod upgrade;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use crate::clock::Stamp;
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;
use crate::endpoint::Session;
use crate::error::{CLOSED_WITH_ERROR, CloseReason};
use crate::reconnect::Reconnect;
use socket::{Socket, SocketEnd};
pub(crate) use upgrade::{Upgrade, is_upgrade};

/// The task of a WebSocket connection, which may go through several sockets if it can reconnect.
pub(crate) async fn run<S: Session>(mut session: S, on_upgrade: OnUpgrade) {
    let connection = Arc::clone(session.connection());
    let mut next = Some(on_upgrade);
    let mut is_first = true;
    while let Some(mut on_upgrade) = next.take() {
        let upgraded = poll_fn(|cx| poll_upgrade(&connection, &mut on_upgrade, cx)).await;
        let Some(upgraded) = upgraded else {
            // The client may try once more.
            next = poll_fn(|cx| poll_reconnect(&mut session, cx)).await;
            continue;
        };
        if !std::mem::take(&mut is_first) {
            reattach(&mut session);
        }
        let mut socket = Socket::new(TokioIo::new(upgraded), Arc::clone(&connection));
        let running = AssertUnwindSafe(poll_fn(|cx| socket.poll_run(&mut session, cx)));
        // What panics is the application's; its connection must be cleared away all the same.
        let end = running.catch_unwind().await.unwrap_or_else(|_| {
            connection.end(
                DisconnectReason::Panicked,
                Some(CloseReason::error(CLOSED_WITH_ERROR)),
            );
            SocketEnd::Closed
        });
        match end {
            SocketEnd::Lost => {
                drop(socket);
                next = poll_fn(|cx| poll_reconnect(&mut session, cx)).await;
            }
            SocketEnd::Closed => {
                session.input_ended();
                connection.end(DisconnectReason::ClosedByClient { error: None }, None);
                // The hub learns of the end at once, however long the peer takes to say goodbye.
                let patience = connection.core.options.websocket_close_timeout;
                let closed = tokio::time::timeout(patience, poll_fn(|cx| socket.poll_close(cx)));
                let (_, ()) = tokio::join!(closed, session.finish());
                return;
            }
        }
    }
    session.input_ended();
    session.finish().await;
}

/// Waits for a socket; `None` if it does not come, is replaced before, or comes too late.
fn poll_upgrade(
    connection: &Connection,
    on_upgrade: &mut OnUpgrade,
    cx: &mut Context<'_>,
) -> Poll<Option<Upgraded>> {
    connection.outbox.register(cx.waker());
    let is_replaced = connection.reconnect().is_some_and(Reconnect::has_offer);
    if is_replaced || connection.phase() >= Phase::Ending {
        return Poll::Ready(None);
    }
    on_upgrade.poll_unpin(cx).map(Result::ok)
}

/// Goes on over another socket.
fn reattach<S: Session>(session: &mut S) {
    let connection = Arc::clone(session.connection());
    let now = connection.core.clock.stamp();
    tracing::debug!(connection.id = %connection.id, "connection reattached");
    session.reattach();
    // Neither side could be heard while there was no socket.
    connection.outbox.restart(now);
    connection.hear();
    if let Some(reconnect) = connection.reconnect() {
        reconnect.attach();
    }
}

/// Waits for the socket that replaces a lost one; `None` if there will be none.
fn poll_reconnect<S: Session>(session: &mut S, cx: &mut Context<'_>) -> Poll<Option<OnUpgrade>> {
    let connection = Arc::clone(session.connection());
    let Some(reconnect) = connection.reconnect() else {
        return Poll::Ready(None);
    };
    connection.outbox.register(cx.waker());
    if connection.phase() != Phase::Open || connection.is_abandoned() {
        return Poll::Ready(None);
    }
    if reconnect.detached_since().is_none() {
        connection.stalled_since.set(Stamp::NEVER);
        reconnect.detach(connection.core.clock.stamp());
    }
    if let Some(socket) = reconnect.take_offer() {
        return Poll::Ready(Some(socket));
    }
    session.resume(cx);
    Poll::Pending
}
