//! Messages in JSON.

use insta::assert_snapshot;
use serde_json::json;
use signalr_hub::protocol::HubProtocol;

use super::{decoded, json_text};

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
