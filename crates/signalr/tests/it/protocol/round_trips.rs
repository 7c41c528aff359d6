//! What is written reads the same, whatever it is.

use proptest::prelude::*;
use serde_json::Value;
use signalr_hub::protocol::framing::{self, Record};
use signalr_hub::protocol::{HubProtocol, Message, handshake};

use super::{DEPTH, LIMIT, decoded};

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
