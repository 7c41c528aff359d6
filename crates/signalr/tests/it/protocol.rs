//! The two encodings of hub messages.

mod handshakes;
mod json;
mod limits;
mod messagepack;
mod round_trips;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use signalr_hub::protocol::{CompletionResult, HubProtocol, Message, framing};

const DEPTH: usize = 64;
const LIMIT: usize = 32 * 1024;

/// A message in a form that can be compared.
fn describe(message: &Message<'_>) -> String {
    let payload =
        |payload: &signalr_hub::protocol::Payload<'_>| payload.read::<Value>().unwrap().to_string();
    match message {
        Message::Invocation {
            invocation_id,
            target,
            arguments,
            stream_ids,
            streaming,
        } => {
            let arguments: Vec<_> = (0..arguments.len())
                .map(|index| payload(&arguments.get(index).unwrap()))
                .collect();
            let kind = if *streaming {
                "stream invocation"
            } else {
                "invocation"
            };
            let (id, streams) = (
                invocation_id.as_deref().unwrap_or("-"),
                stream_ids.join(","),
            );
            format!(
                "{kind} {id} {target}({}) streams [{streams}]",
                arguments.join(", ")
            )
        }
        Message::StreamItem {
            invocation_id,
            item,
        } => format!("item {invocation_id} {}", payload(item)),
        Message::Completion {
            invocation_id,
            result,
        } => match result {
            CompletionResult::Value(value) => format!("result {invocation_id} {}", payload(value)),
            CompletionResult::Error(error) => format!("error {invocation_id} {error}"),
            CompletionResult::Void => format!("void {invocation_id}"),
        },
        Message::CancelInvocation { invocation_id } => format!("cancel {invocation_id}"),
        Message::Ping => "ping".to_owned(),
        Message::Close {
            error,
            allow_reconnect,
        } => format!("close {error:?} {allow_reconnect}"),
        Message::Ack(number) => format!("ack {number}"),
        Message::Sequence(number) => format!("sequence {number}"),
        Message::Unknown => "unknown".to_owned(),
    }
}

fn decoded(protocol: HubProtocol, record: &[u8]) -> String {
    match protocol.decode(record, DEPTH) {
        Ok(message) => describe(&message),
        Err(error) => format!("! {error}"),
    }
}

fn json_text(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    assert_eq!(out.pop(), Some(framing::RECORD_SEPARATOR));
    String::from_utf8(out).unwrap()
}

/// The MessagePack body, without its length, in base64.
fn packed(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    let record = framing::next_record(HubProtocol::MessagePack, &out, 0, LIMIT)
        .unwrap()
        .unwrap();
    assert_eq!(record.consumed, out.len());
    STANDARD.encode(record.body)
}
