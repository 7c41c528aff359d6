//! What a node measures, in the format of Prometheus.
//!
//! Labels are names that the program itself gives: methods, routes, transports. Never people or conversations, of which there is no
//! end. docs/operations.md says what each metric means; a test compares it with what is served.

mod gathered;
mod instruments;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub(crate) use gathered::Gathered;
pub(crate) use instruments::Instruments;

/// Before the name of every metric.
const PREFIX: &str = "hubbub";
/// What `encode` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`, for a listener that only the operator reaches.
pub(crate) fn router(instruments: &Instruments, gathered: Gathered) -> Router {
    let mut registry = Registry::with_prefix(PREFIX);
    instruments.register(&mut registry);
    registry.register_collector(Box::new(gathered));
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::new(registry))
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
