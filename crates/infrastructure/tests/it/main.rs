//! The conformance suite of storage, written over the traits, and its run for every database.

mod conformance;
mod sqlite;
