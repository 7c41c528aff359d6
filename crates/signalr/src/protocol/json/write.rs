//! Writing hub messages as JSON objects.

use crate::error::SendError;
use crate::protocol::{Arguments, Encode, HubProtocol};

fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string is serialisable");
}

fn begin(out: &mut Vec<u8>, kind: u8, invocation_id: &str) {
    out.extend_from_slice(b"{\"type\":");
    out.push(b'0' + kind);
    out.extend_from_slice(b",\"invocationId\":");
    string(out, invocation_id);
}

pub(in crate::protocol) fn invocation<A: Arguments + ?Sized>(
    out: &mut Vec<u8>,
    invocation_id: Option<&str>,
    target: &str,
    arguments: &A,
) -> Result<(), SendError> {
    match invocation_id {
        Some(id) => begin(out, 1, id),
        None => out.extend_from_slice(b"{\"type\":1"),
    }
    out.extend_from_slice(b",\"target\":");
    string(out, target);
    out.extend_from_slice(b",\"arguments\":");
    arguments.encode_arguments(HubProtocol::Json, out)?;
    out.push(b'}');
    Ok(())
}

pub(in crate::protocol) fn stream_item<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    item: &T,
) -> Result<(), SendError> {
    begin(out, 2, id);
    out.extend_from_slice(b",\"item\":");
    item.encode(HubProtocol::Json, out)?;
    out.push(b'}');
    Ok(())
}

pub(in crate::protocol) fn result<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    result: &T,
) -> Result<(), SendError> {
    begin(out, 3, id);
    out.extend_from_slice(b",\"result\":");
    result.encode(HubProtocol::Json, out)?;
    out.push(b'}');
    Ok(())
}

pub(in crate::protocol) fn void(out: &mut Vec<u8>, id: &str) {
    begin(out, 3, id);
    out.push(b'}');
}

pub(in crate::protocol) fn error(out: &mut Vec<u8>, id: &str, error: &str) {
    begin(out, 3, id);
    out.extend_from_slice(b",\"error\":");
    string(out, error);
    out.push(b'}');
}

pub(in crate::protocol) fn close(out: &mut Vec<u8>, error: Option<&str>, allow_reconnect: bool) {
    out.extend_from_slice(b"{\"type\":7");
    if let Some(error) = error {
        out.extend_from_slice(b",\"error\":");
        string(out, error);
    }
    if allow_reconnect {
        out.extend_from_slice(b",\"allowReconnect\":true");
    }
    out.push(b'}');
}

pub(in crate::protocol) fn sequenced(out: &mut Vec<u8>, kind: u8, sequence_id: u64) {
    out.extend_from_slice(b"{\"type\":");
    out.push(b'0' + kind);
    out.extend_from_slice(format!(",\"sequenceId\":{sequence_id}}}").as_bytes());
}
