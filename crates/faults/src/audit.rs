//! The comparison of what senders know with what is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::time::Instant;

use uuid::Uuid;

use crate::ledger::{Counts, Fate, Ledger, Sent};
use crate::wire::{Message, Receipt};

/// A conversation as it is stored.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The number of its newest message, as its page says.
    pub head: u64,
    /// All its messages, as they came.
    pub messages: Vec<Message>,
}

/// What a comparison has found.
#[derive(Debug, Default)]
pub struct Audit {
    /// What the senders know.
    pub counts: Counts,
    /// How many of those of which nothing is known are stored.
    pub unknown_stored: usize,
    /// How many of those that were refused are stored: the server could not tell what had become of its commit.
    pub refused_stored: usize,
    /// Acknowledged, and not stored.
    pub lost: Vec<String>,
    /// Stored more than once.
    pub doubled: Vec<String>,
    /// Whatever else is not as it was acknowledged or sent.
    pub wrong: Vec<String>,
}

impl Audit {
    /// Whether everything is as it was promised.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.wrong.is_empty()
    }
}

/// The first findings of each kind, and how many there are.
impl Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        let kinds = [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("wrong", &self.wrong),
        ];
        for (kind, findings) in kinds {
            for finding in findings.iter().take(SHOWN) {
                writeln!(f, "  {kind}: {finding}")?;
            }
            if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                writeln!(f, "  {kind}: and {more} more")?;
            }
        }
        Ok(())
    }
}

/// Compares the ledger with the logs of all conversations that it knows.
///
/// Every acknowledged message is there once, at the place and with the text, id and time that its receipt names; of
/// those without an answer and of those that were refused for want of a database, each is there at most once; none is there
/// that nobody sent. Places are numbered from 1 to the head without a hole. Of two messages, the one that was acknowledged before the
/// other was begun has the earlier place.
pub fn audit(ledger: &Ledger, logs: &BTreeMap<Uuid, Log>) -> Audit {
    let mut found = Audit {
        counts: ledger.counts(),
        wrong: ledger.wrong().to_vec(),
        ..Audit::default()
    };
    let mut stored: BTreeMap<Uuid, (Uuid, &Message)> = BTreeMap::new();
    for (conversation, log) in logs {
        numbered(*conversation, log, &mut found);
        let standing = ledger.standing().get(conversation);
        let standing = standing.map_or(&[][..], Vec::as_slice);
        let kept: BTreeSet<_> = log
            .messages
            .iter()
            .map(|message| message.message_id)
            .collect();
        for message in standing {
            if !kept.contains(&message.message_id) {
                found.lost.push(format!(
                    "{} of {conversation}, there before anybody sent",
                    message.seq
                ));
            }
        }
        let standing: BTreeSet<_> = standing.iter().map(|message| message.message_id).collect();
        let posted = log.messages.iter();
        for message in posted.filter(|message| !standing.contains(&message.message_id)) {
            let sent = message.client_id.and_then(|key| ledger.sent().get(&key));
            let Some((key, sent)) = message.client_id.zip(sent) else {
                let phantom = format!("{} of {conversation} was sent by nobody", message.seq);
                found.wrong.push(phantom);
                continue;
            };
            if let Some((elsewhere, first)) = stored.insert(key, (*conversation, message)) {
                found.doubled.push(format!(
                    "{key} is {} of {elsewhere} and {} of {conversation}",
                    first.seq, message.seq
                ));
            }
            as_sent(*conversation, message, key, sent, &mut found);
        }
        ordered(*conversation, log, ledger, &mut found);
    }
    for (key, sent) in ledger.sent() {
        match (&sent.fate, stored.get(key)) {
            (Fate::Acknowledged(receipt, _), None) => found.lost.push(format!(
                "{key}, acknowledged as {} of {}",
                receipt.seq, receipt.conversation_id
            )),
            (Fate::Unknown, Some(_)) => found.unknown_stored += 1,
            (Fate::Refused, Some(_)) => found.refused_stored += 1,
            _ => {}
        }
    }
    found
}

/// Places are 1, 2, 3, … up to the head.
fn numbered(conversation: Uuid, log: &Log, found: &mut Audit) {
    for (expected, message) in (1..).zip(&log.messages) {
        if message.seq != expected {
            found.wrong.push(format!(
                "{conversation} has {} where {expected} was expected",
                message.seq
            ));
            return;
        }
    }
    if log.head != log.messages.len() as u64 {
        found.wrong.push(format!(
            "{conversation} has {} messages and says {}",
            log.messages.len(),
            log.head
        ));
    }
}

/// A stored message is what was sent, and what its receipt says.
fn as_sent(conversation: Uuid, message: &Message, key: Uuid, sent: &Sent, found: &mut Audit) {
    if (sent.conversation, Some(sent.sender)) != (conversation, message.sender_id)
        || message.body.as_ref() != Some(&sent.body)
    {
        let wrong = format!("{key} is not as it was sent: {message:?}");
        found.wrong.push(wrong);
    }
    match &sent.fate {
        Fate::Acknowledged(receipt, _) if !agree(receipt, message) => {
            let wrong = format!("{key} was acknowledged with {receipt:?} and is {message:?}");
            found.wrong.push(wrong);
        }
        Fate::Acknowledged(..) | Fate::Refused | Fate::Unknown => {}
    }
}

fn agree(receipt: &Receipt, message: &Message) -> bool {
    (
        receipt.message_id,
        receipt.seq,
        receipt.rev,
        &receipt.sent_at,
    ) == (
        message.message_id,
        message.seq,
        message.created_rev,
        &message.sent_at,
    )
}

/// From the newest to the oldest: none was begun after one with a later place had been acknowledged.
fn ordered(conversation: Uuid, log: &Log, ledger: &Ledger, found: &mut Audit) {
    let mut earliest: Option<(Instant, u64)> = None;
    for message in log.messages.iter().rev() {
        let Some(sent) = message.client_id.and_then(|key| ledger.sent().get(&key)) else {
            continue;
        };
        if let Some((acknowledged, later)) = earliest
            && acknowledged < sent.begun
        {
            found.wrong.push(format!(
                "{later} of {conversation} was acknowledged before {} was begun",
                message.seq
            ));
        }
        if let Fate::Acknowledged(_, at) = sent.fate
            && earliest.is_none_or(|(earliest, _)| at < earliest)
        {
            earliest = Some((at, message.seq));
        }
    }
}

#[cfg(test)]
mod tests;
