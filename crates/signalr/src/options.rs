//! What a hub allows, and for how long it waits.

use std::time::Duration;

use crate::stateless::StatelessNegotiation;

/// The settings of one hub. The defaults are those of ASP.NET Core.
///
/// ```
/// use signalr_hub::HubOptions;
///
/// let options = HubOptions {
///     maximum_receive_message_size: 128 * 1024,
///     close_on_authentication_expiration: true,
///     ..HubOptions::default()
/// };
/// # assert!(options.close_on_authentication_expiration);
/// ```
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "settings are independent of each other"
)]
pub struct HubOptions {
    /// How long a client may take to send its handshake request. 15 s.
    ///
    /// SignalR Hub Protocol: *Overview*.
    pub handshake_timeout: Duration,
    /// How often the server pings a connection to which it had nothing else to say. 15 s.
    ///
    /// SignalR Hub Protocol: *Ping (aka "Keep Alive")*.
    pub keep_alive_interval: Duration,
    /// How long a client may be silent before its connection is ended, once its first ping has shown that it pings. Does not count while the client's
    /// messages have to wait for its earlier invocations. 30 s.
    ///
    /// SignalR Hub Protocol: *Ping (aka "Keep Alive")*.
    pub client_timeout_interval: Duration,
    /// The largest hub message, in bytes with its framing, that a client may send. 32,768.
    ///
    /// SignalR Hub Protocol: *Overview*.
    pub maximum_receive_message_size: usize,
    /// How deeply arrays and objects may be nested: in JSON counted from the message's own object, in MessagePack from each of its values. 64.
    pub maximum_depth: usize,
    /// How many items of an upload stream may wait for the hub method before the connection is no longer read. 10.
    ///
    /// SignalR Hub Protocol: *Upload streaming*.
    pub stream_buffer_capacity: usize,
    /// How many invocations of one connection may run at the same time. Streaming methods do not count. 1.
    ///
    /// SignalR Hub Protocol: *Invocations*.
    pub maximum_parallel_invocations: usize,
    /// How many streaming invocations and invocations with upload streams one connection may have running, and how many others that have given
    /// their place back while they wait for their client. Others are refused. 100.
    ///
    /// SignalR Hub Protocol: *Streaming* and *Upload streaming*.
    pub maximum_parallel_streams: usize,
    /// How many connections the hub may have: negotiated ones count, and those that have ended do not. Others are refused with 503. No limit.
    pub maximum_connections: Option<usize>,
    /// Whether clients are told the text of internal errors. Off.
    ///
    /// SignalR Hub Protocol: *Errors*.
    pub detailed_errors: bool,
    /// Whether clients are told, even so, how a call does not fit its method: the count or the types of its arguments. These texts
    /// speak of the call alone. Off, as in .NET.
    pub detailed_binding_errors: bool,
    /// How many bytes of a client's messages may wait while its invocations run. 65,536.
    pub application_maximum_buffer_size: usize,
    /// How many messages a slow connection may have waiting, and for how long.
    pub outbox: OutboxLimits,
    /// How long a single write to the network may take before the connection is ended; for long polling, how long a piece of an answer may. 10 s.
    pub transport_send_timeout: Duration,
    /// How long a poll of the long polling transport waits for data. 90 s.
    ///
    /// Transport Protocols: *Long Polling (Server-to-Client only)*.
    pub long_polling_timeout: Duration,
    /// How long the server waits for the client's half of the WebSocket closing handshake. 5 s.
    ///
    /// Transport Protocols: *WebSockets (Full Duplex)*.
    pub websocket_close_timeout: Duration,
    /// How long a connection without a transport is kept: negotiated and not yet opened, between two polls, or
    /// waiting for its stateful reconnect. 15 s.
    pub disconnect_timeout: Duration,
    /// Whether a connection ends when its user's authentication expires. Off.
    pub close_on_authentication_expiration: bool,
    /// Whether clients may renew their authentication by `POST <hub>/refresh?id=<token>` with a new bearer token. A token of another
    /// user ends the connection; one that expires before the present one changes nothing. Off.
    pub authentication_refresh: bool,
    /// The lowest negotiate version that is accepted, 0 or 1. 0.
    ///
    /// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
    pub minimum_negotiate_version: u32,
    /// The transports that clients may use. All.
    pub transports: Transports,
    /// The hub protocols that clients may choose. Both.
    pub protocols: Protocols,
    /// The origins, such as `https://example.org`, whose pages may use the hub. `None` lets WebSockets of any
    /// origin in and leaves CORS to a layer of the application; with a list, a WebSocket of another origin is refused with 403 and
    /// the hub answers CORS requests of the listed ones itself. Requests without an `Origin` always pass.
    pub allowed_origins: Option<Vec<String>>,
    /// Whether a client may ask for stateful reconnect: its messages survive the loss of a WebSocket. Off.
    ///
    /// SignalR Hub Protocol: *Stateful Reconnect*.
    pub stateful_reconnect: bool,
    /// How many bytes of unacknowledged messages are kept per connection for a stateful reconnect. 100,000.
    ///
    /// SignalR Hub Protocol: *Stateful Reconnect*.
    pub stateful_reconnect_buffer_size: usize,
    /// Lets any node that shares a secret accept a connection. Excludes stateful reconnect. Off.
    pub stateless_negotiation: Option<StatelessNegotiation>,
    /// How long the [backplane](crate::backplane) may take to confirm that this node hears a group or a user, or that another node has changed a group. 30 s.
    pub backplane_timeout: Duration,
    /// How long a new connection waits to be reached from other nodes before it is opened all the same. 500 ms.
    pub backplane_open_timeout: Duration,
}

