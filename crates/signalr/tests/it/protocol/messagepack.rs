//! Messages in MessagePack.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signalr_hub::protocol::HubProtocol;

use super::{decoded, packed};

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
