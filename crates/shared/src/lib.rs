//! Small extensions of the standard library that two crates or more need.
//!
//! Not here: errors, configuration, wire types, anything async. The crate stays under 300 lines.

mod causes;

pub use causes::Causes;

/// The target of `tracing` spans that are for OpenTelemetry traces alone, and not for the log.
pub const TRACES: &str = "hubbub::traces";
