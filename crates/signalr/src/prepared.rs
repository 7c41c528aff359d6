//! Messages that are encoded once per protocol, however many connections receive them.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::error::SendError;
use crate::outbox::Frame;
use crate::protocol::{Arguments, HubProtocol};

/// A call of a client method that is encoded at most once per protocol, whenever it is first needed, and can be sent many times.
///
/// ```
/// # use signalr_hub::{Hub, PreparedMessage};
/// # let hub = Hub::builder().build();
/// let tick = PreparedMessage::new("Tick", (42,));
/// hub.context().clients().group("a").send_prepared(&tick)?;
/// hub.context().clients().group("b").send_prepared(&tick)?;
/// # Ok::<(), signalr_hub::SendError>(())
/// ```
#[derive(Clone)]
pub struct PreparedMessage {
    inner: Arc<Prepared>,
}

struct Prepared {
    method: Box<str>,
    arguments: Box<dyn Arguments + Send + Sync>,
    json: OnceLock<Bytes>,
    messagepack: OnceLock<Bytes>,
}

impl PreparedMessage {
    /// Prepares a call of the client method `method`. Nothing is encoded yet.
    pub fn new<A: Arguments + Send + Sync + 'static>(
        method: impl Into<Box<str>>,
        arguments: A,
    ) -> Self {
        Self {
            inner: Arc::new(Prepared {
                method: method.into(),
                arguments: Box::new(arguments),
                json: OnceLock::new(),
                messagepack: OnceLock::new(),
            }),
        }
    }

    /// The name of the client method.
    pub fn method(&self) -> &str {
        &self.inner.method
    }
}

impl std::fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedMessage")
            .field("method", &self.inner.method)
            .finish_non_exhaustive()
    }
}

/// Gives a message in the protocol of its receiver.
pub(crate) trait Outgoing {
    fn frame(&self, protocol: HubProtocol) -> Result<Frame, SendError>;
}

fn encode(
    method: &str,
    arguments: &dyn Arguments,
    protocol: HubProtocol,
) -> Result<Bytes, SendError> {
    let mut out = Vec::new();
    protocol.encode_invocation(&mut out, None, method, arguments)?;
    // An exact allocation: the bytes may be kept for long by slow receivers.
    Ok(out.into_boxed_slice().into())
}

impl Outgoing for PreparedMessage {
    fn frame(&self, protocol: HubProtocol) -> Result<Frame, SendError> {
        let cell = match protocol {
            HubProtocol::Json => &self.inner.json,
            HubProtocol::MessagePack => &self.inner.messagepack,
        };
        if let Some(bytes) = cell.get() {
            return Ok(Frame::sequenced(bytes.clone()));
        }
        let bytes = encode(&self.inner.method, &*self.inner.arguments, protocol)?;
        Ok(Frame::sequenced(cell.get_or_init(|| bytes).clone()))
    }
}

/// A message that lives as long as one call of `send`.
pub(crate) struct Once<'a, A> {
    method: &'a str,
    arguments: &'a A,
    json: OnceCell<Bytes>,
    messagepack: OnceCell<Bytes>,
}

impl<'a, A: Arguments> Once<'a, A> {
    pub(crate) fn new(method: &'a str, arguments: &'a A) -> Self {
        Self {
            method,
            arguments,
            json: OnceCell::new(),
            messagepack: OnceCell::new(),
        }
    }
}

impl<A: Arguments> Outgoing for Once<'_, A> {
    fn frame(&self, protocol: HubProtocol) -> Result<Frame, SendError> {
        let cell = match protocol {
            HubProtocol::Json => &self.json,
            HubProtocol::MessagePack => &self.messagepack,
        };
        if let Some(bytes) = cell.get() {
            return Ok(Frame::sequenced(bytes.clone()));
        }
        let bytes = encode(self.method, self.arguments, protocol)?;
        Ok(Frame::sequenced(cell.get_or_init(|| bytes).clone()))
    }
}
