//! The messages of the hub protocol as they are received.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{InvocationArguments, Payload};

/// A received hub message. Names and payloads borrow from the bytes they came in.
///
/// SignalR Hub Protocol: *Overview*, and for each variant the section of its name.
#[derive(Debug)]
pub enum Message<'a> {
    /// A call of a method (types 1 and 4).
    Invocation {
        /// Absent when the caller wants no answer.
        invocation_id: Option<Cow<'a, str>>,
        /// The method, in the caller's spelling.
        target: Cow<'a, str>,
        /// The arguments, not yet converted: their types are known once the target is.
        arguments: InvocationArguments<'a>,
        /// The ids of the streams that the caller will send, in the order of the method's stream parameters.
        stream_ids: SmallVec<[Cow<'a, str>; 1]>,
        /// Whether the caller expects a stream of items (type 4).
        streaming: bool,
    },
    /// An item of a stream (type 2).
    StreamItem {
        /// The id of the stream.
        invocation_id: Cow<'a, str>,
        /// The item.
        item: Payload<'a>,
    },
    /// The end of a call or of a stream (type 3).
    Completion {
        /// The id of the call or stream.
        invocation_id: Cow<'a, str>,
        /// How it ended.
        result: CompletionResult<'a>,
    },
    /// The wish to end a call or a stream early (type 5).
    CancelInvocation {
        /// The id of the call.
        invocation_id: Cow<'a, str>,
    },
    /// A sign of life (type 6).
    Ping,
    /// The last message of a connection (type 7).
    Close {
        /// What went wrong, if anything did.
        error: Option<Cow<'a, str>>,
        /// Whether the client may come back by itself.
        allow_reconnect: bool,
    },
    /// Everything up to this number has arrived (type 8).
    Ack(u64),
    /// The next message has this number (type 9).
    Sequence(u64),
    /// A message of a later version of the protocol, to be ignored.
    Unknown,
}

impl Message<'_> {
    /// Whether stateful reconnect counts the message (types 1 to 5).
    pub fn is_sequenced(&self) -> bool {
        matches!(
            self,
            Self::Invocation { .. }
                | Self::StreamItem { .. }
                | Self::Completion { .. }
                | Self::CancelInvocation { .. }
        )
    }
}

/// How a call or a stream ended.
///
/// SignalR Hub Protocol: *Completion and results*.
#[derive(Debug)]
pub enum CompletionResult<'a> {
    /// With a value.
    Value(Payload<'a>),
    /// With an error, in the other side's words.
    Error(Cow<'a, str>),
    /// With neither.
    Void,
}
