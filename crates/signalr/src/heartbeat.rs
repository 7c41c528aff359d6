//! The one timer of a hub: once a second it looks after every connection.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::clock::{Stamp, TICK};
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;
use crate::core::Core;
use crate::error::{CLOSED_WITH_ERROR, CloseReason, HubError};
use crate::options::TransportKind;
use crate::outbox::{Frame, Origin};
use crate::transport::long_polling;

pub(crate) async fn run(core: Weak<Core>, stopped: CancellationToken) {
    let mut ticks = interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let Some(core) = core.upgrade() else { return };
        let now = core.clock.advance();
        core.by_token.for_each(|connection| check(connection, now));
    }
}

fn check(connection: &Arc<Connection>, now: Stamp) {
    let options = &connection.core.options;
    let (phase, since) = connection.phase_and_since();
    let in_phase = since.elapsed(now);
    match phase {
        Phase::Negotiated => {
            if in_phase >= options.disconnect_timeout {
                connection.give_up();
            }
        }
        Phase::Handshake => {
            if in_phase >= options.handshake_timeout {
                connection.refuse_handshake("Handshake was canceled.");
            }
        }
        Phase::Open => check_open(connection, now),
        // The transport gives up waiting for its peer by itself.
        Phase::Ending => connection.wake(),
        // A long polling client may still fetch the last words.
        Phase::Gone => {
            if in_phase >= options.memory() {
                connection.core.by_token.remove(&connection.token);
            }
        }
    }
}

fn check_open(connection: &Arc<Connection>, now: Stamp) {
    let options = &connection.core.options;
    if connection.transport() == Some(TransportKind::LongPolling)
        && long_polling::is_abandoned(connection, now)
    {
        return connection.abandon();
    }
    if let Some(reconnect) = connection.reconnect() {
        if let Some(since) = reconnect.detached_since() {
            if since.elapsed(now) >= options.disconnect_timeout {
                connection.abandon();
            }
            return;
        }
        if reconnect.schedule_ack() {
            connection.wake();
        }
    }
    if options.close_on_authentication_expiration && connection.expires_at() <= now {
        let close = CloseReason::normal().allow_reconnect(true);
        return connection.end(DisconnectReason::AuthenticationExpired, Some(close));
    }
    if connection.stalled_since.get().elapsed(now) >= options.transport_send_timeout {
        return connection.end(DisconnectReason::TooSlow, None);
    }
    if connection
        .outbox
        .waiting_since()
        .is_some_and(|since| since.elapsed(now) >= options.outbox.age)
    {
        return connection.overflow("The client did not read its messages in time.");
    }
    if connection.transport() == Some(TransportKind::LongPolling) {
        return;
    }
    let heard_at = connection.heard_at.get();
    if heard_at != Stamp::NEVER
        && heard_at.elapsed(now) >= options.client_timeout_interval
        && !connection.is_busy()
    {
        let text = "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
        let error = HubError::internal("OperationCanceledException", text);
        let text = error.describe(CLOSED_WITH_ERROR, options.detailed_errors);
        let close = CloseReason::error(text).allow_reconnect(true);
        return connection.end(DisconnectReason::Timeout, Some(close));
    }
    if connection.written_at.get().elapsed(now) >= options.keep_alive_interval
        && connection.outbox.is_empty()
        && let Some(protocol) = connection.protocol()
    {
        connection.push(Frame::control(protocol.ping()), Origin::Connecting);
    }
}
