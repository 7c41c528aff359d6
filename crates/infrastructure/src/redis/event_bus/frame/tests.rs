use hubbub_application::events::Event;
use hubbub_domain::ids::{SessionId, UserId};
use uuid::Uuid;

use super::*;

const CHANNEL: &str = "hubbub:key:everybody";

fn key(byte: u8) -> ServerKey {
    ServerKey {
        id: "key".to_owned(),
        secret: [byte; 32],
    }
}

fn codec(epoch: u128, node: u128, key_byte: u8) -> FrameCodec {
    FrameCodec::new(
        Epoch::from_uuid(Uuid::from_u128(epoch)),
        NodeId::from_uuid(Uuid::from_u128(node)),
        &key(key_byte),
    )
}

fn event() -> Event {
    Event::SessionEnded {
        user_id: UserId::from_uuid(Uuid::from_u128(7)),
        session_id: SessionId::from_uuid(Uuid::from_u128(8)),
    }
}

fn frame() -> Vec<u8> {
    codec(1, 2, 3).encode(CHANNEL, &Content::from(&event()))
}

fn refusal(codec: &FrameCodec, channel: &str, frame: &[u8]) -> Option<BadFrame> {
    codec.decode(channel, frame).err()
}

#[test]
fn another_node_reads_who_says_what() {
    let Ok(read) = codec(1, 9, 3).decode(CHANNEL, &frame()) else {
        panic!("it is genuine");
    };
    assert_eq!(read.sender, NodeId::from_uuid(Uuid::from_u128(2)));
    let said = read.content.into_event().unwrap();
    assert_eq!(format!("{said:?}"), format!("{:?}", event()));
}

#[test]
fn no_bit_can_be_changed_and_no_byte_left_out() {
    let (codec, frame) = (codec(1, 9, 3), frame());
    for bit in 8..frame.len() * 8 {
        let mut changed = frame.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            refusal(&codec, CHANNEL, &changed),
            Some(BadFrame::Proof),
            "bit {bit}"
        );
    }
    for length in 1..frame.len() {
        assert_eq!(
            refusal(&codec, CHANNEL, &frame[..length]),
            Some(BadFrame::Proof),
            "the first {length} bytes"
        );
    }
}

#[test]
fn it_is_good_on_one_channel_for_one_key_and_one_history() {
    let frame = frame();
    let elsewhere = refusal(&codec(1, 9, 3), "hubbub:key:user:1", &frame);
    assert_eq!(elsewhere, Some(BadFrame::Proof));
    let other_key = refusal(&codec(1, 9, 4), CHANNEL, &frame);
    assert_eq!(other_key, Some(BadFrame::Proof));
    let other_epoch = refusal(&codec(2, 9, 3), CHANNEL, &frame);
    assert_eq!(other_epoch, Some(BadFrame::Epoch));
}

#[test]
fn another_version_is_not_even_looked_at() {
    let mut frame = frame();
    frame[0] = VERSION + 1;
    let codec = codec(1, 9, 3);
    assert_eq!(refusal(&codec, CHANNEL, &frame), Some(BadFrame::Version));
    assert_eq!(refusal(&codec, CHANNEL, b""), Some(BadFrame::Version));
}
