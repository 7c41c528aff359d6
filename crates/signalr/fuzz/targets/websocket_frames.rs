//! WebSocket frames, whole and cut in two: both must mean the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_hub::fuzzing::websocket;
use signalr_hub_fuzz::{Counting, within_bounds};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, data) = input;
    let whole = within_bounds(data, || websocket(&[data]));
    let (head, tail) = data.split_at(usize::from(cut).min(data.len()));
    assert_eq!(whole, websocket(&[head, tail]));
});
