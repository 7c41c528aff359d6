//! From a received invocation to its completion.

use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::future::CatchUnwind;
use futures_util::{FutureExt, StreamExt};
use smallvec::SmallVec;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::calls::CallNumber;
use crate::connection::Connection;
use crate::context::{Context, DisconnectReason};
use crate::error::{CLOSED_WITH_ERROR, CloseReason, HubError, SendError};
use crate::handler::{
    Binder, BoxFuture, CallServices, ItemStream, Outcome, Reply, ReplyKind, Signature,
};
use crate::hub::HubInner;
use crate::observer::{InvocationOutcome, ObservedCall};
use crate::protocol::{HubProtocol, InvocationArguments};
use crate::trace;
use crate::uploads::UploadSink;

/// A received invocation.
pub(crate) struct Invocation<'a> {
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) target: Cow<'a, str>,
    pub(crate) arguments: InvocationArguments<'a>,
    pub(crate) stream_ids: SmallVec<[Cow<'a, str>; 1]>,
    pub(crate) streaming: bool,
}

impl Invocation<'_> {
    /// Whether streams are part of it, in either direction.
    pub(crate) fn has_streams(&self) -> bool {
        self.streaming || !self.stream_ids.is_empty()
    }
}

/// Starts an invocation. If it is not over at once it goes on in a task of its own, whatever becomes of the connection.
pub(crate) fn invoke<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    connection: &Arc<Connection>,
    invocation: &Invocation<'_>,
    cx: &mut TaskContext<'_>,
) {
    let detailed = connection.core.options.detailed_errors;
    let answer = Answer {
        id: invocation.id.as_deref().map(Box::from),
        connection: Arc::clone(connection),
    };
    let Some(method) = hub.method(&invocation.target) else {
        if let Some(observer) = &connection.core.observer {
            observer.unknown_method_called(&invocation.target);
        }
        let prefix = failed_to_invoke(&invocation.target);
        return answer
            .error(&HubError::message("Method does not exist.").describe(&prefix, detailed));
    };
    tracing::trace!(connection.id = %connection.id, hub.method = &*method.name, "invocation");
    let observed = ObservedCall::begin(&connection.core, &method.name);
    let refuse = |text: &str| {
        if let Some(call) = &observed {
            call.end(InvocationOutcome::Refused);
        }
        answer.error(text);
    };
    if let Err(refusal) = check_arguments(method.signature, invocation, connection)
        .and_then(|()| check_limits(invocation, connection))
    {
        return refuse(&refusal);
    }
    let misfit = check_mode_and_streams(method.signature, invocation, connection).err();
    let takes_slot = !invocation.has_streams();
    let call = connection.calls.begin(takes_slot);
    let context = Context::new(Arc::clone(hub), Arc::clone(connection), Some(call));
    let mut cancelled = None;
    let bound = match misfit {
        None => {
            let services = Services::new(connection, invocation, call);
            let mut binder = Binder::new(invocation.arguments.as_slice(), &services);
            let bound = method.call(hub, context, &mut binder);
            cancelled = services.cancelled;
            bound
        }
        Some(refusal) => {
            let services = NoServices { connection };
            let mut binder = Binder::new(invocation.arguments.as_slice(), &services);
            let judged = method.judge(context, &mut binder);
            judged.map(|permitted| refuse_misfit(permitted, refusal))
        }
    };
    let Ok(future) = bound else {
        connection.calls.finish(call);
        let detailed = connection.core.options.tells_binding_errors();
        return refuse(&binding_failed(&invocation.target, detailed));
    };
    let running = Running {
        future: AssertUnwindSafe(future).catch_unwind(),
        span: trace::invocation(connection, &method.name),
        call,
        takes_slot,
        answer,
        target: Box::from(&*invocation.target),
        cancelled,
        observed,
    };
    running.start(cx);
}

/// Answers a call that does not fit its method. Those who may not call the method do not learn how it is called.
fn refuse_misfit(permitted: Option<BoxFuture<bool>>, refusal: String) -> BoxFuture<Outcome> {
    Box::pin(async move {
        let permitted = match permitted {
            Some(permitted) => permitted.await,
            None => true,
        };
        Err(if permitted {
            HubError::misfit(refusal)
        } else {
            HubError::unauthorized()
        })
    })
}