impl HubOptions {
    pub(crate) fn tells_binding_errors(&self) -> bool {
        self.detailed_errors || self.detailed_binding_errors
    }
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout_interval: Duration::from_secs(30),
            maximum_receive_message_size: 32 * 1024,
            maximum_depth: 64,
            stream_buffer_capacity: 10,
            maximum_parallel_invocations: 1,
            maximum_parallel_streams: 100,
            maximum_connections: None,
            detailed_errors: false,
            detailed_binding_errors: false,
            application_maximum_buffer_size: 64 * 1024,
            outbox: OutboxLimits::default(),
            transport_send_timeout: Duration::from_secs(10),
            long_polling_timeout: Duration::from_secs(90),
            websocket_close_timeout: Duration::from_secs(5),
            disconnect_timeout: Duration::from_secs(15),
            close_on_authentication_expiration: false,
            authentication_refresh: false,
            minimum_negotiate_version: 0,
            transports: Transports::ALL,
            protocols: Protocols::ALL,
            allowed_origins: None,
            stateful_reconnect: false,
            stateful_reconnect_buffer_size: 100_000,
            stateless_negotiation: None,
            backplane_timeout: Duration::from_secs(30),
            backplane_open_timeout: Duration::from_millis(500),
        }
    }
}

impl HubOptions {
    /// How long an ended connection is remembered: until a stateless token cannot open another, or the last words were fetched.
    pub(crate) fn memory(&self) -> Duration {
        let lifetime = self
            .stateless_negotiation
            .as_ref()
            .map_or(Duration::ZERO, StatelessNegotiation::fresh_for);
        self.disconnect_timeout
            .max(lifetime + Duration::from_secs(1))
    }

    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.as_ref().is_none_or(|allowed| {
            allowed
                .iter()
                .any(|entry| entry.eq_ignore_ascii_case(origin))
        })
    }
}

/// How much may wait for one slow connection.
///
/// A connection that exceeds any of these is closed with a reason and `allowReconnect`; its sender is never delayed, and nothing is
/// dropped from the middle.
#[derive(Debug, Clone, Copy)]
pub struct OutboxLimits {
    /// Hub messages. 1,000.
    pub frames: usize,
    /// Bytes, framing included. 1 MiB.
    pub bytes: usize,
    /// The age of the oldest message. 10 s.
    pub age: Duration,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self {
            frames: 1_000,
            bytes: 1024 * 1024,
            age: Duration::from_secs(10),
        }
    }
}

/// A way to carry hub messages between client and server.
///
/// Transport Protocols: one section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// One WebSocket, over HTTP/1.1, or over HTTP/2 where the server that hyper runs lets clients use the extended CONNECT method; `axum::serve` does not.
    WebSockets,
    /// An event stream towards the client, requests towards the server. Text only. A client that does not read its stream loses its connection by
    /// [`OutboxLimits`]; the socket behind it is the HTTP server's to cut.
    ServerSentEvents,
    /// Requests in both directions.
    LongPolling,
}

impl TransportKind {
    /// The value of the tag `signalr.transport` in metrics.
    pub fn metric_name(self) -> &'static str {
        match self {
            Self::WebSockets => "web_sockets",
            Self::ServerSentEvents => "server_sent_events",
            Self::LongPolling => "long_polling",
        }
    }

    /// The name used in negotiation.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }
}

/// The set of transports that a hub offers.
///
/// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// Offer WebSockets.
    pub websockets: bool,
    /// Offer Server-Sent Events.
    pub server_sent_events: bool,
    /// Offer long polling.
    pub long_polling: bool,
}

impl Transports {
    /// Every transport.
    pub const ALL: Self = Self {
        websockets: true,
        server_sent_events: true,
        long_polling: true,
    };

    pub(crate) fn contains(self, kind: TransportKind) -> bool {
        match kind {
            TransportKind::WebSockets => self.websockets,
            TransportKind::ServerSentEvents => self.server_sent_events,
            TransportKind::LongPolling => self.long_polling,
        }
    }
}

/// The set of hub protocols that a hub speaks.
///
/// SignalR Hub Protocol: *Overview*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocols {
    /// Speak `json`.
    pub json: bool,
    /// Speak `messagepack`.
    pub messagepack: bool,
}

impl Protocols {
    /// Every protocol.
    pub const ALL: Self = Self {
        json: true,
        messagepack: true,
    };
}
