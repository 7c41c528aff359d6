//! I6: what was acknowledged before something else was sent stands before it, whoever sent the two; and what one device sent
//! stands in the order in which it was sent.

use std::collections::{BTreeMap, HashMap};

use super::Findings;
use super::run::{Run, Send};
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::MessageRow;
use crate::ids::ConversationId;

const THIS: Invariant = Invariant::RealTimeOrder;

/// A send that is in the log.
struct Placed<'a> {
    send: &'a Send,
    row: &'a MessageRow,
    /// Of the first try.
    invoked_at: u64,
    /// Of the last try.
    retried_at: u64,
    acknowledged_at: Option<u64>,
}

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    let mut rooms: BTreeMap<ConversationId, Vec<Placed<'_>>> = BTreeMap::new();
    for (send, row) in run.stored_sends() {
        let Some(row) = row.filter(|row| is_of(run, send, row)) else {
            continue;
        };
        let last = send.calls.last().expect("a send has a call");
        rooms.entry(send.conversation).or_default().push(Placed {
            send,
            row,
            invoked_at: run.invoked_at(send),
            retried_at: run.calls[*last].invoked_at,
            acknowledged_at: run.acknowledged(send).map(|(at, _)| at),
        });
    }
    for placed in rooms.values_mut() {
        placed.sort_by_key(|placed| placed.invoked_at);
        check_real_time(run, placed, findings);
        check_devices(run, placed, findings);
    }
}

/// Whether the row may be what became of the send, and not of another under the same key.
fn is_of(run: &Run<'_>, send: &Send, row: &MessageRow) -> bool {
    let is_changed = row.edited || row.deleted;
    row.body == send.body || (is_changed && run.acknowledged(send).is_some())
}

/// Walks through the sends by the time at which they were begun, and knows the last place acknowledged before.
fn check_real_time(run: &Run<'_>, placed: &[Placed<'_>], findings: &mut Findings<'_>) {
    let mut acknowledged: Vec<_> = placed
        .iter()
        .filter_map(|send| Some((send.acknowledged_at?, send)))
        .collect();
    acknowledged.sort_by_key(|(at, _)| *at);
    let mut before = acknowledged.into_iter().peekable();
    let mut highest: Option<&Placed<'_>> = None;
    for later in placed {
        while let Some((_, earlier)) = before.next_if(|(at, _)| *at < later.invoked_at) {
            if highest.is_none_or(|highest| highest.row.seq < earlier.row.seq) {
                highest = Some(earlier);
            }
        }
        let Some(earlier) = highest else { continue };
        findings.checked(THIS, 1);
        if earlier.row.seq > later.row.seq {
            let how = "was acknowledged before";
            report(run, earlier, how, later, findings);
        }
    }
}

/// A device's sends keep their order, unless the first was tried again after the second was begun.
fn check_devices(run: &Run<'_>, placed: &[Placed<'_>], findings: &mut Findings<'_>) {
    let mut last: HashMap<_, &Placed<'_>> = HashMap::new();
    for later in placed {
        if let Some(earlier) = last.insert(later.send.device, later)
            && earlier.retried_at < later.invoked_at
        {
            findings.checked(THIS, 1);
            if earlier.row.seq > later.row.seq {
                report(
                    run,
                    earlier,
                    "was sent by the same device before",
                    later,
                    findings,
                );
            }
        }
    }
}

fn report(
    run: &Run<'_>,
    earlier: &Placed<'_>,
    how: &str,
    later: &Placed<'_>,
    findings: &mut Findings<'_>,
) {
    let key = |placed: &Placed<'_>| run.names.key(placed.send.client_id);
    let text = format!(
        "{} {how} {} was begun, and stands after it: message {} after message {}",
        key(earlier),
        key(later),
        earlier.row.seq,
        later.row.seq
    );
    let subject = Subject::of(earlier.send.conversation)
        .row(earlier.row)
        .row(later.row);
    findings.broken(THIS, text, Some(subject));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{ROOM, Story, key};
    use crate::digest::Digest;
    use crate::history::Action;

    #[test]
    fn sends_that_overlap_may_stand_in_any_order() {
        let mut story = Story::new();
        story.send("carol", "zero");
        let first = story.invoke_send("alice", key(1), "one");
        let second = story.invoke_send("bob", key(2), "two");
        let rows = [
            story.store("bob", key(2), "two"),
            story.store("alice", key(1), "one"),
        ];
        story.receipt("alice", first, rows[1].seq, rows[1].rev);
        story.receipt("bob", second, rows[0].seq, rows[0].rev);
        for row in &rows {
            story.deliver_to_all(row);
        }
        story.holds(THIS);
    }

    #[test]
    fn a_send_begun_after_an_acknowledgement_must_not_stand_before_it() {
        let mut story = Story::new();
        let first = story.invoke_send("alice", key(1), "one");
        story.receipt("alice", first, 2, 3);
        let second = story.invoke_send("bob", key(2), "two");
        let rows = [
            story.store("bob", key(2), "two"),
            story.store("alice", key(1), "one"),
        ];
        story.receipt("bob", second, 1, 2);
        for row in &rows {
            story.deliver_to_all(row);
        }
        story.breaks(THIS, "key 1 was acknowledged before key 2 was begun, and stands after it: message 2 after message 1");
    }

    #[test]
    fn a_key_that_is_misused_later_was_begun_when_its_message_was() {
        let mut story = Story::new();
        story.send("alice", "one");
        let misused = story.invoke_send("bob", key(1), "two");
        let row = story.store("bob", key(1), "two");
        story.receipt("bob", misused, row.seq, row.rev);
        story.deliver_to_all(&row);
        story.send("alice", "three");
        let misuse = story.invoke_send("bob", key(1), "not two");
        story.refuse("bob", misuse, "idempotency_mismatch");
        let edit = Action::Edit {
            conversation: ROOM,
            message: row.message_id,
            body: Digest::of("edited"),
        };
        story.invoke("bob", edit);
        let changed = story.change(row.seq, "edited");
        story.deliver_to_all(&changed);
        story.holds(THIS);
    }

    #[test]
    fn the_sends_of_one_device_keep_their_order() {
        let mut story = Story::new();
        let first = story.invoke_send("alice", key(1), "one");
        let second = story.invoke_send("alice", key(2), "two");
        let rows = [
            story.store("alice", key(2), "two"),
            story.store("alice", key(1), "one"),
        ];
        story.receipt("alice", first, 2, 3);
        story.receipt("alice", second, 1, 2);
        for row in &rows {
            story.deliver_to_all(row);
        }
        story.breaks(THIS, "key 1 was sent by the same device before key 2");
    }
}
