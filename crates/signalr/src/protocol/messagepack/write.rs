//! Writing hub messages as MessagePack arrays.

use crate::error::SendError;
use crate::protocol::{Arguments, Encode, HubProtocol};

pub(in crate::protocol) fn array_header(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("a message has few elements");
    rmp::encode::write_array_len(out, count).expect("writing to memory does not fail");
}

fn string(out: &mut Vec<u8>, text: &str) {
    rmp::encode::write_str(out, text).expect("writing to memory does not fail");
}

const NIL: u8 = 0xc0;
const NO_HEADERS: u8 = 0x80;

fn begin(out: &mut Vec<u8>, elements: usize, kind: u8, invocation_id: Option<&str>) {
    array_header(out, elements);
    out.extend_from_slice(&[kind, NO_HEADERS]);
    match invocation_id {
        Some(id) => string(out, id),
        None => out.push(NIL),
    }
}

pub(in crate::protocol) fn invocation<A: Arguments + ?Sized>(
    out: &mut Vec<u8>,
    invocation_id: Option<&str>,
    target: &str,
    arguments: &A,
) -> Result<(), SendError> {
    begin(out, 6, 1, invocation_id);
    string(out, target);
    arguments.encode_arguments(HubProtocol::MessagePack, out)?;
    array_header(out, 0);
    Ok(())
}

pub(in crate::protocol) fn stream_item<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    item: &T,
) -> Result<(), SendError> {
    begin(out, 4, 2, Some(id));
    item.encode(HubProtocol::MessagePack, out)
}

pub(in crate::protocol) fn result<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    result: &T,
) -> Result<(), SendError> {
    begin(out, 5, 3, Some(id));
    out.push(3);
    result.encode(HubProtocol::MessagePack, out)
}

pub(in crate::protocol) fn void(out: &mut Vec<u8>, id: &str) {
    begin(out, 4, 3, Some(id));
    out.push(2);
}

pub(in crate::protocol) fn error(out: &mut Vec<u8>, id: &str, error: &str) {
    begin(out, 5, 3, Some(id));
    out.push(1);
    string(out, error);
}

pub(in crate::protocol) fn close(out: &mut Vec<u8>, error: Option<&str>, allow_reconnect: bool) {
    array_header(out, 3);
    out.push(7);
    match error {
        Some(error) => string(out, error),
        None => out.push(NIL),
    }
    out.push(if allow_reconnect { 0xc3 } else { 0xc2 });
}

pub(in crate::protocol) fn sequenced(out: &mut Vec<u8>, kind: u8, sequence_id: u64) {
    array_header(out, 2);
    out.push(kind);
    rmp::encode::write_uint(out, sequence_id).expect("writing to memory does not fail");
}
