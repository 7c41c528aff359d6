//! A connection as everybody but its own task sees it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use http::Extensions;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backplane::{BackplaneError, Topic};
use crate::calls::Calls;
use crate::client_results::Unanswered;
use crate::clock::{AtomicStamp, Stamp};
use crate::connection_id::ConnectionId;
use crate::context::DisconnectReason;
use crate::core::Core;
use crate::error::{CloseReason, SendError};
use crate::observer::ConnectionStatus;
use crate::options::TransportKind;
use crate::outbox::{Frame, Origin, Outbox, Pushed};
use crate::protocol::{HubProtocol, handshake};
use crate::reconnect::Reconnect;
use crate::request::RequestSnapshot;
use crate::transport::http_channel::HttpChannel;
use crate::user::User;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Negotiated; no transport has come yet.
    Negotiated,
    /// A transport is there; the hub handshake is not complete.
    Handshake,
    /// Hub messages flow.
    Open,
    /// The last words are said.
    Ending,
    /// Nothing is left.
    Gone,
}

impl Phase {
    const ALL: [Self; 5] = [
        Self::Negotiated,
        Self::Handshake,
        Self::Open,
        Self::Ending,
        Self::Gone,
    ];
}

pub(crate) struct Connection {
    pub(crate) core: Arc<Core>,
    pub(crate) id: ConnectionId,
    /// The secret that names the connection in requests; equal to the id where the client has no secret.
    pub(crate) token: ConnectionId,
    pub(crate) outbox: Outbox,
    pub(crate) calls: Calls,
    pub(crate) unanswered: Unanswered,
    phase: AtomicU8,
    phase_since: AtomicStamp,
    protocol: AtomicU8,
    request: OnceLock<Box<RequestSnapshot>>,
    user: Mutex<Arc<User>>,
    /// Computed once, after the handshake.
    user_id: OnceLock<Option<Arc<str>>>,
    expires_at: AtomicStamp,
    /// When something was last received; `NEVER` until the client's first ping, which arms the client timeout.
    pub(crate) heard_at: AtomicStamp,
    /// Whether what the client sends has to wait, so that its silence says nothing.
    is_busy: AtomicBool,
    pub(crate) written_at: AtomicStamp,
    /// When a write began that the network has not taken yet.
    pub(crate) stalled_since: AtomicStamp,
    http_channel: OnceLock<Box<HttpChannel>>,
    may_reconnect: AtomicBool,
    reconnect: OnceLock<Box<Reconnect>>,
    groups: Mutex<Joined>,
    items: Mutex<Extensions>,
    end: Mutex<Option<DisconnectReason>>,
    aborted: OnceLock<CancellationToken>,
    is_aborted: AtomicBool,
    /// When the transport came, for an observer.
    started_at: OnceLock<Instant>,
    is_abandoned: AtomicBool,
    /// The connection ends because the server failed.
    has_failed: AtomicBool,
}

#[derive(Default)]
struct Joined {
    names: Vec<Arc<str>>,
    /// The connection has left and joins nothing any more.
    closed: bool,
}

