//! Handshake requests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_hub::protocol::handshake;
use signalr_hub_fuzz::{Counting, within_bounds};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = within_bounds(data, || handshake::decode(data)) {
        handshake::refusal(&error.to_string());
    }
});
