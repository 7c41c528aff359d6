//! What a hub tells the metrics of its application.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::core::Core;
use crate::options::TransportKind;

/// Is told what goes on in a hub, to count and to measure it in whatever registry the application has. A [`RawEndpoint`](crate::RawEndpoint) has
/// connections and no calls.
///
/// The calls are made where things happen, between receiving and sending: they must be quick and must not block. Every start is followed by
/// exactly one end. Those who are used to .NET's metrics find them here:
///
/// | metric | from |
/// |---|---|
/// | `signalr.server.active_connections` | one more with [`connection_started`](Self::connection_started), one less with [`connection_ended`](Self::connection_ended) |
/// | `signalr.server.connection.duration` | the duration of [`connection_ended`](Self::connection_ended) |
/// | tag `signalr.transport` | [`TransportKind::metric_name`] |
/// | tag `signalr.connection.status` | [`ConnectionStatus::metric_name`] |
pub trait HubObserver: Send + Sync + 'static {
    /// A connection has got its transport. Its handshake is still to come.
    fn connection_started(&self, transport: TransportKind) {
        let _ = transport;
    }

    /// A connection has ended, after this time.
    fn connection_ended(
        &self,
        transport: TransportKind,
        duration: Duration,
        status: ConnectionStatus,
    ) {
        let _ = (transport, duration, status);
    }

    /// A client calls a method of the hub. Its name is the one under which it was added, so clients cannot invent names.
    fn invocation_started(&self, method: &str) {
        let _ = method;
    }

    /// A client calls a method that the hub does not have; no start and no end are reported for it. The name is the client's: not a label for a
    /// metric.
    fn unknown_method_called(&self, target: &str) {
        let _ = target;
    }

    /// A call is over, and so is the stream that it may have begun.
    fn invocation_ended(&self, method: &str, duration: Duration, outcome: InvocationOutcome) {
        let _ = (method, duration, outcome);
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// In any way but the other two, lost network connections included.
    NormalClosure,
    /// The client was not heard of for too long.
    Timeout,
    /// The hub is being [drained](crate::HubContext::drain).
    AppShutdown,
}

impl ConnectionStatus {
    /// The value of the tag `signalr.connection.status`.
    pub fn metric_name(self) -> &'static str {
        match self {
            Self::NormalClosure => "normal_closure",
            Self::Timeout => "timeout",
            Self::AppShutdown => "app_shutdown",
        }
    }
}

/// How a call of a hub method ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvocationOutcome {
    /// It returned, or its stream came to its end.
    Completed,
    /// It, or its stream, failed.
    Failed,
    /// The call did not fit the method, or was not permitted.
    Refused,
    /// Its stream was given up by the client, or with the connection.
    Cancelled,
}

/// One call that is being observed.
pub(crate) struct ObservedCall {
    core: Arc<Core>,
    method: Arc<str>,
    since: Instant,
    has_ended: Cell<bool>,
}

impl ObservedCall {
    /// Reports the beginning of a call, if anybody listens.
    pub(crate) fn begin(core: &Arc<Core>, method: &Arc<str>) -> Option<Self> {
        core.observer.as_ref()?.invocation_started(method);
        Some(Self {
            core: Arc::clone(core),
            method: Arc::clone(method),
            since: Instant::now(),
            has_ended: Cell::new(false),
        })
    }

    pub(crate) fn end(&self, outcome: InvocationOutcome) {
        if let Some(observer) = &self.core.observer
            && !self.has_ended.replace(true)
        {
            observer.invocation_ended(&self.method, self.since.elapsed(), outcome);
        }
    }
}

impl Drop for ObservedCall {
    /// Only a call that panicked outside of its method has not ended yet.
    fn drop(&mut self) {
        self.end(InvocationOutcome::Failed);
    }
}
