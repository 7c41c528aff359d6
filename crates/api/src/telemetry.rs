//! Logging: constant messages, values as fields, to standard error. Never texts of people, never tokens.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogConfig, LogFormat};

/// Begins logging as configured. Once it has begun, beginning again changes nothing.
pub fn init(config: &LogConfig) {
    let filter: Targets = config.level.parse().unwrap_or_default();
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let already = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
    if already.is_err() {
        tracing::debug!("logging has begun already");
    }
}
