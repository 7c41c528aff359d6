//! The spans of a hub: one for each invocation, and one for each end of a connection.

use tracing::Span;
use tracing::field::Empty;

use crate::connection::Connection;
use crate::error::HubError;

/// `on_connected`, with the filters around it.
pub(crate) fn on_connected(connection: &Connection) -> Span {
    tracing::debug_span!(
        target: "signalr_hub::server",
        parent: None,
        "OnConnected",
        otel.kind = "internal",
        rpc.system = "signalr",
        connection.id = %connection.id,
        error.type = Empty,
    )
}

/// `on_disconnected`, with the filters around it.
pub(crate) fn on_disconnected(connection: &Connection) -> Span {
    tracing::debug_span!(
        target: "signalr_hub::server",
        parent: None,
        "OnDisconnected",
        otel.kind = "internal",
        rpc.system = "signalr",
        connection.id = %connection.id,
        error.type = Empty,
    )
}

/// An invocation from its method's beginning to its completion, that of its stream included. The name is the one under which the method was added.
pub(crate) fn invocation(connection: &Connection, method: &str) -> Span {
    tracing::debug_span!(
        target: "signalr_hub::server",
        parent: None,
        "InvocationIn",
        otel.kind = "server",
        otel.name = method,
        rpc.system = "signalr",
        rpc.method = method,
        connection.id = %connection.id,
        error.type = Empty,
    )
}

/// Notes that what a span stands for has failed.
pub(crate) fn fail(span: &Span, error: &HubError) {
    span.record("error.type", error.type_name());
}