fn failed_to_invoke(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

fn unexpected(target: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server.")
}

fn unauthorized(target: &str) -> String {
    format!("Failed to invoke '{target}' because user is unauthorized")
}

fn binding_failed(target: &str, detailed: bool) -> String {
    let text = "Error binding arguments. Make sure that the types of the provided values match the types of the hub \
                method being invoked.";
    HubError::internal("InvalidDataException", text).describe(&failed_to_invoke(target), detailed)
}

/// Checks the number of arguments. Their values are looked at afterwards.
fn check_arguments(
    signature: Signature,
    invocation: &Invocation<'_>,
    connection: &Connection,
) -> Result<(), String> {
    let given = invocation.arguments.len();
    if (signature.required..=signature.values).contains(&given) {
        return Ok(());
    }
    let expected = if given < signature.required {
        signature.required
    } else {
        signature.values
    };
    let text = format!("Invocation provides {given} argument(s) but target expects {expected}.");
    let error = HubError::internal("InvalidDataException", text);
    let detailed = connection.core.options.tells_binding_errors();
    Err(error.describe(&failed_to_invoke(&invocation.target), detailed))
}

/// Checks whether the connection may have another invocation, whatever its method.
fn check_limits(invocation: &Invocation<'_>, connection: &Connection) -> Result<(), String> {
    let (running, text) = if invocation.has_streams() {
        let running = connection.calls.streaming();
        (running, "Too many streams are running.")
    } else {
        let running = connection.calls.asking();
        (running, "Too many invocations wait for their client.")
    };
    if running < connection.core.options.maximum_parallel_streams {
        return Ok(());
    }
    let detailed = connection.core.options.detailed_errors;
    Err(HubError::message(text).describe(&failed_to_invoke(&invocation.target), detailed))
}

/// Checks what remains to be checked once the caller may call the method.
fn check_mode_and_streams(
    signature: Signature,
    invocation: &Invocation<'_>,
    connection: &Connection,
) -> Result<(), String> {
    let target = &invocation.target;
    match (signature.streaming, invocation.streaming) {
        (true, false) => {
            return Err(format!(
                "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
            ));
        }
        (false, true) => {
            return Err(format!(
                "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
            ));
        }
        _ => {}
    }
    if let Some(id) = invocation
        .id
        .as_ref()
        .filter(|id| signature.streaming && connection.calls.is_streaming(id))
    {
        return Err(format!("Invocation ID '{id}' is already in use."));
    }
    let (sent, expected) = (invocation.stream_ids.len(), signature.streams);
    if sent != expected {
        let text = format!("Client sent {sent} stream(s), Hub method expects {expected}.");
        let detailed = connection.core.options.detailed_errors;
        return Err(HubError::message(text).describe(&unexpected(target), detailed));
    }
    let taken = |(index, id): (usize, &Cow<'_, str>)| {
        connection.calls.has_upload(id) || invocation.stream_ids[..index].contains(id)
    };
    if let Some((_, id)) = invocation
        .stream_ids
        .iter()
        .enumerate()
        .find(|&entry| taken(entry))
    {
        return Err(format!("Stream ID '{id}' is already in use."));
    }
    Ok(())
}

/// What the server provides to one invocation.
struct Services<'a, 'm> {
    connection: &'a Arc<Connection>,
    invocation: &'a Invocation<'m>,
    call: CallNumber,
    /// Present for streaming methods, which can always be cancelled.
    cancelled: Option<CancellationToken>,
}

impl<'a, 'm> Services<'a, 'm> {
    fn new(
        connection: &'a Arc<Connection>,
        invocation: &'a Invocation<'m>,
        call: CallNumber,
    ) -> Self {
        let mut services = Self {
            connection,
            invocation,
            call,
            cancelled: None,
        };
        if invocation.streaming {
            services.cancelled = Some(services.make_token());
        }
        services
    }

    fn make_token(&self) -> CancellationToken {
        let token = self.connection.aborted().child_token();
        if let Some(id) = &self.invocation.id {
            self.connection.calls.make_cancellable(
                self.call,
                id,
                token.clone(),
                self.invocation.streaming,
            );
        }
        token
    }
}

impl CallServices for Services<'_, '_> {
    fn cancellation(&self) -> CancellationToken {
        self.cancelled.clone().unwrap_or_else(|| self.make_token())
    }

    fn connection(&self) -> &Arc<Connection> {
        self.connection
    }

    fn expect_stream(&self, position: usize, sink: Arc<dyn UploadSink>) {
        let id = &self.invocation.stream_ids[position];
        self.connection.calls.add_upload(self.call, id, sink);
    }
}

/// What is provided to a call that goes no further: nothing that its client could reach.
struct NoServices<'a> {
    connection: &'a Arc<Connection>,
}

impl CallServices for NoServices<'_> {
    fn cancellation(&self) -> CancellationToken {
        CancellationToken::new()
    }

    fn connection(&self) -> &Arc<Connection> {
        self.connection
    }

    fn expect_stream(&self, _: usize, _: Arc<dyn UploadSink>) {}
}

/// A hub method that was called.
struct Running {
    future: CatchUnwind<AssertUnwindSafe<BoxFuture<Outcome>>>,
    span: Span,
    call: CallNumber,
    takes_slot: bool,
    answer: Answer,
    target: Box<str>,
    cancelled: Option<CancellationToken>,
    observed: Option<ObservedCall>,
}

