//! What nodes tell each other.

use bytes::Bytes;

use crate::error::SendError;
use crate::protocol::{Arguments, HubProtocol};

/// Whom a message is for. Names that a node does not know select nobody there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Every connection.
    All,
    /// The members of these groups, each once for every group that it is in.
    Groups(Vec<String>),
    /// The connections of these users, no id twice.
    Users(Vec<String>),
    /// These connections, no id twice.
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
