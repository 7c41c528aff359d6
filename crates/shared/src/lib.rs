//! Small extensions of the standard library that two crates or more need.
