//! What is refused for its size, its depth, or a count that it declares.

use signalr_hub::protocol::{HubProtocol, framing};

use super::DEPTH;

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
