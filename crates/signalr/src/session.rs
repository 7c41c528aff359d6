//! The hub's half of a connection: handshake, dispatch in order, and the end.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::FutureExt;
use tracing::{Instrument, Span};

use crate::backplane::ClientAnswer;
use crate::calls::Item;
use crate::client_results::Owner;
use crate::connection::{Connection, Phase};
use crate::context::{Context, DisconnectReason};
use crate::dispatch::{self, Invocation};
use crate::endpoint::{Endpoint, Session};
use crate::error::{CLOSED_WITH_ERROR, CloseReason, HubError};
use crate::filter::Next;
use crate::handler::BoxFuture;
use crate::hub::HubInner;
use crate::options::TransportKind;
use crate::outbox::{Frame, Origin};
use crate::protocol::{CompletionResult, HubProtocol, Message, ProtocolError, framing, handshake};
use crate::reconnect::Receiving;
use crate::trace;

/// Reads what a client sends, whatever the transport, and acts on it.
pub(crate) struct HubSession<S> {
    hub: Arc<HubInner<S>>,
    connection: Arc<Connection>,
    /// Bytes of messages that are incomplete, or whose turn has not come.
    inbox: Vec<u8>,
    /// How much of the inbox is known to hold no end of a record.
    scanned: usize,
    on_connected: Option<BoxFuture<Result<(), HubError>>>,
    /// Whether `on_connected` succeeded, so that `on_disconnected` is due.
    connected: bool,
    /// The next message waits for a free slot.
    blocked: bool,
    receiving: Receiving,
}

