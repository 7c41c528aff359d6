//! What a hub method knows about its caller.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::calls::CallNumber;
use crate::clients::CallerClients;
use crate::connection::Connection;
use crate::connection_id::ConnectionId;
use crate::error::CloseReason;
use crate::groups::Groups;
use crate::handle::ConnectionHandle;
use crate::hub::HubInner;
use crate::hub_context::HubContext;
use crate::items::Items;
use crate::outbox::Origin;
use crate::request::RequestSnapshot;
use crate::user::User;

/// The first parameter of every hub method: the caller, and everything the method can do.
///
/// `S` is the state that was given to [`Hub::with_state`](crate::Hub::with_state).
pub struct Context<S = ()> {
    hub: Arc<HubInner<S>>,
    connection: Arc<Connection>,
    origin: Origin,
    call: Option<CallNumber>,
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self {
            hub: Arc::clone(&self.hub),
            connection: Arc::clone(&self.connection),
            origin: self.origin,
            call: self.call,
        }
    }
}

impl<S> Context<S> {
    pub(crate) fn new(
        hub: Arc<HubInner<S>>,
        connection: Arc<Connection>,
        call: Option<CallNumber>,
    ) -> Self {
        Self {
            hub,
            connection,
            origin: Origin::Anyone,
            call,
        }
    }

    /// The context of `on_connected`, whose messages go first.
    pub(crate) fn connecting(hub: Arc<HubInner<S>>, connection: Arc<Connection>) -> Self {
        Self {
            hub,
            connection,
            origin: Origin::Connecting,
            call: None,
        }
    }

    /// The state of the hub.
    pub fn state(&self) -> &S {
        &self.hub.state
    }

    /// The public id of the calling connection.
    pub fn connection_id(&self) -> ConnectionId {
        self.connection.id
    }

    /// The user of the calling connection.
    pub fn user(&self) -> Arc<User> {
        self.connection.user()
    }

    /// The id of the user, which [`Clients::user`](crate::Clients::user) addresses.
    pub fn user_id(&self) -> Option<Arc<str>> {
        self.connection.user_id()
    }

    /// Values that belong to the connection and live as long as it.
    pub fn items(&self) -> Items<'_> {
        Items::new(self.connection.items())
    }

    /// Whom one can send to.
    pub fn clients(&self) -> CallerClients<'_> {
        CallerClients::new(&self.connection, self.call, self.origin)
    }

    /// Membership in groups.
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(&self.connection.core)
    }

    /// The calling connection, to be kept for later.
    pub fn connection(&self) -> ConnectionHandle {
        ConnectionHandle::new(Arc::clone(&self.connection), self.origin)
    }

    /// The hub as seen from outside of a call, to be kept for later.
    pub fn hub(&self) -> HubContext {
        HubContext::new(Arc::clone(&self.connection.core))
    }

    /// A token that is cancelled when the connection begins to end. The method itself always runs to its end.
    pub fn aborted(&self) -> CancellationToken {
        self.connection.aborted()
    }

    /// Ends the connection without an error. The client does not reconnect by itself.
    pub fn abort(&self) {
        self.connection().close(CloseReason::normal());
    }

    /// The request that opened the connection: headers, query, remote address, transport.
    pub fn request(&self) -> &RequestSnapshot {
        self.connection
            .request()
            .expect("hub methods run on connections that were opened by a request")
    }
}

/// Why a connection ended, as `on_disconnected` is told.
///
/// SignalR Hub Protocol: *Close Message Encoding*, for the ends of which the other side is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The client said goodbye, perhaps with an error of its own.
    ClosedByClient {
        /// The client's error.
        error: Option<String>,
    },
    /// The application closed it.
    ClosedByServer(CloseReason),
    /// The network connection was lost, or closed without a goodbye.
    ConnectionLost,
    /// The client was silent for longer than the client timeout.
    Timeout,
    /// The client did not take what it was sent, see [`OutboxLimits`](crate::OutboxLimits).
    TooSlow,
    /// The client broke the protocol.
    ProtocolError(String),
    /// The user's authentication expired.
    AuthenticationExpired,
    /// `on_connected` failed.
    ConnectFailed(String),
    /// A message to the client could not be serialised.
    SerializationFailed(String),
    /// Code of the application panicked outside of a hub method: while a value was converted, or in a policy.
    Panicked,
}

impl DisconnectReason {
    /// The kind of end, without what the client or the application said.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ClosedByClient { .. } => "closed by client",
            Self::ClosedByServer(_) => "closed by server",
            Self::ConnectionLost => "connection lost",
            Self::Timeout => "timeout",
            Self::TooSlow => "too slow",
            Self::ProtocolError(_) => "protocol error",
            Self::AuthenticationExpired => "authentication expired",
            Self::ConnectFailed(_) => "connect failed",
            Self::SerializationFailed(_) => "serialization failed",
            Self::Panicked => "panicked",
        }
    }

    /// Whether the server could not go on, through no fault of the client.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::SerializationFailed(_) | Self::Panicked)
    }

    /// The error that ended the connection, or `None` if it ended as it should.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::ClosedByClient { error } => error.as_deref(),
            Self::ClosedByServer(_) | Self::AuthenticationExpired => None,
            Self::ConnectionLost => Some("The connection was lost."),
            Self::Timeout => Some(
                "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.",
            ),
            Self::Panicked => Some("The application panicked."),
            Self::TooSlow => Some("The client did not read its messages in time."),
            Self::ProtocolError(text)
            | Self::ConnectFailed(text)
            | Self::SerializationFailed(text) => Some(text),
        }
    }
}