impl Connection {
    pub(crate) fn new(core: Arc<Core>, id: ConnectionId, token: ConnectionId, user: User) -> Self {
        let now = core.clock.stamp();
        let expires_at = user
            .expiry()
            .map_or(Stamp::NEVER, |at| core.clock.exact(at));
        Self {
            id,
            token,
            outbox: Outbox::default(),
            calls: Calls::default(),
            unanswered: Unanswered::default(),
            phase: AtomicU8::new(Phase::Negotiated as u8),
            phase_since: AtomicStamp::new(now),
            protocol: AtomicU8::new(0),
            request: OnceLock::new(),
            user: Mutex::new(Arc::new(user)),
            user_id: OnceLock::new(),
            expires_at: AtomicStamp::new(expires_at),
            heard_at: AtomicStamp::new(Stamp::NEVER),
            is_busy: AtomicBool::new(false),
            written_at: AtomicStamp::new(now),
            stalled_since: AtomicStamp::new(Stamp::NEVER),
            http_channel: OnceLock::new(),
            may_reconnect: AtomicBool::new(false),
            reconnect: OnceLock::new(),
            groups: Mutex::default(),
            items: Mutex::default(),
            end: Mutex::new(None),
            aborted: OnceLock::new(),
            is_aborted: AtomicBool::new(false),
            started_at: OnceLock::new(),
            is_abandoned: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            core,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire))]
    }

    /// Moves on to a later phase; `false` if the connection is there or further already.
    pub(crate) fn enter(&self, phase: Phase) -> bool {
        if self.phase() >= phase {
            return false;
        }
        // Before the phase, so that nobody sees the new phase with the age of the old one.
        self.phase_since.set(self.core.clock.stamp());
        let is_new = self.phase.fetch_max(phase as u8, Ordering::AcqRel) < phase as u8;
        if is_new && phase == Phase::Gone {
            self.core.uncount();
        }
        is_new
    }

    /// Gives up a negotiated connection, and forgets it, unless a transport has come.
    pub(crate) fn give_up(&self) -> bool {
        let given_up = self.phase.compare_exchange(
            Phase::Negotiated as u8,
            Phase::Gone as u8,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if given_up.is_ok() {
            self.core.uncount();
            self.core.by_token.remove(&self.token);
            self.wake();
        }
        given_up.is_ok()
    }

    /// The phase and when it began.
    pub(crate) fn phase_and_since(&self) -> (Phase, Stamp) {
        let phase = self.phase();
        (phase, self.phase_since.get())
    }

    /// The hub protocol, once the handshake has chosen it.
    pub(crate) fn protocol(&self) -> Option<HubProtocol> {
        match self.protocol.load(Ordering::Acquire) {
            1 => Some(HubProtocol::Json),
            2 => Some(HubProtocol::MessagePack),
            _ => None,
        }
    }

    pub(crate) fn set_protocol(&self, protocol: HubProtocol) {
        let value = match protocol {
            HubProtocol::Json => 1,
            HubProtocol::MessagePack => 2,
        };
        self.protocol.store(value, Ordering::Release);
    }

    pub(crate) fn request(&self) -> Option<&RequestSnapshot> {
        self.request.get().map(|snapshot| &**snapshot)
    }

    pub(crate) fn set_request(&self, snapshot: RequestSnapshot) {
        // A reconnected transport keeps the snapshot of the first one.
        let _ = self.request.set(Box::new(snapshot));
    }

    /// The transport in use, once one is.
    pub(crate) fn transport(&self) -> Option<TransportKind> {
        self.request().map(RequestSnapshot::transport)
    }

    /// The channel of the transports that use plain requests, made when it is first needed.
    pub(crate) fn http_channel(&self) -> &HttpChannel {
        self.http_channel.get_or_init(Box::default)
    }

    /// The client asked for stateful reconnect and was promised it.
    pub(crate) fn promise_reconnect(&self) {
        self.may_reconnect.store(true, Ordering::Relaxed);
    }

    /// Turns stateful reconnect on if it was promised and the transport can do it.
    pub(crate) fn enable_reconnect(&self) {
        let is_possible = self.transport() == Some(TransportKind::WebSockets);
        if is_possible && self.may_reconnect.load(Ordering::Relaxed) {
            self.outbox
                .enable_replay(self.core.options.stateful_reconnect_buffer_size);
            self.reconnect.get_or_init(Box::default);
        }
    }

    /// The state of stateful reconnect, if it is on.
    pub(crate) fn reconnect(&self) -> Option<&Reconnect> {
        self.reconnect.get().map(|state| &**state)
    }

    /// Something was received, or could not have been until now. Counts once the client's first ping has armed its timeout.
    pub(crate) fn hear(&self) {
        if self.heard_at.get() != Stamp::NEVER {
            self.heard_at.set(self.core.clock.stamp());
        }
    }

    /// Says whether what the client sends has to wait from now on.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        if self.is_busy.swap(is_busy, Ordering::Relaxed) && !is_busy {
            self.hear();
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }

    /// Wakes the connection's task, for news that are not in the outbox.
    pub(crate) fn wake(&self) {
        self.outbox.wake();
        if let Some(channel) = self.http_channel.get() {
            channel.wake();
        }
    }

    pub(crate) fn user(&self) -> Arc<User> {
        Arc::clone(&self.user.lock())
    }

    /// The id by which the user is addressed, as long as the connection lasts.
    pub(crate) fn user_id(&self) -> Option<Arc<str>> {
        self.user_id.get().cloned().flatten()
    }

    pub(crate) fn set_user_id(&self, id: Option<Arc<str>>) {
        let _ = self.user_id.set(id);
    }

    pub(crate) fn set_user(&self, user: User) {
        self.expires_at.set(self.expiry_of(&user));
        *self.user.lock() = Arc::new(user);
    }

    /// Replaces the user by the same one with a newer authentication. One that ends earlier was overtaken by another, and changes nothing: `false`.
    pub(crate) fn refresh_user(&self, user: User) -> bool {
        let expires_at = self.expiry_of(&user);
        let mut current = self.user.lock();
        if expires_at < self.expires_at.get() {
            return false;
        }
        self.expires_at.set(expires_at);
        *current = Arc::new(user);
        true
    }

    /// Replaces the user by that of a later poll. What has moved the expiry forward meanwhile stays in effect.
    pub(crate) fn set_user_of_poll(&self, user: User) {
        let expires_at = self.expiry_of(&user);
        let mut current = self.user.lock();
        if current.id() != user.id() {
            tracing::debug!(connection.id = %self.id, "polled by another user than before");
        }
        self.expires_at.set(expires_at.max(self.expires_at.get()));
        *current = Arc::new(user);
    }

    fn expiry_of(&self, user: &User) -> Stamp {
        user.expiry()
            .map_or(Stamp::NEVER, |at| self.core.clock.exact(at))
    }

    pub(crate) fn renew(&self, expires_at: Instant) {
        self.expires_at.set(self.core.clock.exact(expires_at));
    }

    pub(crate) fn expires_at(&self) -> Stamp {
        self.expires_at.get()
    }

    pub(crate) fn items(&self) -> &Mutex<Extensions> {
        &self.items
    }

    /// Queues an encoded message. Never waits; a connection that cannot take it is ended.
    pub(crate) fn push(&self, frame: Frame, origin: Origin) {
        let pushed = self.outbox.push(
            frame,
            origin,
            &self.core.options.outbox,
            self.core.clock.stamp(),
        );
        if pushed == Pushed::Overflow {
            self.overflow("The client did not read its messages fast enough.");
        }
    }

    /// Ends a connection that does not take what it is sent; what it has not taken is discarded, the reason is not.
    pub(crate) fn overflow(&self, text: &'static str) {
        self.end(
            DisconnectReason::TooSlow,
            Some(CloseReason::error(text).allow_reconnect(true)),
        );
    }

    /// Encodes a message with the connection's protocol and queues it.
    pub(crate) fn write(
        &self,
        encode: impl FnOnce(HubProtocol, &mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let Some(protocol) = self.protocol() else {
            return Ok(());
        };
        let mut out = Vec::new();
        encode(protocol, &mut out)?;
        self.push(Frame::sequenced(out), Origin::Connecting);
        Ok(())
    }

    /// Ends the connection: what is queued still goes out, then a Close message if there is one. The first caller decides.
    pub(crate) fn end(&self, reason: DisconnectReason, close: Option<CloseReason>) {
        let last = close.zip(self.protocol()).map(|(close, protocol)| {
            let mut out = Vec::new();
            protocol.encode_close(&mut out, close.error.as_deref(), close.allow_reconnect);
            Frame::control(out)
        });
        self.end_with(reason, last);
    }

    /// Refuses the handshake.
    pub(crate) fn refuse_handshake(&self, error: &str) {
        let reason = DisconnectReason::ProtocolError(error.to_owned());
        self.end_with(reason, Some(Frame::control(handshake::refusal(error))));
    }

    fn end_with(&self, reason: DisconnectReason, last: Option<Frame>) {
        if !self.enter(Phase::Ending) {
            return;
        }
        let discard = matches!(
            reason,
            DisconnectReason::TooSlow | DisconnectReason::ConnectionLost
        );
        tracing::debug!(connection.id = %self.id, reason = reason.name(), "connection ends");
        // Before the outbox is closed, so that nobody says goodbye without knowing.
        self.has_failed
            .store(reason.is_failure(), Ordering::Release);
        *self.end.lock() = Some(reason);
        self.cancel();
        self.calls.end_uploads();
        self.core.client_results.disconnect(&self.unanswered);
        self.outbox.close(last, discard);
        self.wake();
    }

    /// Whether the connection ends because the server failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// The client has not come back in time: the connection's task shall end it, after what the client has sent.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.is_abandoned.load(Ordering::Acquire)
    }

    /// Tells the observer that the connection has got its transport.
    pub(crate) fn report_start(&self, transport: TransportKind) {
        if let Some(observer) = &self.core.observer {
            self.started_at.get_or_init(Instant::now);
            observer.connection_started(transport);
        }
    }

    /// Tells the observer how the connection ended.
    pub(crate) fn report_end(&self) {
        if let Some((observer, started_at)) = self.core.observer.as_ref().zip(self.started_at.get())
            && let Some(transport) = self.transport()
        {
            observer.connection_ended(transport, started_at.elapsed(), self.status());
        }
    }

    fn status(&self) -> ConnectionStatus {
        match &*self.end.lock() {
            Some(DisconnectReason::Timeout) => ConnectionStatus::Timeout,
            Some(DisconnectReason::ClosedByServer(_)) if self.core.is_draining() => {
                ConnectionStatus::AppShutdown
            }
            _ if self.is_abandoned() => ConnectionStatus::Timeout,
            _ => ConnectionStatus::NormalClosure,
        }
    }

    /// Why the connection ended.
    pub(crate) fn take_end(&self) -> DisconnectReason {
        self.end
            .lock()
            .take()
            .unwrap_or(DisconnectReason::ConnectionLost)
    }

    /// A token that is cancelled as soon as the connection ends. Made for the first one who asks.
    pub(crate) fn aborted(&self) -> CancellationToken {
        let token = self.aborted.get_or_init(CancellationToken::new);
        if self.is_aborted.load(Ordering::SeqCst) {
            token.cancel();
        }
        token.clone()
    }

    fn cancel(&self) {
        self.is_aborted.store(true, Ordering::SeqCst);
        if let Some(token) = self.aborted.get() {
            token.cancel();
        }
    }

    /// Joins a group in the eyes of this node; `false` if the connection is a member already, or has ended.
    pub(crate) fn join_group(self: &Arc<Self>, name: &str) -> bool {
        let mut joined = self.groups.lock();
        if joined.closed || joined.names.iter().any(|group| &**group == name) {
            return false;
        }
        let shared = self.core.groups.insert(name, self, || {
            self.core.set_interest(Topic::Group(name), true);
        });
        joined.names.push(shared);
        true
    }

    /// Joins a group in the eyes of all nodes. A membership of which the others cannot know is taken back.
    pub(crate) async fn join_group_everywhere(
        self: Arc<Self>,
        name: String,
    ) -> Result<(), BackplaneError> {
        let is_new = self.join_group(&name);
        let outcome = self.core.hears(Topic::Group(&name)).await;
        if outcome.is_err() && is_new {
            self.leave_group(&name);
        }
        outcome
    }

    pub(crate) fn leave_group(self: &Arc<Self>, name: &str) {
        let mut joined = self.groups.lock();
        if let Some(position) = joined.names.iter().position(|group| &**group == name) {
            joined.names.swap_remove(position);
            self.core.groups.remove(name, self, || {
                self.core.set_interest(Topic::Group(name), false);
            });
        }
    }

    pub(crate) fn leave_all_groups(self: &Arc<Self>) {
        let names = {
            let mut joined = self.groups.lock();
            joined.closed = true;
            std::mem::take(&mut joined.names)
        };
        for name in names {
            self.core.groups.remove(&name, self, || {
                self.core.set_interest(Topic::Group(&name), false);
            });
        }
    }
}
