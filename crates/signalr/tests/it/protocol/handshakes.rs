//! Handshake requests.

use signalr_hub::protocol::handshake;

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
