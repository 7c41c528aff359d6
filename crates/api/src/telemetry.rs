//! Logging and traces: constant messages, values as fields, to standard error and to a collector. Never texts of people, never tokens.

pub(crate) mod traces;

use std::io::IsTerminal as _;
use std::time::Duration;

use http::Method;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::app::StartError;
use crate::config::{Config, LogConfig, LogFormat};

/// How long what is left of traces may take on its way when the program ends.
const LAST_TRACES: Duration = Duration::from_secs(2);

/// What is to be ended when the program is.
#[must_use = "what was traced last is sent when it is closed"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Begins logging and tracing as configured. Once it has begun, beginning again changes nothing.
///
/// To be called outside every runtime: traces are sent by a thread of their own.
pub fn init(config: &Config) -> Result<Telemetry, StartError> {
    let provider = traces::provider(&config.traces).map_err(StartError::Traces)?;
    let traced = provider.as_ref().map(traces::layer);
    let already = tracing_subscriber::registry()
        .with(traced)
        .with(lines(&config.log))
        .try_init();
    if already.is_err() {
        tracing::debug!("logging has begun already");
    }
    Ok(Telemetry { traces: provider })
}

fn lines<S>(config: &LogConfig) -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let filter: Targets = config.level.parse().unwrap_or_default();
    let filter = filter.with_target(traces::TARGET, LevelFilter::OFF);
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    lines.with_filter(filter)
}

impl Telemetry {
    /// Sends what was traced last, if the collector takes it soon.
    pub fn close(self) {
        let Some(provider) = self.traces else { return };
        if let Err(error) = provider.shutdown_with_timeout(LAST_TRACES) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The name of a method. Clients can invent others.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