impl Running {
    /// Most methods are over when they are polled for the first time, without a task of their own.
    fn start(mut self, cx: &mut TaskContext<'_>) {
        let span = self.span.clone();
        match span.in_scope(|| self.future.poll_unpin(cx)) {
            Poll::Ready(Ok(Ok(Reply(ReplyKind::Value(value))))) => self.complete(&*value),
            Poll::Ready(outcome) => {
                let connection = Arc::clone(&self.answer.connection);
                connection
                    .core
                    .tasks
                    .spawn(contain(Arc::clone(&connection), self.finish(outcome)).instrument(span));
            }
            Poll::Pending => {
                let connection = Arc::clone(&self.answer.connection);
                let running = contain(Arc::clone(&connection), async move {
                    let outcome = (&mut self.future).await;
                    self.finish(outcome).await;
                });
                connection.core.tasks.spawn(running.instrument(span));
            }
        }
    }

    async fn finish(self, outcome: std::thread::Result<Outcome>) {
        let detailed = self.answer.connection.core.options.detailed_errors;
        match outcome {
            Ok(Ok(Reply(ReplyKind::Value(value)))) => self.complete(&*value),
            Ok(Ok(Reply(ReplyKind::Stream(items)))) => self.stream(items).await,
            Ok(Err(error)) if error.is_unauthorized() => {
                trace::fail(&self.span, &error);
                self.fail(InvocationOutcome::Refused, &unauthorized(&self.target));
            }
            Ok(Err(error)) => {
                trace::fail(&self.span, &error);
                let outcome = if error.is_misfit() {
                    InvocationOutcome::Refused
                } else {
                    InvocationOutcome::Failed
                };
                let text = error.describe(&unexpected(&self.target), detailed);
                self.fail(outcome, &text);
            }
            Err(_) => {
                trace::fail(&self.span, &HubError::internal("Panic", ""));
                self.fail(InvocationOutcome::Failed, &unexpected(&self.target));
            }
        }
    }

    fn complete(&self, value: &dyn crate::protocol::Encode) {
        self.end(InvocationOutcome::Completed, || {
            self.answer
                .write(|protocol, out, id| protocol.encode_result(out, id, value));
        });
    }

    fn fail(&self, outcome: InvocationOutcome, error: &str) {
        let connection = &self.answer.connection;
        tracing::debug!(connection.id = %connection.id, hub.method = &*self.target, "invocation failed");
        self.end(outcome, || self.answer.error(error));
    }

    /// Sends the completion and gives back what the invocation occupied. A slot is free after the completion, or that of the next invocation
    /// could overtake it; the ids of streams are free before, since the client may use them again as soon as it has seen the completion.
    fn end(&self, outcome: InvocationOutcome, complete: impl FnOnce()) {
        if let Some(call) = &self.observed {
            call.end(outcome);
        }
        let connection = &self.answer.connection;
        if self.takes_slot {
            complete();
            connection.calls.finish(self.call);
        } else {
            connection.calls.finish(self.call);
            complete();
        }
        // The connection may have been waiting for the slot, or for room in an upload stream.
        connection.wake();
    }

    /// Sends the items of a stream, no faster than the client reads them.
    async fn stream(self, mut items: ItemStream) {
        let connection = &self.answer.connection;
        let options = &connection.core.options;
        let cancelled = self
            .cancelled
            .clone()
            .unwrap_or_else(|| connection.aborted());
        let (outcome, error) = loop {
            let next = async {
                poll_fn(|cx| connection.outbox.poll_room(cx, &options.outbox)).await;
                AssertUnwindSafe(items.next()).catch_unwind().await
            };
            let item = tokio::select! {
                biased;
                () = cancelled.cancelled() => break (InvocationOutcome::Cancelled, None),
                item = next => item,
            };
            match item {
                Ok(Some(Ok(item))) => {
                    self.answer
                        .write(|protocol, out, id| protocol.encode_stream_item(out, id, &*item));
                }
                Ok(Some(Err(error))) => {
                    trace::fail(&self.span, &error);
                    let prefix = "An error occurred on the server while streaming results.";
                    let text = error.describe(prefix, options.detailed_errors);
                    break (InvocationOutcome::Failed, Some(text));
                }
                Ok(None) => break (InvocationOutcome::Completed, None),
                Err(_) => {
                    trace::fail(&self.span, &HubError::internal("Panic", ""));
                    let text = "An error occurred on the server while streaming results.";
                    break (InvocationOutcome::Failed, Some(text.to_owned()));
                }
            }
        };
        drop(items);
        self.end(outcome, || match error {
            Some(error) => self.answer.error(&error),
            None => self.answer.void(),
        });
    }
}

/// Ends the connection if its invocation panics outside of the hub method, as a result that is being serialised may.
async fn contain(connection: Arc<Connection>, invocation: impl Future<Output = ()>) {
    if AssertUnwindSafe(invocation).catch_unwind().await.is_err() {
        connection.end(
            DisconnectReason::Panicked,
            Some(CloseReason::error(CLOSED_WITH_ERROR)),
        );
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

    fn void(&self) {
        self.write(|protocol, out, id| {
            protocol.encode_void(out, id);
            Ok(())
        });
    }
}
