//! Calls of client methods whose result the server waits for.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::backplane::{BackplaneError, ClientAnswer, RemoteCall};
use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::core::Core;
use crate::error::{HubError, SendError};
use crate::outbox::{Frame, Origin};
use crate::protocol::{Arguments, CompletionResult, HubProtocol, Payload};

/// A client's result did not come.
///
/// SignalR Hub Protocol: *Invocations*.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The client answered with this error.
    #[error("{0}")]
    Client(String),
    /// There is no such connection.
    #[error("Connection '{0}' does not exist.")]
    NotFound(String),
    /// The connection ended before the client answered.
    #[error("Connection '{0}' disconnected.")]
    Disconnected(String),
    /// The client's result has another type.
    #[error("Error trying to deserialize result to {type_name}. {detail}")]
    Mistyped {
        /// The expected type.
        type_name: &'static str,
        /// What does not fit.
        detail: String,
    },
    /// The client cannot be read before `on_connected` is over.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    NotAllowed,
    /// The other node could not be asked.
    #[error(transparent)]
    Backplane(BackplaneError),
    /// The call could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
}

impl From<InvokeError> for HubError {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::Client(text) => Self::message(text),
            InvokeError::NotFound(_) | InvokeError::Disconnected(_) => {
                Self::internal("IOException", error.to_string())
            }
            InvokeError::Mistyped { .. } => Self::message(error.to_string()),
            InvokeError::NotAllowed => {
                Self::internal("InvalidOperationException", error.to_string())
            }
            InvokeError::Backplane(error) => Self::from_error(error),
            InvokeError::Send(error) => Self::from_error(error),
        }
    }
}

impl ClientAnswer {
    pub(crate) fn new(result: CompletionResult<'_>) -> Self {
        match result {
            CompletionResult::Value(Payload::Json(raw)) => {
                Self::Value(HubProtocol::Json, raw.get().into())
            }
            CompletionResult::Value(Payload::MessagePack(bytes)) => {
                Self::Value(HubProtocol::MessagePack, bytes.into())
            }
            CompletionResult::Error(text) => Self::Error(text.into_owned()),
            CompletionResult::Void => Self::Void,
        }
    }

    pub(crate) fn read<R: DeserializeOwned>(self) -> Result<R, InvokeError> {
        let read = match &self {
            Self::Error(text) => return Err(InvokeError::Client(text.clone())),
            Self::Void => serde_json::from_str("null").map_err(|error| error.to_string()),
            Self::Value(HubProtocol::Json, bytes) => {
                serde_json::from_slice(bytes).map_err(|error| error.to_string())
            }
            Self::Value(HubProtocol::MessagePack, bytes) => {
                rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
            }
        };
        read.map_err(|detail| InvokeError::Mistyped {
            type_name: std::any::type_name::<R>(),
            detail,
        })
    }
}

/// The calls of all connections that wait for an answer.
#[derive(Default)]
pub(crate) struct ClientResults {
    next: AtomicU64,
    pending: Mutex<HashMap<String, Pending>>,
}

/// The ids of the calls that one connection has not answered.
#[derive(Default)]
pub(crate) struct Unanswered(Mutex<Vec<String>>);

struct Pending {
    connection: ConnectionId,
    answer: oneshot::Sender<ClientAnswer>,
}

/// Whose answer a completion is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The sender's own, or nobody's any more.
    Sender,
    /// Another connection's: the sender cheats.
    Other,
}

impl ClientResults {
    /// Takes a client's answer.
    pub(crate) fn complete(
        &self,
        connection: ConnectionId,
        id: &str,
        answer: ClientAnswer,
    ) -> Owner {
        let mut pending = self.pending.lock();
        match pending.get(id) {
            Some(entry) if entry.connection != connection => Owner::Other,
            Some(_) => {
                if let Some(entry) = pending.remove(id) {
                    // The caller may have stopped waiting.
                    let _ = entry.answer.send(answer);
                }
                Owner::Sender
            }
            None => Owner::Sender,
        }
    }

