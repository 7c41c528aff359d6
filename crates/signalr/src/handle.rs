//! One connection, from anywhere in the process.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client_results::{self, InvokeError};

use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::context::DisconnectReason;
use crate::error::{CloseReason, SendError};
use crate::outbox::Origin;
use crate::prepared::{Once, PreparedMessage};
use crate::protocol::Arguments;
use crate::request::RequestSnapshot;
use crate::target::send_to;
use crate::user::User;

/// A connection of this process. It may be kept as long as one likes; once the connection has ended, nothing it does has an effect.
#[derive(Clone)]
pub struct ConnectionHandle {
    connection: Arc<Connection>,
    origin: Origin,
}

impl ConnectionHandle {
    pub(crate) fn new(connection: Arc<Connection>, origin: Origin) -> Self {
        Self { connection, origin }
    }

    /// The connection's public id.
    pub fn id(&self) -> ConnectionId {
        self.connection.id
    }

    /// The connection's user.
    pub fn user(&self) -> Arc<User> {
        self.connection.user()
    }

    /// The id of the connection's user.
    pub fn user_id(&self) -> Option<Arc<str>> {
        self.connection.user_id()
    }

    /// The request that opened the connection.
    pub fn request(&self) -> &RequestSnapshot {
        self.connection
            .request()
            .expect("an open connection was opened by a request")
    }

    /// Whether the connection takes messages: it has not begun to end.
    pub fn is_open(&self) -> bool {
        self.connection.phase() == Phase::Open
    }

    /// Calls a method of the client, see [`Target::send`](crate::Target::send).
    ///
    /// # Errors
    /// An argument cannot be serialised.
    pub fn send<A: Arguments>(&self, method: &str, arguments: A) -> Result<(), SendError> {
        send_to(
            &self.connection,
            &Once::new(method, &arguments),
            self.origin,
        )
    }

    /// Sends a prepared message.
    ///
    /// # Errors
    /// An argument cannot be serialised.
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), SendError> {
        send_to(&self.connection, message, self.origin)
    }

    /// Calls a method of the client and waits for its result, see [`SingleTarget::invoke`](crate::SingleTarget::invoke). A hub method asks
    /// its own caller through [`Context::clients`](crate::Context::clients), which lets the answer in.
    ///
    /// # Errors
    /// The client answered with an error or a result of another type, or disconnected meanwhile.
    pub async fn invoke<R: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments + Send,
    ) -> Result<R, InvokeError> {
        if self.origin == Origin::Connecting && self.connection.outbox.is_held() {
            return Err(InvokeError::NotAllowed);
        }
        let asked = client_results::ask(&self.connection, method, &arguments)?;
        asked.answer().await?.read()
    }

    /// Adds the connection to a group. For what this process sends it takes effect before this returns; joining twice is joining once. Other nodes
    /// of a [backplane](crate::backplane) reach it a little later: [`Groups::add`](crate::Groups::add) waits for that, and says if it fails.
    pub fn join_group(&self, name: &str) {
        self.connection.join_group(name);
    }

    /// Removes the connection from a group. It takes effect before this returns.
    pub fn leave_group(&self, name: &str) {
        self.connection.leave_group(name);
    }

    /// Ends the connection after what is queued for it, with a Close message that says why.
    pub fn close(&self, reason: CloseReason) {
        self.connection.end(
            DisconnectReason::ClosedByServer(reason.clone()),
            Some(reason),
        );
    }

    /// Ends the connection without an error. The client does not reconnect by itself.
    pub fn abort(&self) {
        self.close(CloseReason::normal());
    }

    /// Moves the expiry of the connection's authentication, after the client has proved by other means that it may stay.
    pub fn renew(&self, expires_at: Instant) {
        self.connection.renew(expires_at);
    }

    /// A token that is cancelled when the connection begins to end.
    pub fn aborted(&self) -> CancellationToken {
        self.connection.aborted()
    }
}

impl std::fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ConnectionHandle")
            .field(&self.connection.id)
            .finish()
    }
}
