//! I2: a key is in the log at most once, no device takes a message twice, and all acknowledgements of one send agree.

use std::collections::{HashMap, HashSet};

use super::Findings;
use super::run::Run;
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::Effect;

const THIS: Invariant = Invariant::NoDuplicate;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    check_log(run, findings);
    check_devices(run, findings);
    check_receipts(run, findings);
}

fn check_log(run: &Run<'_>, findings: &mut Findings<'_>) {
    let mut places = HashMap::new();
    for (conversation, dump) in &run.dumps {
        for row in &dump.messages {
            findings.checked(THIS, 1);
            if let Some(before) = places.insert((row.sender_id, row.client_id), row) {
                let (key, sender) = (run.names.key(row.client_id), run.names.user(row.sender_id));
                let text = format!(
                    "{key} of {sender} is in the log twice, as message {} and as message {}",
                    before.seq, row.seq
                );
                findings.broken(
                    THIS,
                    text,
                    Some(Subject::of(*conversation).row(before).row(row)),
                );
            }
        }
    }
}

fn check_devices(run: &Run<'_>, findings: &mut Findings<'_>) {
    for segment in &run.segments {
        let mut taken = HashSet::new();
        for (_, effect) in &segment.steps {
            let Effect::Applied { inserted, .. } = effect else {
                continue;
            };
            for mark in inserted {
                findings.checked(THIS, 1);
                if !taken.insert(mark.seq) {
                    let text = format!(
                        "{} took message {} twice",
                        run.names.device(segment.device),
                        mark.seq
                    );
                    let subject = Subject::of(segment.conversation).key(mark.seq, mark.client_id);
                    findings.broken(THIS, text, Some(subject.device(segment.device)));
                }
            }
        }
    }
}

fn check_receipts(run: &Run<'_>, findings: &mut Findings<'_>) {
    for send in &run.sends {
        let mut receipts = send
            .calls
            .iter()
            .filter_map(|call| run.calls[*call].receipt())
            .map(|(_, receipt)| receipt);
        let Some(first) = receipts.next() else {
            continue;
        };
        for other in receipts {
            findings.checked(THIS, 1);
            if (first.seq, &first.sent_at) != (other.seq, &other.sent_at) {
                let key = run.names.key(send.client_id);
                let text = format!(
                    "{key} was acknowledged as message {} of {} and as message {} of {}",
                    first.seq, first.sent_at, other.seq, other.sent_at
                );
                let subject = Subject::of(send.conversation)
                    .key(first.seq, send.client_id)
                    .seq(other.seq);
                findings.broken(THIS, text, Some(subject));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{Story, key};

    #[test]
    fn a_retry_that_is_answered_like_the_first_is_no_duplicate() {
        let mut story = Story::new();
        story.retried_send("alice", "one");
        story.holds(THIS);
    }

    #[test]
    fn a_key_that_is_stored_twice_is_found() {
        let mut story = Story::new();
        let row = story.retried_send("alice", "one");
        let twin = story.store("alice", row.client_id, "one");
        story.deliver_to_all(&twin);
        story.breaks(THIS, "is in the log twice, as message 1 and as message 2");
    }

    #[test]
    fn a_message_that_a_device_takes_twice_is_found() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        story.apply("bob", row.rev, row.rev, &[&row]);
        story.breaks_also(THIS, "bob took message 1 twice", &[Invariant::Agreement]);
    }

    #[test]
    fn acknowledgements_that_differ_are_found() {
        let mut story = Story::new();
        let call = story.invoke_send("alice", key(1), "one");
        let row = story.store("alice", key(1), "one");
        story.receipt("alice", call, row.seq, row.rev);
        story.deliver_to_all(&row);
        let call = story.invoke_send("alice", key(1), "one");
        story.receipt("alice", call, 9, row.rev);
        story.breaks(
            THIS,
            "was acknowledged as message 1 of noon and as message 9 of noon",
        );
    }
}
