//! Where records begin and end, with a small limit so that it is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_hub::protocol::{HubProtocol, framing};
use signalr_hub_fuzz::{Counting, within_bounds};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Ok(Some(record)) = within_bounds(data, || {
        framing::next_record(HubProtocol::MessagePack, rest, 0, 256)
    }) {
        assert!(record.consumed > record.body.len() && record.consumed <= 256);
        rest = &rest[record.consumed..];
    }
});
