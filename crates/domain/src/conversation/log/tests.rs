use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::conversation::{ConversationName, Title};
use crate::ids::{ClientId, ConversationId, MessageId};
use crate::message::{RequestHash, Text};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn group() -> Conversation {
    let title = Title {
        name: ConversationName::parse("Tea").unwrap(),
        topic: None,
    };
    let id = ConversationId::from_uuid(Uuid::nil());
    Conversation::found(id, Subject::Group(title), at(0))
}

fn body(text: &str) -> MessageBody {
    MessageBody::parse(text.to_owned()).unwrap()
}

fn message() -> NewMessage {
    NewMessage {
        id: MessageId::from_uuid(Uuid::nil()),
        sender_id: user(1),
        client_id: ClientId::from_uuid(Uuid::nil()),
        request_hash: RequestHash([0; 32]),
        content: Content::Text(Text::new(body("hi"), Mentions::default())),
        reply_to: None,
        thread_root: None,
    }
}

#[test]
fn who_joins_a_group_later_sees_what_is_written_from_then_on() {
    let mut group = group();
    let founder = group.admit(user(1), MemberRole::Owner, at(1));
    let first = group.post(message(), at(2));
    let late = group.admit(user(2), MemberRole::Member, at(3));
    let second = group.post(message(), at(4));
    assert!(founder.shows(first.seq, first.rev));
    assert!(!late.shows(first.seq, first.rev));
    assert!(late.shows(second.seq, second.rev));
    group.change_settings(SettingsChange {
        history: Some(HistoryVisibility::All),
        ..SettingsChange::default()
    });
    let later = group.admit(user(3), MemberRole::Member, at(5));
    assert_eq!(
        later.visible_from_seq, first.seq,
        "only later joins are concerned"
    );
}

#[test]
fn a_clock_that_goes_back_does_not_turn_time_back() {
    let mut group = group();
    assert_eq!(group.post(message(), at(100)).sent_at, at(100));
    assert_eq!(group.post(message(), at(40)).sent_at, at(100));
}

#[test]
fn an_edit_keeps_what_was_said_before() {
    let mut group = group();
    let mut message = group.post(message(), at(1));
    let before = group.edit(&mut message, body("ho"), Mentions::default(), at(9));
    assert_eq!(
        before,
        Ok(Some(Revision {
            body: body("hi"),
            written_at: at(1)
        }))
    );
    assert_eq!(
        (message.created_rev, message.rev),
        (Rev::new(1), Rev::new(2))
    );
    let again = group.edit(&mut message, body("ho"), Mentions::default(), at(9));
    assert_eq!(again, Ok(None));
    assert_eq!(group.last_rev, Rev::new(2), "no change, no number");
}

#[test]
fn only_the_author_takes_back_an_own_deletion_and_not_for_long() {
    let (author, admin) = (user(1), user(2));
    let mut group = group();
    let original = group.post(message(), at(1));
    let mut own = original.clone();
    assert_eq!(group.delete(&mut own, author, at(10)), Ok(true));
    assert_eq!(group.delete(&mut own, author, at(11)), Ok(false));
    assert_eq!(
        group.restore(&mut own.clone(), admin, at(12)),
        Err(Unchangeable::NotRestorable)
    );
    let late = at(10).plus(UNDO_DELETE + Duration::from_micros(1));
    assert_eq!(
        group.restore(&mut own.clone(), author, late),
        Err(Unchangeable::NotRestorable)
    );
    assert_eq!(group.restore(&mut own, author, at(12)), Ok(true));
    assert_eq!(own.content, original.content);
    let mut by_admin = original;
    group.delete(&mut by_admin, admin, at(20)).unwrap();
    assert_eq!(
        group.restore(&mut by_admin, author, at(21)),
        Err(Unchangeable::NotRestorable)
    );
}

#[test]
fn what_was_deleted_cannot_be_changed() {
    let mut group = group();
    let mut gone = group.post(message(), at(1));
    group.delete(&mut gone, user(1), at(2)).unwrap();
    let thumb = Emoji::parse("👍").unwrap();
    assert_eq!(
        group.add_reaction(&mut gone, user(2), thumb),
        Err(Unchangeable::Deleted)
    );
    assert_eq!(
        group.pin(&mut gone, user(2), at(3)),
        Err(Unchangeable::Deleted)
    );
    let edit = group.edit(&mut gone, body("x"), Mentions::default(), at(3));
    assert_eq!(edit, Err(Unchangeable::Deleted));
}

proptest! {
    #[test]
    fn numbers_have_no_holes_whatever_happens(steps in proptest::collection::vec(0_u8..8, 0..80)) {
        let mut group = group();
        let (mut seqs, mut revs) = (Vec::new(), Vec::new());
        let (mut stays, mut messages): (Vec<Membership>, Vec<Message>) = (Vec::new(), Vec::new());
        let thumb = Emoji::parse("👍").unwrap();
        for (step, what) in steps.into_iter().enumerate() {
            let now = at(i64::try_from(step).unwrap());
            let (before, last) = (group.last_rev, messages.last_mut());
            match (what, last) {
                (0, _) | (4.., None) => {
                    let message = group.post(message(), now);
                    seqs.push(message.seq.get());
                    messages.push(message);
                }
                (1, _) => stays.push(group.admit(user(step as u128), MemberRole::Member, now)),
                (2, _) => if let Some(mut stay) = stays.pop() {
                    group.release(&mut stay);
                },
                (3, _) => {
                    let name = ConversationName::parse(&format!("Tea {}", step % 2)).unwrap();
                    group.change_settings(SettingsChange { name: Some(name), ..SettingsChange::default() });
                }
                (4, Some(last)) => { let _ = group.edit(last, body(&step.to_string()), Mentions::default(), now); }
                (5, Some(last)) => { let _ = group.delete(last, user(1), now); }
                (6, Some(last)) => { let _ = group.restore(last, user(1), now); }
                (_, Some(last)) => { let _ = group.add_reaction(last, user(step as u128 % 3), thumb.clone()); }
            }
            prop_assert!(group.last_rev == before || group.last_rev == before.next());
            if group.last_rev != before {
                revs.push(group.last_rev.get());
            }
        }
        prop_assert!(seqs.iter().copied().eq(1..=group.last_seq.get()));
        prop_assert!(revs.iter().copied().eq(1..=group.last_rev.get()));
        prop_assert_eq!(group.member_count, i64::try_from(stays.len()).unwrap());
    }
}
