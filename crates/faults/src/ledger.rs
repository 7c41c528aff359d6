//! What senders know.

use std::collections::BTreeMap;
use std::time::Instant;

use uuid::Uuid;

use crate::wire::{Message, Outcome, Receipt};

/// A message that somebody has begun to send.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Where to.
    pub conversation: Uuid,
    /// Who.
    pub sender: Uuid,
    /// What.
    pub body: String,
    /// When it was sent for the first time.
    pub begun: Instant,
    /// What became of it.
    pub fate: Fate,
    /// How often it was sent and answered, or known not to be.
    attempts: u32,
}

/// What became of a message, as far as its sender knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has not been answered, or not in a way that says anything.
    Unknown,
    /// It was answered that it is not stored.
    Refused,
    /// It is stored, and its sender has known so since then.
    Acknowledged(Receipt, Instant),
}

/// How many messages there are of each fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stored, as the sender knows.
    pub acknowledged: usize,
    /// Not stored, as the sender knows.
    pub refused: usize,
    /// Stored or not.
    pub unknown: usize,
    /// How often a send was refused, whatever became of the message later.
    pub refusals: usize,
}

/// Everything that was sent, under its key, and everything that was there before.
#[derive(Debug, Default)]
pub struct Ledger {
    sent: BTreeMap<Uuid, Sent>,
    standing: BTreeMap<Uuid, Vec<Message>>,
    wrong: Vec<String>,
    refusals: usize,
}

impl Ledger {
    /// Notes what a conversation has before anybody sends, which stays.
    pub fn stands(&mut self, conversation: Uuid, messages: Vec<Message>) {
        self.standing.insert(conversation, messages);
    }

    /// Notes a message before it is sent for the first time.
    pub fn begins(&mut self, key: Uuid, conversation: Uuid, sender: Uuid, body: &str) {
        let message = Sent {
            conversation,
            sender,
            body: body.to_owned(),
            begun: Instant::now(),
            fate: Fate::Unknown,
            attempts: 0,
        };
        let earlier = self.sent.insert(key, message);
        assert!(earlier.is_none(), "no key is drawn twice");
    }

    /// Notes how a message was answered. An answer that contradicts an earlier one, or the message, is wrong.
    pub fn answered(&mut self, key: Uuid, outcome: Outcome) {
        let sent = self.sent.get_mut(&key);
        let sent = sent.expect("what is answered was begun");
        sent.attempts += 1;
        self.refusals += usize::from(matches!(outcome, Outcome::Refused(_)));
        match (outcome, &sent.fate) {
            (Outcome::Acknowledged(receipt), Fate::Acknowledged(first, _)) => {
                if receipt != *first {
                    let wrong = format!("was answered with {first:?}, then with {receipt:?}");
                    self.wrong.push(format!("{key} {wrong}"));
                }
            }
            (Outcome::Acknowledged(receipt), _) => {
                if (receipt.client_id, receipt.conversation_id) != (key, sent.conversation) {
                    let wrong = format!("was answered with another's receipt: {receipt:?}");
                    self.wrong.push(format!("{key} {wrong}"));
                }
                sent.fate = Fate::Acknowledged(receipt, Instant::now());
            }
            (Outcome::Wrong(answer), _) => {
                self.wrong.push(format!("{key} was answered with {answer}"));
            }
            (_, Fate::Acknowledged(..)) => {}
            // A later attempt that was refused says nothing about an earlier one that was not answered.
            (Outcome::Refused(_), Fate::Unknown) if sent.attempts > 1 => {}
            (Outcome::Refused(_), _) => sent.fate = Fate::Refused,
            (Outcome::Unknown, _) => sent.fate = Fate::Unknown,
        }
    }

    /// Everything that was sent, by key.
    pub fn sent(&self) -> &BTreeMap<Uuid, Sent> {
        &self.sent
    }

    /// What was there before anybody sent, by conversation.
    pub fn standing(&self) -> &BTreeMap<Uuid, Vec<Message>> {
        &self.standing
    }

    /// Answers that nobody should have got.
    pub fn wrong(&self) -> &[String] {
        &self.wrong
    }

    /// How many messages there are of each fate.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            refusals: self.refusals,
            ..Counts::default()
        };
        for sent in self.sent.values() {
            match sent.fate {
                Fate::Acknowledged(..) => counts.acknowledged += 1,
                Fate::Refused => counts.refused += 1,
                Fate::Unknown => counts.unknown += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);
    const ROOM: Uuid = Uuid::from_u128(2);
    const REFUSED: Outcome = Outcome::Refused(Duration::ZERO);

    fn begun() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.begins(KEY, ROOM, Uuid::from_u128(3), "hello");
        ledger
    }

    fn receipt(seq: u64) -> Outcome {
        Outcome::Acknowledged(Receipt {
            conversation_id: ROOM,
            message_id: Uuid::from_u128(4),
            client_id: KEY,
            seq,
            rev: seq,
            sent_at: String::new(),
        })
    }

    #[test]
    fn a_refusal_is_believed_unless_an_earlier_attempt_was_not_answered() {
        let mut ledger = begun();
        ledger.answered(KEY, REFUSED);
        assert_eq!(ledger.sent()[&KEY].fate, Fate::Refused);

        let mut ledger = begun();
        ledger.answered(KEY, Outcome::Unknown);
        ledger.answered(KEY, REFUSED);
        assert_eq!(ledger.sent()[&KEY].fate, Fate::Unknown);
    }

    #[test]
    fn a_second_receipt_must_be_the_first() {
        let mut ledger = begun();
        ledger.answered(KEY, receipt(1));
        ledger.answered(KEY, Outcome::Unknown);
        ledger.answered(KEY, receipt(1));
        assert_eq!(ledger.counts().acknowledged, 1);
        assert!(ledger.wrong().is_empty());

        ledger.answered(KEY, receipt(2));
        assert_eq!(ledger.wrong().len(), 1);
    }
}