impl<S: Send + Sync + 'static> HubSession<S> {
    pub(crate) fn new(hub: Arc<HubInner<S>>, connection: Arc<Connection>) -> Self {
        Self {
            hub,
            connection,
            inbox: Vec::new(),
            scanned: 0,
            on_connected: None,
            connected: false,
            blocked: false,
            receiving: Receiving::default(),
        }
    }

    /// Lets the client timeout pause while a message waits for its turn.
    fn note_business(&self) {
        let is_busy = self.blocked || self.on_connected.is_some();
        self.connection.set_busy(is_busy);
    }

    fn process_inbox(&mut self, cx: &mut TaskContext<'_>) {
        if self.on_connected.is_some() {
            return;
        }
        let mut inbox = std::mem::take(&mut self.inbox);
        let consumed = self.process(&inbox, cx);
        if consumed < inbox.len() {
            inbox.drain(..consumed);
            self.inbox = inbox;
        }
    }

    /// Acts on the complete messages of a buffer and returns how many bytes they took.
    fn process(&mut self, buffer: &[u8], cx: &mut TaskContext<'_>) -> usize {
        let options = &self.hub.core.options;
        let (maximum, depth) = (options.maximum_receive_message_size, options.maximum_depth);
        let mut consumed = 0;
        self.blocked = false;
        loop {
            // Nothing is acted on after the end; what still arrives is not kept.
            if self.connection.phase() >= Phase::Ending {
                return buffer.len();
            }
            let rest = &buffer[consumed..];
            if rest.is_empty() || self.blocked || self.on_connected.is_some() {
                return consumed;
            }
            let protocol = self.connection.protocol();
            let record = framing::next_record(
                protocol.unwrap_or(HubProtocol::Json),
                rest,
                self.scanned,
                maximum,
            );
            match (record, protocol) {
                (Ok(None), _) => {
                    self.scanned = rest.len();
                    return consumed;
                }
                (Ok(Some(record)), None) => {
                    self.scanned = 0;
                    consumed += record.consumed;
                    self.handshake(record.body, cx);
                }
                (Ok(Some(record)), Some(protocol)) => {
                    self.scanned = 0;
                    match protocol.decode(record.body, depth) {
                        Ok(message) => self.accept_message(message, cx),
                        Err(error) => self.fail(&error),
                    }
                    if !self.blocked {
                        consumed += record.consumed;
                    }
                }
                (Err(_), None) => self.connection.refuse_handshake("Handshake was canceled."),
                (Err(error), Some(_)) => self.fail(&error),
            }
        }
    }

    /// Whether the inbox holds the beginning of a message, behind any whole ones whose turn has not come.
    fn ends_in_mid_message(&self, protocol: HubProtocol) -> bool {
        let maximum = self.hub.core.options.maximum_receive_message_size;
        let mut rest = self.inbox.as_slice();
        while let Ok(Some(record)) = framing::next_record(protocol, rest, 0, maximum) {
            rest = &rest[record.consumed..];
        }
        !rest.is_empty()
    }

    fn handshake(&mut self, record: &[u8], cx: &mut TaskContext<'_>) {
        let request = match handshake::decode(record) {
            Ok(request) => request,
            Err(error) => {
                let detailed = self.hub.core.options.detailed_errors;
                let error = HubError::internal("InvalidDataException", error.to_string());
                let text = error.describe(
                    "An unexpected error occurred during connection handshake.",
                    detailed,
                );
                return self.connection.refuse_handshake(&text);
            }
        };
        let enabled = self.hub.core.options.protocols;
        let protocol =
            HubProtocol::from_name(&request.protocol).filter(|protocol| match protocol {
                HubProtocol::Json => enabled.json,
                HubProtocol::MessagePack => enabled.messagepack,
            });
        let Some(protocol) = protocol else {
            let text = format!("The protocol '{}' is not supported.", request.protocol);
            return self.connection.refuse_handshake(&text);
        };
        if request.version > 2 {
            let (version, name) = (request.version, protocol.name());
            let text =
                format!("The server does not support version {version} of the '{name}' protocol.");
            return self.connection.refuse_handshake(&text);
        }
        if protocol.is_binary()
            && self.connection.transport() == Some(TransportKind::ServerSentEvents)
        {
            return self.connection.refuse_handshake(
                "Cannot use the 'messagepack' protocol on the current transport. The transport does not support \
                 'Binary' transfer format.",
            );
        }
        if request.version >= 2 {
            self.connection.enable_reconnect();
        }
        self.accept(protocol, cx);
    }

    /// The handshake is complete: the connection becomes known to senders, and `on_connected` has the first word.
    fn accept(&mut self, protocol: HubProtocol, cx: &mut TaskContext<'_>) {
        let connection = &self.connection;
        connection.push(Frame::control(handshake::ACCEPTED), Origin::Connecting);
        if self.hub.greets() {
            connection.outbox.hold();
        }
        connection.set_protocol(protocol);
        if !connection.enter(Phase::Open) {
            return;
        }
        let request = connection.request();
        let user_id = request.and_then(|request| self.hub.user_id(&connection.user(), request));
        connection.set_user_id(user_id);
        self.hub.core.open(connection);
        tracing::debug!(connection.id = %connection.id, protocol = protocol.name(), "connection open");
        let greeting = self.hub.greets().then(|| {
            let context = Context::connecting(Arc::clone(&self.hub), Arc::clone(connection));
            Next::first(Arc::clone(&self.hub)).connected_boxed(context)
        });
        let span = trace::on_connected(connection);
        let greeting = greeting.map(|greeting| Box::pin(welcome(greeting, span)) as BoxFuture<_>);
        self.on_connected = if self.hub.core.backplane.is_some() {
            let connection = Arc::clone(connection);
            Some(Box::pin(async move {
                connection.core.reachable(&connection).await;
                match greeting {
                    Some(greeting) => greeting.await,
                    None => Ok(()),
                }
            }))
        } else {
            greeting
        };
        match self.on_connected {
            Some(_) => self.resume(cx),
            None => self.connected = true,
        }
    }

    fn connect_finished(&mut self, outcome: Result<(), HubError>) {
        self.on_connected = None;
        match outcome {
            Ok(()) => {
                self.connected = true;
                let now = self.hub.core.clock.stamp();
                self.connection.outbox.release(now);
            }
            Err(error) => {
                let text = error.describe(CLOSED_WITH_ERROR, self.hub.core.options.detailed_errors);
                let reason = DisconnectReason::ConnectFailed(error.to_string());
                self.connection.end(reason, Some(CloseReason::error(text)));
            }
        }
    }

    /// The client broke the protocol.
    fn fail(&self, error: &ProtocolError) {
        let detailed = self.hub.core.options.detailed_errors;
        let described = HubError::internal("InvalidDataException", error.to_string())
            .describe(CLOSED_WITH_ERROR, detailed);
        let reason = DisconnectReason::ProtocolError(error.to_string());
        self.connection.end(
            reason,
            Some(CloseReason::error(described).allow_reconnect(true)),
        );
    }

    /// Acts on a message unless it was acted on before the client reconnected.
    fn accept_message(&mut self, message: Message<'_>, cx: &mut TaskContext<'_>) {
        let is_sequenced = message.is_sequenced();
        let is_resumption = matches!(message, Message::Sequence(_));
        if self.connection.reconnect().is_none() {
            return self.act(message, cx);
        }
        if self.receiving.awaits_sequence() && !is_resumption {
            return;
        }
        if !is_sequenced {
            return self.act(message, cx);
        }
        if !self.receiving.is_duplicate() {
            self.act(message, cx);
        }
        if !self.blocked {
            let latest = self.receiving.count();
            if let Some(reconnect) = self.connection.reconnect() {
                reconnect.received(latest);
            }
        }
    }

    fn act(&mut self, message: Message<'_>, cx: &mut TaskContext<'_>) {
        let connection = &self.connection;
        match message {
            Message::Invocation {
                invocation_id,
                target,
                arguments,
                stream_ids,
                streaming,
            } => {
                let slots = self.hub.core.options.maximum_parallel_invocations;
                let invocation = Invocation {
                    id: invocation_id,
                    target,
                    arguments,
                    stream_ids,
                    streaming,
                };
                if !invocation.has_streams() && !connection.calls.has_free_slot(slots) {
                    self.blocked = true;
                    return;
                }
                dispatch::invoke(&self.hub, connection, &invocation, cx);
            }
            Message::StreamItem {
                invocation_id,
                item,
            } => {
                self.blocked = connection.calls.push_item(&invocation_id, item) == Item::Full;
            }
            Message::Completion {
                invocation_id,
                result,
            } => self.complete(&invocation_id, result),
            Message::CancelInvocation { invocation_id } => connection.calls.cancel(&invocation_id),
            Message::Ping => connection.heard_at.set(self.hub.core.clock.stamp()),
            Message::Close { error, .. } => {
                let reason = DisconnectReason::ClosedByClient {
                    error: error.map(Cow::into_owned),
                };
                connection.end(reason, Some(CloseReason::normal()));
            }
            Message::Ack(number) => connection.outbox.acknowledge(number),
            Message::Sequence(number) if connection.reconnect().is_some() => {
                if !self.receiving.resume_at(number) {
                    let text = "Sequence ID greater than amount of messages we've received.";
                    self.fail(&ProtocolError::new(text));
                }
            }
            Message::Sequence(_) | Message::Unknown => {}
        }
    }

    /// The end of a stream that the client sent, or its answer to a call.
    fn complete(&self, id: &str, result: CompletionResult<'_>) {
        let connection = &self.connection;
        if connection.calls.has_upload(id) {
            let error = match result {
                CompletionResult::Error(text) => Some(HubError::message(text.into_owned())),
                _ => None,
            };
            connection.calls.end_upload(id, error);
        } else if self.hub.core.client_results.complete(
            connection.id,
            id,
            ClientAnswer::new(result),
        ) == Owner::Other
        {
            self.fail(&ProtocolError::new(format!(
                "Connection ID '{}' is not valid for invocation ID '{id}'.",
                connection.id
            )));
        }
    }
}

