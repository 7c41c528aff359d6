//! I1: every acknowledged send is in the final log where it was acknowledged, every acknowledged change has left its mark, and
//! every device that says it has everything holds every message that its user may read.

use std::collections::{BTreeSet, HashMap};

use super::Findings;
use super::run::{Run, Segment};
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::{Action, Effect, Mark, MessageRow};
use crate::ids::DeviceId;

const THIS: Invariant = Invariant::NoLoss;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    check_log(run, findings);
    check_changes(run, findings);
    for device in &run.settled {
        check_device(run, *device, findings);
    }
}

fn check_log(run: &Run<'_>, findings: &mut Findings<'_>) {
    for (send, stored) in run.stored_sends() {
        let Some((_, receipt)) = run.acknowledged(send) else {
            continue;
        };
        if !run.dumps.contains_key(&send.conversation) {
            continue;
        }
        findings.checked(THIS, 1);
        let key = run.names.key(send.client_id);
        let subject = Subject::of(send.conversation).key(receipt.seq, send.client_id);
        match stored {
            None => {
                let text = format!(
                    "{key} was acknowledged as message {} and is not in the log",
                    receipt.seq
                );
                findings.broken(THIS, text, Some(subject));
            }
            Some(row) if row.seq != receipt.seq => {
                let text = format!(
                    "{key} was acknowledged as message {} and is message {}",
                    receipt.seq, row.seq
                );
                findings.broken(THIS, text, Some(subject.row(row)));
            }
            Some(_) => {}
        }
    }
}

fn check_changes(run: &Run<'_>, findings: &mut Findings<'_>) {
    let rows = run.dumps.values().flat_map(|dump| &dump.messages);
    let by_id: HashMap<_, _> = rows.map(|row| (row.message_id, row)).collect();
    for call in &run.calls {
        let Some((_, receipt)) = call.receipt() else {
            continue;
        };
        let (what, id) = match call.action {
            Action::Edit { message, .. } => ("an edit", message),
            Action::Delete { message, .. } => ("a deletion", message),
            Action::React { message, .. } => ("a reaction", message),
            _ => continue,
        };
        let Some(row) = by_id.get(id) else { continue };
        findings.checked(THIS, 1);
        if row.rev < receipt.rev {
            let text = format!(
                "{what} of message {} was acknowledged at rev {}, the log is at rev {}",
                row.seq, receipt.rev, row.rev
            );
            findings.broken(
                THIS,
                text,
                Some(Subject::of(call.action.conversation()).row(row)),
            );
        }
    }
}

fn check_device(run: &Run<'_>, device: DeviceId, findings: &mut Findings<'_>) {
    let Some(user) = run.owners.get(&device) else {
        return;
    };
    for (conversation, dump) in &run.dumps {
        let Some(stay) = run
            .stays(*conversation, *user)
            .find(|stay| stay.to_rev.is_none())
        else {
            continue;
        };
        let of_this = |segment: &&Segment<'_>| {
            segment.last && segment.device == device && segment.conversation == *conversation
        };
        let held = run
            .segments
            .iter()
            .find(of_this)
            .map(held)
            .unwrap_or_default();
        let due = |row: &&MessageRow| row.seq >= stay.visible_from_seq;
        for row in dump.messages.iter().filter(due) {
            findings.checked(THIS, 1);
            if !held.contains(&row.seq) {
                let (name, room) = (
                    run.names.device(device),
                    run.names.conversation(*conversation),
                );
                let text = format!("message {} of {room} never came to {name}", row.seq);
                findings.broken(
                    THIS,
                    text,
                    Some(Subject::of(*conversation).row(row).device(device)),
                );
            }
        }
    }
}

fn held(segment: &Segment<'_>) -> BTreeSet<u64> {
    let inserted = |(_, effect): &(u64, &Effect)| match effect {
        Effect::Applied { inserted, .. } => inserted.iter().map(|mark: &Mark| mark.seq).collect(),
        _ => Vec::new(),
    };
    segment.steps.iter().flat_map(inserted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{ROOM, Story, key};

    #[test]
    fn what_is_stored_and_delivered_is_not_lost() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.retried_send("bob", "two");
        story.holds(THIS);
    }

    #[test]
    fn an_acknowledged_send_that_is_not_in_the_log_is_lost() {
        let mut story = Story::new();
        story.send("alice", "one");
        let call = story.invoke_send("bob", key(7), "two");
        story.receipt("bob", call, 2, 3);
        story.breaks(THIS, "was acknowledged as message 2 and is not in the log");
    }

    #[test]
    fn a_send_that_stands_elsewhere_than_acknowledged_is_found() {
        let mut story = Story::new();
        let call = story.invoke_send("bob", key(7), "one");
        let row = story.store("bob", key(7), "one");
        story.receipt("bob", call, 2, row.rev);
        story.deliver_to_all(&row);
        story.breaks(THIS, "was acknowledged as message 2 and is message 1");
    }

    #[test]
    fn a_message_that_never_came_to_a_device_is_found_with_what_the_device_was_told() {
        let mut story = Story::new();
        story.send("alice", "one");
        let call = story.invoke_send("bob", key(7), "two");
        let row = story.store("bob", key(7), "two");
        story.receipt("bob", call, 2, row.rev);
        story.deliver("alice", &row);
        story.deliver("bob", &row);
        let verdict = story.verdict();
        assert_eq!(verdict.broken(), [THIS], "{verdict}");
        let [violation] = &verdict.violations[..] else {
            panic!("{verdict}")
        };
        assert_eq!(violation.text, "message 2 of room never came to carol");
        let [asked, answered, settled, log] = &violation.trace[..] else {
            panic!("{verdict}")
        };
        assert!(
            asked.contains("0.000 ms  bob        asks: send key 2 with text"),
            "{asked}"
        );
        assert!(
            answered.contains("is answered: message 2, rev 3"),
            "{answered}"
        );
        assert!(settled.contains("carol      has everything"), "{settled}");
        assert!(
            log.contains("log        has message 2 (key 2 of bob"),
            "{log}"
        );
    }

    #[test]
    fn an_acknowledged_edit_that_left_no_mark_is_lost() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        let edit = Action::Edit {
            conversation: ROOM,
            message: row.message_id,
            body: row.body,
        };
        let call = story.invoke("alice", edit);
        story.receipt("alice", call, row.seq, row.rev + 1);
        story.breaks(THIS, "an edit of message 1 was acknowledged at rev 3");
    }
}
