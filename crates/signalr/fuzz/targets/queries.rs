//! The queries of negotiations and connections.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_hub_fuzz::{Counting, within_bounds};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|query: &str| within_bounds(query.as_bytes(), || signalr_hub::fuzzing::query(query)));
