//! The hub protocol: messages, and the two ways in which they are written.
//!
//! Everything here works on bytes in memory and knows neither sockets nor hubs, so it serves clients, load generators and
//! tests as well. [`HubProtocol`] encodes messages and decodes them; [`framing`] finds them in a stream of bytes; [`handshake`] is
//! what is said before the first of them.

pub mod framing;
pub mod handshake;
mod json;
mod message;
mod messagepack;
mod payload;

pub use message::{CompletionResult, Message};
pub use payload::{Arguments, Encode, InvocationArguments, Payload};

use crate::error::SendError;

/// One of the two encodings of hub messages.
///
/// SignalR Hub Protocol: *JSON Encoding* and *MessagePack encoding*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HubProtocol {
    /// JSON objects, each followed by the byte 0x1E.
    Json,
    /// MessagePack arrays, each preceded by its length.
    MessagePack,
}

impl HubProtocol {
    /// The name used in the handshake.
    ///
    /// SignalR Hub Protocol: *Overview*.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// Finds a protocol by its name, in any case.
    ///
    /// SignalR Hub Protocol: *Overview*.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// Whether messages need a transport that carries arbitrary bytes.
    ///
    /// Transport Protocols: *Transfer Formats*.
    pub fn is_binary(self) -> bool {
        self == Self::MessagePack
    }

    /// Reads one message from its record, which is a frame without separator or length prefix.
    ///
    /// # Errors
    /// The record is not a message of this protocol, or is nested more deeply than `maximum_depth`.
    pub fn decode(self, record: &[u8], maximum_depth: usize) -> Result<Message<'_>, ProtocolError> {
        match self {
            Self::Json => json::decode(record, maximum_depth),
            Self::MessagePack => messagepack::decode(record, maximum_depth),
        }
    }

    /// Appends an invocation of a client method; with an `invocation_id` the client answers with a completion.
    ///
    /// # Errors
    /// An argument cannot be serialised; `out` is left as it was.
    ///
    /// SignalR Hub Protocol: *Invocation Message Encoding*.
    pub fn encode_invocation<A: Arguments + ?Sized>(
        self,
        out: &mut Vec<u8>,
        invocation_id: Option<&str>,
        target: &str,
        arguments: &A,
    ) -> Result<(), SendError> {
        self.framed(out, |out| match self {
            Self::Json => json::invocation(out, invocation_id, target, arguments),
            Self::MessagePack => messagepack::invocation(out, invocation_id, target, arguments),
        })
    }

    /// Appends one item of a stream.
    ///
    /// # Errors
    /// The item cannot be serialised; `out` is left as it was.
    ///
    /// SignalR Hub Protocol: *`StreamItem` Message Encoding*.
    pub fn encode_stream_item<T: Encode + ?Sized>(
        self,
        out: &mut Vec<u8>,
        invocation_id: &str,
        item: &T,
    ) -> Result<(), SendError> {
        self.framed(out, |out| match self {
            Self::Json => json::stream_item(out, invocation_id, item),
            Self::MessagePack => messagepack::stream_item(out, invocation_id, item),
        })
    }

    /// Appends a completion with a result.
    ///
    /// # Errors
    /// The result cannot be serialised; `out` is left as it was.
    ///
    /// SignalR Hub Protocol: *Completion Message Encoding*.
    pub fn encode_result<T: Encode + ?Sized>(
        self,
        out: &mut Vec<u8>,
        invocation_id: &str,
        result: &T,
    ) -> Result<(), SendError> {
        self.framed(out, |out| match self {
            Self::Json => json::result(out, invocation_id, result),
            Self::MessagePack => messagepack::result(out, invocation_id, result),
        })
    }

    /// Appends a completion without a result, which ends a stream.
    ///
    /// SignalR Hub Protocol: *Completion Message Encoding*.
    pub fn encode_void(self, out: &mut Vec<u8>, invocation_id: &str) {
        self.framed_infallibly(out, |out| match self {
            Self::Json => json::void(out, invocation_id),
            Self::MessagePack => messagepack::void(out, invocation_id),
        });
    }

    /// Appends a completion with an error.
    ///
    /// SignalR Hub Protocol: *Completion Message Encoding*.
    pub fn encode_error(self, out: &mut Vec<u8>, invocation_id: &str, error: &str) {
        self.framed_infallibly(out, |out| match self {
            Self::Json => json::error(out, invocation_id, error),
            Self::MessagePack => messagepack::error(out, invocation_id, error),
        });
    }

    /// Appends a ping.
    ///
    /// SignalR Hub Protocol: *Ping Message Encoding*.
    pub fn encode_ping(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.ping());
    }

    /// The bytes of a ping, which never change.
    ///
    /// SignalR Hub Protocol: *Ping Message Encoding*.
    pub fn ping(self) -> &'static [u8] {
        match self {
            Self::Json => b"{\"type\":6}\x1e",
            Self::MessagePack => &[0x02, 0x91, 0x06],
        }
    }

    /// Appends the message that ends a connection.
    ///
    /// SignalR Hub Protocol: *Close Message Encoding*.
    pub fn encode_close(self, out: &mut Vec<u8>, error: Option<&str>, allow_reconnect: bool) {
        self.framed_infallibly(out, |out| match self {
            Self::Json => json::close(out, error, allow_reconnect),
            Self::MessagePack => messagepack::close(out, error, allow_reconnect),
        });
    }

    /// Appends the acknowledgement of everything up to `sequence_id` (stateful reconnect).
    ///
    /// SignalR Hub Protocol: *Ack Message Encoding*.
    pub fn encode_ack(self, out: &mut Vec<u8>, sequence_id: u64) {
        self.framed_infallibly(out, |out| match self {
            Self::Json => json::sequenced(out, 8, sequence_id),
            Self::MessagePack => messagepack::sequenced(out, 8, sequence_id),
        });
    }

    /// Appends the number of the first message that follows a reconnect (stateful reconnect).
    ///
    /// SignalR Hub Protocol: *Sequence Message Encoding*.
    pub fn encode_sequence(self, out: &mut Vec<u8>, sequence_id: u64) {
        self.framed_infallibly(out, |out| match self {
            Self::Json => json::sequenced(out, 9, sequence_id),
            Self::MessagePack => messagepack::sequenced(out, 9, sequence_id),
        });
    }

    fn framed(
        self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let start = out.len();
        let written = write(out);
        match written {
            Ok(()) => framing::close_frame(self, out, start),
            Err(_) => out.truncate(start),
        }
        written
    }

    fn framed_infallibly(self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        write(out);
        framing::close_frame(self, out, start);
    }
}

/// Received bytes that break the hub protocol. The connection cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProtocolError(pub(crate) std::borrow::Cow<'static, str>);

impl ProtocolError {
    pub(crate) fn new(text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}
