use std::time::Duration;

use super::*;
use crate::wire::Outcome;

const ROOM: Uuid = Uuid::from_u128(100);
const ADA: Uuid = Uuid::from_u128(200);

fn key(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn stored(number: u64, seq: u64) -> Message {
    Message {
        seq,
        message_id: Uuid::from_u128(1000 + u128::from(number)),
        client_id: Some(key(number)),
        sender_id: Some(ADA),
        created_rev: seq + 1,
        body: Some(format!("message {number}")),
        sent_at: format!("time {number}"),
    }
}

fn receipt(number: u64, seq: u64) -> Receipt {
    let message = stored(number, seq);
    Receipt {
        conversation_id: ROOM,
        message_id: message.message_id,
        client_id: key(number),
        seq,
        rev: message.created_rev,
        sent_at: message.sent_at,
    }
}

/// Three messages sent one after the other and acknowledged, and one that was not answered.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for number in 1..=4 {
        ledger.begins(key(number), ROOM, ADA, &format!("message {number}"));
        let outcome = match number {
            4 => Outcome::Unknown,
            _ => Outcome::Acknowledged(receipt(number, number)),
        };
        ledger.answered(key(number), outcome);
    }
    ledger
}

fn log(messages: Vec<Message>) -> BTreeMap<Uuid, Log> {
    let head = messages.len() as u64;
    BTreeMap::from([(ROOM, Log { head, messages })])
}

/// The three acknowledged messages as they should be.
fn intact() -> Vec<Message> {
    (1..=3).map(|number| stored(number, number)).collect()
}

#[test]
fn a_log_with_everything_in_it_is_clean_with_the_unknown_one_and_without() {
    let without = audit(&ledger(), &log(intact()));
    assert!(without.is_clean(), "{without}");
    assert_eq!(
        (without.counts.acknowledged, without.unknown_stored),
        (3, 0)
    );

    let mut messages = intact();
    messages.push(stored(4, 4));
    let with = audit(&ledger(), &log(messages));
    assert!(with.is_clean(), "{with}");
    assert_eq!((with.counts.unknown, with.unknown_stored), (1, 1));
}

#[test]
fn an_acknowledged_message_that_is_not_there_is_lost() {
    let mut messages = intact();
    messages.pop();
    let found = audit(&ledger(), &log(messages));
    assert_eq!(
        (found.lost.len(), found.doubled.len(), found.wrong.len()),
        (1, 0, 0)
    );
    assert!(found.to_string().contains("acknowledged as 3"), "{found}");
}

#[test]
fn a_message_that_is_there_twice_is_doubled() {
    let mut messages = intact();
    messages.push(stored(4, 4));
    messages.push(stored(4, 5));
    let found = audit(&ledger(), &log(messages));
    assert_eq!(
        (found.lost.len(), found.doubled.len(), found.wrong.len()),
        (0, 1, 0)
    );
}

#[test]
fn what_differs_from_the_receipt_or_from_what_was_sent_is_wrong() {
    let changes: [fn(&mut Message); 5] = [
        |message| message.body = Some("something else".to_owned()),
        |message| message.sender_id = Some(Uuid::from_u128(201)),
        |message| message.message_id = Uuid::from_u128(1),
        |message| message.sent_at = "another time".to_owned(),
        |message| message.created_rev += 1,
    ];
    for change in changes {
        let mut messages = intact();
        change(&mut messages[1]);
        let found = audit(&ledger(), &log(messages));
        assert_eq!((found.lost.len(), found.wrong.len()), (0, 1), "{found}");
    }
}

#[test]
fn a_hole_a_phantom_and_a_head_that_is_not_there_are_wrong() {
    let mut hole = intact();
    hole.push(stored(4, 5));
    assert_eq!(audit(&ledger(), &log(hole)).wrong.len(), 1);

    let mut phantom = intact();
    phantom.push(stored(9, 4));
    assert_eq!(audit(&ledger(), &log(phantom)).wrong.len(), 1);

    let mut ahead = log(intact());
    ahead.get_mut(&ROOM).unwrap().head = 4;
    assert_eq!(audit(&ledger(), &ahead).wrong.len(), 1);
}

#[test]
fn a_refused_message_that_is_stored_is_counted() {
    let mut ledger = ledger();
    ledger.begins(key(5), ROOM, ADA, "message 5");
    ledger.answered(key(5), Outcome::Refused(Duration::ZERO));
    assert_eq!(audit(&ledger, &log(intact())).refused_stored, 0);

    let mut messages = intact();
    messages.push(stored(5, 4));
    assert_eq!(audit(&ledger, &log(messages)).refused_stored, 1);
}

#[test]
fn a_message_begun_after_an_acknowledgement_has_a_later_place() {
    let mut ledger = Ledger::default();
    for (number, seq) in [(1, 2), (2, 1)] {
        ledger.begins(key(number), ROOM, ADA, &format!("message {number}"));
        let acknowledged = Outcome::Acknowledged(receipt(number, seq));
        ledger.answered(key(number), acknowledged);
    }
    let found = audit(&ledger, &log(vec![stored(2, 1), stored(1, 2)]));
    assert_eq!(found.wrong.len(), 1, "{found}");
}

#[test]
fn what_stood_before_stays_and_needs_no_sender() {
    let mut welcome = stored(9, 1);
    welcome.client_id = None;
    let mut ledger = Ledger::default();
    ledger.stands(ROOM, vec![welcome.clone()]);
    assert!(audit(&ledger, &log(vec![welcome])).is_clean());
    assert_eq!(audit(&ledger, &log(Vec::new())).lost.len(), 1);
}
