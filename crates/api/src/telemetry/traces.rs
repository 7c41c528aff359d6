//! OpenTelemetry traces: one for each HTTP request and each call of a hub method, and one for each group of messages that is written.
//!
//! Every trace begins here: what a client says of its own traces is not asked. Attributes are names that the program itself gives,
//! never an address with what stands in it.

use std::time::Duration;

use http::{Method, StatusCode};
use hubbub_shared::TRACES;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use super::method_name;
use crate::config::TracesConfig;

/// The target of spans that are for traces alone. No line of the log shows them.
pub(super) const TARGET: &str = TRACES;
/// The target of the hub's own spans.
const HUB: &str = "signalr_hub::server";
/// How long the collector may take for what it is sent.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// What sends traces to the collector, if there is one.
pub(super) fn provider(
    config: &TracesConfig,
) -> Result<Option<SdkTracerProvider>, ExporterBuildError> {
    let Some(endpoint) = &config.endpoint else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("hubbub")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .with_sampler(Sampler::TraceIdRatioBased(1.0 / f64::from(config.one_in)))
        .build();
    Ok(Some(provider))
}

pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let targets = Targets::new()
        .with_target(TARGET, LevelFilter::INFO)
        .with_target(HUB, LevelFilter::DEBUG);
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("hubbub"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(targets)
}

/// The span of an HTTP request.
pub(crate) fn of_request() -> Span {
    tracing::info_span!(target: TARGET, parent: None, "request", otel.kind = "server")
}

/// The id of the trace that a span is in, 32 hexadecimal digits, if there are traces.
pub(crate) fn id_of(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// Notes what became of a request; `None` is a route that was not found, which is where the web client answers.
pub(crate) fn answered(span: &Span, method: &Method, route: Option<&str>, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    let method = method_name(method);
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    span.context().span().update_name(name);
    span.set_attribute("http.request.method", method);
    if let Some(route) = route {
        span.set_attribute("http.route", route.to_owned());
    }
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}
