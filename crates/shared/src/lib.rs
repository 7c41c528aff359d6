//! Small extensions of the standard library that two crates or more need.
//!
//! Not here: errors, configuration, wire types, anything async. The crate stays under 300 lines.

mod causes;

pub use causes::Causes;