    /// Nobody will answer for this connection any more.
    pub(crate) fn disconnect(&self, unanswered: &Unanswered) {
        let ids = std::mem::take(&mut *unanswered.0.lock());
        if !ids.is_empty() {
            let mut pending = self.pending.lock();
            for id in &ids {
                pending.remove(id);
            }
        }
    }
}

/// Stops waiting when the caller does.
struct Waiting {
    connection: Arc<Connection>,
    id: String,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection
            .unanswered
            .0
            .lock()
            .retain(|unanswered| *unanswered != self.id);
        let results = &connection.core.client_results;
        results.pending.lock().remove(&self.id);
    }
}

/// A client's answer that is on its way.
pub(crate) struct Asked {
    waiting: Waiting,
    answered: oneshot::Receiver<ClientAnswer>,
}

impl Asked {
    pub(crate) async fn answer(self) -> Result<ClientAnswer, InvokeError> {
        self.answered
            .await
            .map_err(|_| disconnected(&self.waiting.connection))
    }
}

fn disconnected(connection: &Connection) -> InvokeError {
    InvokeError::Disconnected(connection.id.to_string())
}

/// Calls a method of a client of this node that shall answer.
pub(crate) fn ask<A: Arguments + ?Sized>(
    connection: &Arc<Connection>,
    method: &str,
    arguments: &A,
) -> Result<Asked, InvokeError> {
    let results = &connection.core.client_results;
    let id = format!("s{}", results.next.fetch_add(1, Ordering::Relaxed) + 1);
    let protocol = connection
        .protocol()
        .ok_or_else(|| InvokeError::NotFound(connection.id.to_string()))?;
    let mut frame = Vec::new();
    protocol.encode_invocation(&mut frame, Some(&id), method, arguments)?;
    let (answer, answered) = oneshot::channel();
    results.pending.lock().insert(
        id.clone(),
        Pending {
            connection: connection.id,
            answer,
        },
    );
    connection.unanswered.0.lock().push(id.clone());
    let waiting = Waiting {
        connection: Arc::clone(connection),
        id,
    };
    // The end of a connection empties the table after its phase has changed: checked after the insertion, none is missed.
    if connection.phase() > Phase::Open {
        return Err(disconnected(connection));
    }
    connection.push(Frame::sequenced(frame), Origin::Anyone);
    Ok(Asked { waiting, answered })
}

/// Prepares a call of a client of another node.
pub(crate) fn remote_call<A: Arguments + ?Sized>(
    core: &Core,
    connection_id: &str,
    method: &str,
    arguments: &A,
) -> Result<RemoteCall, SendError> {
    let encode = |is_enabled: bool, protocol| -> Result<Option<Bytes>, SendError> {
        let mut out = Vec::new();
        if is_enabled {
            arguments.encode_arguments(protocol, &mut out)?;
        }
        Ok(is_enabled.then(|| out.into()))
    };
    Ok(RemoteCall {
        connection_id: connection_id.to_owned(),
        method: method.to_owned(),
        json: encode(core.options.protocols.json, HubProtocol::Json)?,
        messagepack: encode(core.options.protocols.messagepack, HubProtocol::MessagePack)?,
    })
}

/// Calls a client of another node and waits for its answer.
pub(crate) async fn ask_elsewhere(
    core: &Core,
    call: RemoteCall,
) -> Result<ClientAnswer, InvokeError> {
    let Some(backplane) = &core.backplane else {
        return Err(InvokeError::NotFound(call.connection_id));
    };
    backplane.invoke(call).await.map_err(|error| match error {
        BackplaneError::UnknownConnection(id) => InvokeError::NotFound(id),
        BackplaneError::Disconnected(id) => InvokeError::Disconnected(id),
        other => InvokeError::Backplane(other),
    })
}
