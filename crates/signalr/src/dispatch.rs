//! From a received invocation to its completion.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::FutureExt;
use futures_util::future::CatchUnwind;
use smallvec::SmallVec;

use crate::calls::CallNumber;
use crate::connection::Connection;
use crate::context::{Context, DisconnectReason};
use crate::error::{CloseReason, HubError, SendError};
use crate::handler::{Binder, BoxFuture, Outcome, Reply};
use crate::hub::{HubInner, Method};
use crate::protocol::{HubProtocol, InvocationArguments};

/// A received invocation.
pub(crate) struct Invocation<'a> {
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) target: Cow<'a, str>,
    pub(crate) arguments: InvocationArguments<'a>,
    pub(crate) stream_ids: SmallVec<[Cow<'a, str>; 1]>,
    pub(crate) streaming: bool,
}

/// Starts an invocation. If it is not over at once it goes on in a task of its own, whatever becomes of the connection.
pub(crate) fn invoke<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    connection: &Arc<Connection>,
    invocation: Invocation<'_>,
    cx: &mut TaskContext<'_>,
) {
    let detailed = connection.core.options.detailed_errors;
    let answer = Answer {
        id: invocation.id.as_deref().map(Box::from),
        connection: Arc::clone(connection),
    };
    tracing::trace!(connection.id = %connection.id, hub.method = &*invocation.target, "invocation");
    let Some(method) = hub.method(&invocation.target) else {
        let prefix = failed_to_invoke(&invocation.target);
        return answer
            .error(&HubError::message("Method does not exist.").describe(&prefix, detailed));
    };
    if let Err(refusal) = check(method, &invocation, detailed) {
        return answer.error(&refusal);
    }
    let call = connection.calls.begin(true);
    let mut cancellation = || {
        let token = connection.aborted().child_token();
        if let Some(id) = &invocation.id {
            connection
                .calls
                .make_cancellable(call, id, token.clone(), false);
        }
        token
    };
    let context = Context::new(Arc::clone(hub), Arc::clone(connection), Some(call));
    let mut binder = Binder::new(invocation.arguments.as_slice(), &mut cancellation);
    let Ok(future) = method.handler.call(context, &mut binder) else {
        connection.calls.finish(call);
        return answer.error(&binding_failed(&invocation.target, detailed));
    };
    let running = Running {
        future: AssertUnwindSafe(future).catch_unwind(),
        call,
        answer,
        target: invocation.target.into(),
    };
    running.start(cx);
}

fn failed_to_invoke(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

fn binding_failed(target: &str, detailed: bool) -> String {
    let text = "Error binding arguments. Make sure that the types of the provided values match the types of the hub \
                method being invoked.";
    HubError::internal("InvalidDataException", text).describe(&failed_to_invoke(target), detailed)
}

/// Checks what can be checked without looking at the arguments' values.
fn check<S>(method: &Method<S>, invocation: &Invocation<'_>, detailed: bool) -> Result<(), String> {
    let (target, signature) = (&invocation.target, &method.signature);
    let given = invocation.arguments.len();
    if given < signature.required || given > signature.values {
        let expected = if given < signature.required {
            signature.required
        } else {
            signature.values
        };
        let text =
            format!("Invocation provides {given} argument(s) but target expects {expected}.");
        let error = HubError::internal("InvalidDataException", text);
        return Err(error.describe(&failed_to_invoke(target), detailed));
    }
    match (signature.streaming, invocation.streaming) {
        (true, false) => Err(format!(
            "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
        )),
        (false, true) => Err(format!(
            "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
        )),
        _ if signature.streams != invocation.stream_ids.len() => {
            let (sent, expected) = (invocation.stream_ids.len(), signature.streams);
            let text = format!("Client sent {sent} stream(s), Hub method expects {expected}.");
            Err(HubError::message(text).describe(&unexpected(target), detailed))
        }
        _ => Ok(()),
    }
}

fn unexpected(target: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server.")
}

/// A hub method that was called.
struct Running {
    future: CatchUnwind<AssertUnwindSafe<BoxFuture<Outcome>>>,
    call: CallNumber,
    answer: Answer,
    target: Box<str>,
}

impl Running {
    /// Most methods are over when they are polled for the first time, without a task of their own.
    fn start(mut self, cx: &mut TaskContext<'_>) {
        match self.future.poll_unpin(cx) {
            Poll::Ready(outcome) => self.finish(outcome),
            Poll::Pending => {
                let core = Arc::clone(&self.answer.connection.core);
                core.tasks.spawn(async move {
                    let outcome = (&mut self.future).await;
                    let connection = Arc::clone(&self.answer.connection);
                    self.finish(outcome);
                    // The connection may have been waiting for the slot.
                    connection.outbox.wake();
                });
            }
        }
    }

    fn finish(self, outcome: std::thread::Result<Outcome>) {
        let connection = &self.answer.connection;
        let detailed = connection.core.options.detailed_errors;
        connection.calls.finish(self.call);
        match outcome {
            Ok(Ok(Reply::Value(value))) => self
                .answer
                .write(|protocol, out, id| protocol.encode_result(out, id, &*value)),
            Ok(Err(error)) => {
                tracing::debug!(connection.id = %connection.id, hub.method = &*self.target, "invocation failed");
                self.answer
                    .error(&error.describe(&unexpected(&self.target), detailed));
            }
            Err(_) => {
                tracing::debug!(connection.id = %connection.id, hub.method = &*self.target, "hub method panicked");
                self.answer.error(&unexpected(&self.target));
            }
        }
    }
}

/// Where the outcome of an invocation goes: to its caller, or nowhere if the caller wants no answer.
struct Answer {
    id: Option<Box<str>>,
    connection: Arc<Connection>,
}

impl Answer {
    fn write(&self, encode: impl FnOnce(HubProtocol, &mut Vec<u8>, &str) -> Result<(), SendError>) {
        let Some(id) = &self.id else { return };
        if let Err(error) = self
            .connection
            .write(|protocol, out| encode(protocol, out, id))
        {
            let reason = DisconnectReason::SerializationFailed(error.to_string());
            self.connection
                .end(reason, Some(CloseReason::normal().allow_reconnect(true)));
        }
    }

    fn error(&self, text: &str) {
        self.write(|protocol, out, id| {
            protocol.encode_error(out, id, text);
            Ok(())
        });
    }
}
