//! Hub messages and the values in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr_hub::protocol::HubProtocol;
use signalr_hub_fuzz::{Counting, read_message};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|data: &[u8]| read_message(HubProtocol::Json, data));