/// Runs `on_connected` and the filters around it, which may panic too.
async fn welcome(greeting: BoxFuture<Result<(), HubError>>, span: Span) -> Result<(), HubError> {
    let greeting = AssertUnwindSafe(greeting).catch_unwind();
    let outcome = greeting.instrument(span.clone()).await;
    let outcome = outcome.unwrap_or_else(|_| Err(HubError::internal("Panic", "a filter panicked")));
    if let Err(error) = &outcome {
        trace::fail(&span, error);
    }
    outcome
}

impl<S: Send + Sync + 'static> Session for HubSession<S> {
    fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether more input is welcome.
    fn wants_input(&self) -> bool {
        let waits = self.blocked || self.on_connected.is_some();
        !waits || self.inbox.len() < self.connection.core.options.application_maximum_buffer_size
    }

    /// Takes bytes as they arrive, cut anywhere.
    fn receive(&mut self, bytes: &[u8], cx: &mut TaskContext<'_>) {
        self.connection.hear();
        if self.inbox.is_empty() && !self.blocked && self.on_connected.is_none() {
            let consumed = self.process(bytes, cx);
            self.inbox.extend_from_slice(&bytes[consumed..]);
        } else {
            self.inbox.extend_from_slice(bytes);
            self.process_inbox(cx);
        }
        self.note_business();
    }

    /// Goes on with what had to wait.
    fn resume(&mut self, cx: &mut TaskContext<'_>) {
        if let Some(on_connected) = &mut self.on_connected {
            match on_connected.as_mut().poll(cx) {
                Poll::Ready(outcome) => self.connect_finished(outcome),
                Poll::Pending => return,
            }
            self.process_inbox(cx);
            self.note_business();
        } else if self.blocked {
            self.process_inbox(cx);
            self.note_business();
        }
    }

    fn input_ended(&mut self) {
        let Some(protocol) = self.connection.protocol() else {
            return;
        };
        if self.ends_in_mid_message(protocol) {
            self.fail(&ProtocolError::new(
                "Connection terminated while reading a message.",
            ));
        }
    }

    fn reattach(&mut self) {
        self.inbox = Vec::new();
        self.scanned = 0;
        self.blocked = false;
        self.receiving.reattach();
    }

    /// Ends the session after its transport has ended. `on_connected`, once begun, is awaited.
    async fn finish(mut self) {
        self.connection.end(DisconnectReason::ConnectionLost, None);
        if let Some(on_connected) = self.on_connected.take() {
            let outcome = on_connected.await;
            self.connected = outcome.is_ok();
        }
        self.hub.core.close(&self.connection);
        let reason = self.connection.take_end();
        self.connection.enter(Phase::Gone);
        if self.connected {
            let context = Context::new(Arc::clone(&self.hub), Arc::clone(&self.connection), None);
            let farewell = Next::first(Arc::clone(&self.hub)).disconnected_boxed(context, reason);
            let span = trace::on_disconnected(&self.connection);
            let farewell = AssertUnwindSafe(farewell).catch_unwind();
            // A panic here concerns nobody else.
            if farewell.instrument(span.clone()).await.is_err() {
                trace::fail(&span, &HubError::internal("Panic", ""));
            }
        }
    }
}
