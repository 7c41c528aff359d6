//! Several nodes as one hub.
//!
//! A hub keeps its own connections and writes to them directly. What is meant for connections of other nodes goes through a [`Backplane`]:
//! sends to everybody, groups, users and single connections, changes of group membership, and calls whose result somebody waits for.
//! [`InProcessBackplane`] joins hubs of one process.

mod in_process;
mod node;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

pub use in_process::InProcessBackplane;
pub use node::{LocalNode, WeakLocalNode};

use crate::error::{HubError, SendError};
use crate::protocol::{Arguments, HubProtocol};

/// A boxed future, as a backplane returns it.
pub type BackplaneFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Carries messages between the nodes of a hub.
///
/// Deliveries from one node reach another in the order in which they were published, or not at all: a backplane may lose messages, and must
/// neither double nor re-order them. A node never receives what it published itself.
pub trait Backplane: Send + Sync + 'static {
    /// Called once, when the hub is built. What other nodes publish is given to `node`.
    fn attach(&self, node: LocalNode);

    /// Sends to the connections of other nodes. Never waits: an implementation that cannot keep up drops messages and says so by its own means.
    fn publish(&self, envelope: Envelope);

    /// The node has its first connection of a topic, or lost its last one. Calls for one topic come in order. Called with a lock
    /// held: note it and return.
    fn set_interest(&self, topic: Topic<'_>, is_interested: bool);

    /// Changes a group on the node that has the connection, and returns when it has. An unknown connection is not an error.
    fn change_group(&self, change: GroupChange) -> BackplaneFuture<Result<(), BackplaneError>>;

    /// Calls a method of a connection of another node and waits for the client's answer.
    fn invoke(&self, call: RemoteCall) -> BackplaneFuture<Result<ClientAnswer, BackplaneError>>;
}

/// Something that connections of a node have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic<'a> {
    /// The members of a group.
    Group(&'a str),
    /// The connections of a user.
    User(&'a str),
    /// One connection.
    Connection(&'a str),
}

/// Whom a message is for. Names that a node does not know select nobody there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Every connection.
    All,
    /// The members of these groups, each once.
    Groups(Vec<String>),
    /// The connections of these users.
    Users(Vec<String>),
    /// These connections.
    Connections(Vec<String>),
}

/// A message on its way to other nodes, framed for each protocol that the hub speaks.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Whom it is for.
    pub destination: Destination,
    /// The ids of connections that do not get it.
    pub excluded: Vec<String>,
    /// The hub message for connections that speak JSON.
    pub json: Option<Bytes>,
    /// The hub message for connections that speak MessagePack.
    pub messagepack: Option<Bytes>,
}

/// A change of group membership for a connection of another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// The connection.
    pub connection_id: String,
    /// The group.
    pub group: String,
    /// Whether it joins or leaves.
    pub joins: bool,
    /// How long to wait for the other node.
    pub timeout: Duration,
}

/// A call of a client method on another node. The arguments are encoded as an array in each protocol that the hub speaks.
#[derive(Debug, Clone)]
pub struct RemoteCall {
    /// The connection.
    pub connection_id: String,
    /// The client's method.
    pub method: String,
    /// The arguments in JSON.
    pub json: Option<Bytes>,
    /// The arguments in MessagePack.
    pub messagepack: Option<Bytes>,
}

impl Arguments for RemoteCall {
    fn encode_arguments(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError> {
        let encoded = match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        };
        let encoded = encoded
            .as_ref()
            .ok_or_else(|| SendError::new("the calling node does not speak this protocol"))?;
        out.extend_from_slice(encoded);
        Ok(())
    }
}

/// What a client answered to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAnswer {
    /// A value, encoded in a protocol.
    Value(HubProtocol, Vec<u8>),
    /// An error.
    Error(String),
    /// Neither.
    Void,
}

/// Another node could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackplaneError {
    /// No node has the connection.
    #[error("Connection '{0}' does not exist.")]
    UnknownConnection(String),
    /// The connection ended before it answered.
    #[error("Connection '{0}' disconnected.")]
    Disconnected(String),
    /// The other node did not answer in time.
    #[error("the other node did not answer in time")]
    TimedOut,
    /// The backplane does not work at present.
    #[error("the backplane is unavailable: {0}")]
    Unavailable(String),
}

impl From<BackplaneError> for HubError {
    fn from(error: BackplaneError) -> Self {
        Self::from_error(error)
    }
}
