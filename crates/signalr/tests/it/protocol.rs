//! The two encodings of hub messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use signalr_hub::protocol::framing::{self, Record};
use signalr_hub::protocol::{CompletionResult, HubProtocol, Message, handshake};

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

#[test]
fn json_messages_look_like_this() {
    const P: HubProtocol = HubProtocol::Json;
    assert_snapshot!(json_text(|o| P.encode_invocation(o, None, "T", &()).unwrap()), @r#"{"type":1,"target":"T","arguments":[]}"#);
    assert_snapshot!(json_text(|o| P.encode_invocation(o, Some("s1"), "T", &(1, "é<", [1u8], None::<i32>)).unwrap()), @r#"{"type":1,"invocationId":"s1","target":"T","arguments":[1,"é<",[1],null]}"#);
    assert_snapshot!(json_text(|o| P.encode_stream_item(o, "7", &json!({"a": 1})).unwrap()), @r#"{"type":2,"invocationId":"7","item":{"a":1}}"#);
    assert_snapshot!(json_text(|o| P.encode_result(o, "7", &()).unwrap()), @r#"{"type":3,"invocationId":"7","result":null}"#);
    assert_snapshot!(json_text(|o| P.encode_void(o, "7")), @r#"{"type":3,"invocationId":"7"}"#);
    assert_snapshot!(json_text(|o| P.encode_error(o, "7", "a \"b\"\u{1e}")), @r#"{"type":3,"invocationId":"7","error":"a \"b\"\u001e"}"#);
    assert_snapshot!(json_text(|o| P.encode_ping(o)), @r#"{"type":6}"#);
    assert_snapshot!(json_text(|o| P.encode_close(o, None, false)), @r#"{"type":7}"#);
    assert_snapshot!(json_text(|o| P.encode_close(o, Some("e"), true)), @r#"{"type":7,"error":"e","allowReconnect":true}"#);
    assert_snapshot!(json_text(|o| P.encode_ack(o, 42)), @r#"{"type":8,"sequenceId":42}"#);
    assert_snapshot!(json_text(|o| P.encode_sequence(o, 146)), @r#"{"type":9,"sequenceId":146}"#);
}

/// The vectors that every implementation of the MessagePack protocol knows.
#[test]
fn messagepack_golden_vectors_are_read() {
    for (base64, meaning) in [
        (
            "lgGAo3h5eqZtZXRob2SQkA==",
            "invocation xyz method() streams []",
        ),
        ("lgGAwKZtZXRob2SRKpA=", "invocation - method(42) streams []"),
        (
            "lgGAwKZUYXJnZXSQkatfX3Rlc3RfaWRfXw==",
            "invocation - Target() streams [__test_id__]",
        ),
        ("lAKAo3h5eio=", "item xyz 42"),
        ("lAKAo3h5espCKAAA", "item xyz 42.0"),
        (
            "lQOAo3h5egGwRXJyb3Igbm90IGZvdW5kIQ==",
            "error xyz Error not found!",
        ),
        ("lAOAo3h5egI=", "void xyz"),
        ("lQOAo3h5egMq", "result xyz 42"),
        ("lQOAo3h5egPD", "result xyz true"),
        (
            "lgSAo3h5eqZtZXRob2SRKpA=",
            "stream invocation xyz method(42) streams []",
        ),
        ("kwWAo3h5eg==", "cancel xyz"),
        ("kQY=", "ping"),
        ("kwfAwg==", "close None false"),
        ("kwemRXJyb3Ihwg==", "close Some(\"Error!\") false"),
        ("kwfAww==", "close None true"),
        ("kggq", "ack 42"),
        ("kgnMkg==", "sequence 146"),
    ] {
        assert_eq!(
            decoded(HubProtocol::MessagePack, &STANDARD.decode(base64).unwrap()),
            meaning,
            "{base64}"
        );
    }
}

#[test]
fn messagepack_messages_are_written_as_the_golden_vectors() {
    const P: HubProtocol = HubProtocol::MessagePack;
    assert_eq!(
        packed(|o| P.encode_invocation(o, Some("xyz"), "method", &()).unwrap()),
        "lgGAo3h5eqZtZXRob2SQkA=="
    );
    assert_eq!(
        packed(|o| P.encode_invocation(o, None, "method", &(42,)).unwrap()),
        "lgGAwKZtZXRob2SRKpA="
    );
    assert_eq!(
        packed(|o| P.encode_stream_item(o, "xyz", &42).unwrap()),
        "lAKAo3h5eio="
    );
    assert_eq!(
        packed(|o| P.encode_stream_item(o, "xyz", &42.0f32).unwrap()),
        "lAKAo3h5espCKAAA"
    );
    assert_eq!(
        packed(|o| P.encode_error(o, "xyz", "Error not found!")),
        "lQOAo3h5egGwRXJyb3Igbm90IGZvdW5kIQ=="
    );
    assert_eq!(packed(|o| P.encode_void(o, "xyz")), "lAOAo3h5egI=");
    assert_eq!(
        packed(|o| P.encode_result(o, "xyz", &42).unwrap()),
        "lQOAo3h5egMq"
    );
    assert_eq!(
        packed(|o| P.encode_result(o, "xyz", &true).unwrap()),
        "lQOAo3h5egPD"
    );
    assert_eq!(packed(|o| P.encode_ping(o)), "kQY=");
    assert_eq!(packed(|o| P.encode_close(o, None, false)), "kwfAwg==");
    assert_eq!(
        packed(|o| P.encode_close(o, Some("Error!"), false)),
        "kwemRXJyb3Ihwg=="
    );
    assert_eq!(packed(|o| P.encode_close(o, None, true)), "kwfAww==");
    assert_eq!(packed(|o| P.encode_ack(o, 42)), "kggq");
    assert_eq!(packed(|o| P.encode_sequence(o, 146)), "kgnMkg==");
}

#[test]
fn json_messages_are_read_in_any_order_and_unknown_ones_are_skipped() {
    for (text, meaning) in [
        (
            r#"{"arguments":[[1],{"a":2}],"streamIds":["u"],"target":"T","x":[{}],"headers":{"a":"b"},"type":1}"#,
            r#"invocation - T([1], {"a":2}) streams [u]"#,
        ),
        (
            r#"{"type":1,"target":"T\u00e9","arguments":[],"invocationId":""}"#,
            "invocation - Té() streams []",
        ),
        (
            r#"{"type":4,"invocationId":"1","target":"T","arguments":[null],"streamIds":null}"#,
            "stream invocation 1 T(null) streams []",
        ),
        (
            r#"{"type":2,"invocationId":"1","item":null}"#,
            "item 1 null",
        ),
        (
            r#"{"type":3,"invocationId":"1","result":null,"error":null}"#,
            "result 1 null",
        ),
        (r#"{"type":3,"invocationId":"1"}"#, "void 1"),
        (r#" { "type" : 6 } "#, "ping"),
        (r#"{"type":7,"allowReconnect":false}"#, "close None false"),
        (r#"{"type":99,"target":[]}"#, "unknown"),
    ] {
        assert_eq!(
            decoded(HubProtocol::Json, text.as_bytes()),
            meaning,
            "{text}"
        );
    }
}

#[test]
fn broken_json_messages_are_refused_with_these_texts() {
    for (text, error) in [
        ("", "Error reading JSON."),
        ("{", "Error reading JSON."),
        ("[]", "Error reading JSON."),
        (r#"{"type":6,}"#, "Error reading JSON."),
        (r#"{"type":6}x"#, "Error reading JSON."),
        ("{}", "Missing required property 'type'."),
        (r#"{"type":"1"}"#, "Expected 'type' to be of type Number."),
        (
            r#"{"type":1,"arguments":[]}"#,
            "Missing required property 'target'.",
        ),
        (
            r#"{"type":1,"target":"T"}"#,
            "Missing required property 'arguments'.",
        ),
        (
            r#"{"type":1,"target":1,"arguments":[]}"#,
            "Expected 'target' to be of type String.",
        ),
        (
            r#"{"type":1,"target":"T","arguments":{}}"#,
            "Expected 'arguments' to be of type Array.",
        ),
        (
            r#"{"type":1,"target":"T","arguments":[],"streamIds":1}"#,
            "Expected 'streamIds' to be of type Array.",
        ),
        (
            r#"{"type":1,"target":"T","arguments":[],"invocationId":1}"#,
            "Expected 'invocationId' to be of type String.",
        ),
        (
            r#"{"type":1,"target":"T","arguments":[],"headers":[]}"#,
            "Expected 'headers' to be of type Object.",
        ),
        (
            r#"{"type":1,"target":"T","arguments":[],"headers":{"k":1}}"#,
            "Expected header 'k' to be of type String.",
        ),
        (
            r#"{"type":4,"target":"T","arguments":[]}"#,
            "Missing required property 'invocationId'.",
        ),
        (
            r#"{"type":2,"invocationId":"1"}"#,
            "Missing required property 'item'.",
        ),
        (
            r#"{"type":3,"result":1}"#,
            "Missing required property 'invocationId'.",
        ),
        (
            r#"{"type":3,"invocationId":"1","result":1,"error":"e"}"#,
            "The 'error' and 'result' properties are mutually exclusive.",
        ),
        (r#"{"type":5}"#, "Missing required property 'invocationId'."),
        (r#"{"type":8}"#, "Missing required property 'sequenceId'."),
        (
            r#"{"type":9,"sequenceId":-1}"#,
            "Expected 'sequenceId' to be of type Number.",
        ),
    ] {
        assert_eq!(
            decoded(HubProtocol::Json, text.as_bytes()),
            format!("! {error}"),
            "{text}"
        );
    }
    assert_eq!(
        decoded(HubProtocol::Json, b"{\"type\":\xff}"),
        "! Error reading JSON."
    );
}

#[test]
fn shorter_and_longer_messagepack_messages_are_accepted() {
    for (bytes, meaning) in [
        (
            &b"\x95\x01\x80\xc0\xa1T\x90"[..],
            "invocation - T() streams []",
        ),
        (
            b"\x97\x01\xc0\xa0\xa1T\x90\xc0\x07",
            "invocation - T() streams []",
        ),
        (b"\x92\x07\xc0", "close None false"),
        (b"\x92\x08\xcf\x00\x00\x00\x00\x00\x00\x00\x05", "ack 5"),
        (b"\x93\x06\x01\x02", "ping"),
        (b"\x92\x63\x01", "unknown"),
    ] {
        assert_eq!(decoded(HubProtocol::MessagePack, bytes), meaning);
    }
}

#[test]
fn broken_messagepack_messages_are_refused_with_these_texts() {
    for (bytes, error) in [
        (&b""[..], "Reading 'message' as Array failed."),
        (b"\x90", "Missing field 'type'."),
        (b"\x81\x01\x02", "Reading 'message' as Array failed."),
        (b"\x91\xa1x", "Reading 'type' as Int32 failed."),
        (
            b"\x96\x01\x81\xa1k\x01\xc0\xa1T\x90\x90",
            "Reading 'header value' as String failed.",
        ),
        (b"\x96\x01\x80\xc0\xc0\x90\x90", "Null or empty target."),
        (
            b"\x96\x01\x80\xc0\xa1T\x01\x90",
            "Reading 'arguments' as Array failed.",
        ),
        (b"\x94\x03\x80\xa1x\x09", "Invalid invocation result kind."),
        (b"\x93\x05\x80\xc0", "Null or empty invocationId."),
        (b"\x92\x08\xff", "Reading 'sequenceId' as Int64 failed."),
    ] {
        assert_eq!(
            decoded(HubProtocol::MessagePack, bytes),
            format!("! {error}"),
            "{bytes:x?}"
        );
    }
}

#[test]
fn declared_counts_that_the_bytes_do_not_bear_out_are_refused() {
    for bytes in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\x96\x01\x80\xc0\xa1T\xdd\xff\xff\xff\xff\x01",
        b"\x96\x01\xdf\xff\xff\xff\xff",
        b"\x94\x02\x80\xa1x\xdb\xff\xff\xff\xff",
        b"\x94\x02\x80\xa1x\xc6\xff\xff\xff\xff",
        b"\x94\x02\x80\xa1x\xdf\xff\xff\xff\xff",
        b"\x94\x02\x80\xa1x\xc9\xff\xff\xff\xff\x01",
        b"\x94\x02\x80\xa1x\xc1",
    ] {
        assert!(
            HubProtocol::MessagePack.decode(bytes, DEPTH).is_err(),
            "{bytes:x?}"
        );
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| {
        let text = format!(
            r#"{{"type":1,"target":"T","arguments":[{}{}]}}"#,
            "[".repeat(depth - 2),
            "]".repeat(depth - 2)
        );
        HubProtocol::Json.decode(text.as_bytes(), 32).is_ok()
    };
    assert!(nested(32) && !nested(33) && !nested(20_000));
    let in_a_string = format!(
        r#"{{"type":1,"target":"T","arguments":["\"{}"]}}"#,
        "[".repeat(100)
    );
    assert!(HubProtocol::Json.decode(in_a_string.as_bytes(), 32).is_ok());

    let nested = |depth: usize| {
        let mut bytes = b"\x94\x02\x80\xa1x".to_vec();
        bytes.resize(bytes.len() + depth, 0x91);
        bytes.push(0xc0);
        HubProtocol::MessagePack.decode(&bytes, 32).is_ok()
    };
    assert!(nested(32) && !nested(33) && !nested(20_000));
}

#[test]
fn sizes_are_refused_as_soon_as_they_are_known() {
    let next = |protocol, buffer: &[u8]| {
        framing::next_record(protocol, buffer, 0, 100).map(|record| record.is_some())
    };
    assert_eq!(next(HubProtocol::MessagePack, &[98]), Ok(false));
    assert!(
        next(HubProtocol::MessagePack, &[100]).is_err(),
        "the prefix counts"
    );
    assert!(next(HubProtocol::MessagePack, &[0x80, 0x80, 0x80, 0x80, 0x01]).is_err());
    let error = next(HubProtocol::MessagePack, &[0xff, 0xff, 0xff, 0xff, 0x08]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Messages over 2GB in size are not supported."
    );
    assert_eq!(next(HubProtocol::MessagePack, &[0xff; 4]), Ok(false));

    assert_eq!(next(HubProtocol::Json, &[b' '; 99]), Ok(false));
    assert!(next(HubProtocol::Json, &[b' '; 100]).is_err());
    let mut whole = [b' '; 100];
    whole[99] = framing::RECORD_SEPARATOR;
    assert_eq!(next(HubProtocol::Json, &whole), Ok(true));
}

#[test]
fn handshake_requests_are_read_and_refused_with_these_texts() {
    let read = |text: &str| match handshake::decode(text.as_bytes()) {
        Ok(request) => format!("{} {}", request.protocol, request.version),
        Err(error) => error.to_string(),
    };
    for (text, meaning) in [
        (r#"{"protocol":"json","version":1}"#, "json 1"),
        (r#"{"version":0,"x":[1,{}],"protocol":"dummy"}"#, "dummy 0"),
        (
            "42",
            "Unexpected JSON Token Type 'Number'. Expected a JSON Object.",
        ),
        (
            "\"42\"",
            "Unexpected JSON Token Type 'String'. Expected a JSON Object.",
        ),
        (
            "null",
            "Unexpected JSON Token Type 'Null'. Expected a JSON Object.",
        ),
        (
            "[]",
            "Unexpected JSON Token Type 'StartArray'. Expected a JSON Object.",
        ),
        (
            "{}",
            "Missing required property 'protocol'. Message content: {}",
        ),
        (
            r#"{"protocol":"json"}"#,
            r#"Missing required property 'version'. Message content: {"protocol":"json"}"#,
        ),
        (
            r#"{"version":1}"#,
            r#"Missing required property 'protocol'. Message content: {"version":1}"#,
        ),
        (
            r#"{"protocol":"json","version":"123"}"#,
            "Expected 'version' to be of type Number.",
        ),
        (
            r#"{"protocol":null,"version":123}"#,
            "Expected 'protocol' to be of type String.",
        ),
        ("{", "Error reading JSON."),
        ("", "Error reading JSON."),
    ] {
        assert_eq!(read(text), meaning, "{text}");
    }
    assert_eq!(
        handshake::refusal("a \"b\""),
        b"{\"error\":\"a \\\"b\\\"\"}\x1e"
    );
}

/// Any JSON value that both protocols can carry.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn protocols() -> impl Strategy<Value = HubProtocol> {
    prop_oneof![Just(HubProtocol::Json), Just(HubProtocol::MessagePack)]
}

/// What is written reads the same, and no part of it reads as anything.
fn round_trip(
    protocol: HubProtocol,
    encode: impl FnOnce(&mut Vec<u8>),
    meaning: &str,
) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    encode(&mut out);
    let limit = out.len() + 1;
    let record = framing::next_record(protocol, &out, 0, limit)
        .unwrap()
        .expect("a whole record");
    prop_assert_eq!(record.consumed, out.len());
    prop_assert_eq!(decoded(protocol, record.body), meaning);
    for cut in 0..out.len() {
        prop_assert_eq!(
            framing::next_record(protocol, &out[..cut], 0, limit),
            Ok(None::<Record<'_>>)
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn invocations_survive_the_round_trip(
        protocol in protocols(), id in "[a-z0-9]{1,8}", target in "\\PC{1,12}", first in values(), second in values()
    ) {
        let meaning = format!("invocation {id} {target}({first}, {second}) streams []");
        let encode = |out: &mut Vec<u8>| protocol.encode_invocation(out, Some(&id), &target, &(&first, &second)).unwrap();
        round_trip(protocol, encode, &meaning)?;
    }

    #[test]
    fn items_and_results_survive_the_round_trip(protocol in protocols(), id in "\\PC{1,12}", value in values()) {
        round_trip(protocol, |out| protocol.encode_stream_item(out, &id, &value).unwrap(), &format!("item {id} {value}"))?;
        round_trip(protocol, |out| protocol.encode_result(out, &id, &value).unwrap(), &format!("result {id} {value}"))?;
    }

    #[test]
    fn ends_survive_the_round_trip(protocol in protocols(), id in "\\PC{1,12}", text in ".*", number in 0..i64::MAX) {
        let number = u64::try_from(number).unwrap();
        round_trip(protocol, |out| protocol.encode_void(out, &id), &format!("void {id}"))?;
        round_trip(protocol, |out| protocol.encode_error(out, &id, &text), &format!("error {id} {text}"))?;
        round_trip(protocol, |out| protocol.encode_close(out, Some(&text), true), &format!("close {:?} true", Some(&text)))?;
        round_trip(protocol, |out| protocol.encode_ack(out, number), &format!("ack {number}"))?;
        round_trip(protocol, |out| protocol.encode_sequence(out, number), &format!("sequence {number}"))?;
    }

    #[test]
    fn no_bytes_make_a_parser_panic(protocol in protocols(), bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = framing::next_record(protocol, &bytes, 0, LIMIT);
        let _ = handshake::decode(&bytes);
        if let Ok(message) = protocol.decode(&bytes, DEPTH) {
            describe_safely(&message);
        }
    }
}

/// Reads what a message carries; payloads need not be JSON values.
fn describe_safely(message: &Message<'_>) {
    if let Message::Invocation { arguments, .. } = message {
        for index in 0..arguments.len() {
            let _ = arguments.get(index).unwrap().read::<Value>();
        }
    }
}
