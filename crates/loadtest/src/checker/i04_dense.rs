//! I4: the messages of a conversation are numbered from 1 to its head without holes, in the order of the changes that made them.

use super::Findings;
use super::run::Run;
use super::subject::Subject;
use super::verdict::Invariant;

const THIS: Invariant = Invariant::DenseLog;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    for (conversation, dump) in &run.dumps {
        let room = run.names.conversation(*conversation);
        let mut created = 0;
        for (place, row) in (1..).zip(&dump.messages) {
            findings.checked(THIS, 1);
            let subject = Subject::of(*conversation).row(row);
            if row.seq != place {
                let text = format!(
                    "{room} has message {} where message {place} belongs",
                    row.seq
                );
                findings.broken(THIS, text, Some(subject));
                break;
            }
            if row.created_rev <= created || row.rev < row.created_rev || row.rev > dump.rev {
                let text = format!(
                    "message {place} of {room} was made by rev {} and changed by rev {}; the one before was made by rev {created}, the log ends with rev {}",
                    row.created_rev, row.rev, dump.rev
                );
                findings.broken(THIS, text, Some(subject));
            }
            created = row.created_rev;
        }
        let last = dump.messages.last().map_or(0, |row| row.seq);
        if last != dump.last_seq {
            let text = format!(
                "{room} says that it ends with message {}, and ends with message {last}",
                dump.last_seq
            );
            findings.broken(THIS, text, Some(Subject::of(*conversation)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::Story;
    use crate::history::Event;

    #[test]
    fn a_log_without_holes_holds() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.send("bob", "two");
        story.holds(THIS);
    }

    #[test]
    fn a_hole_in_the_numbers_is_found() {
        let mut story = Story::new();
        let mut row = story.store("alice", crate::checker::story::key(1), "one");
        story.invoke_send("alice", row.client_id, "one");
        row.seq = 2;
        story.log[0] = row.clone();
        story.deliver_to_all(&row);
        story.breaks(THIS, "room has message 2 where message 1 belongs");
    }

    #[test]
    fn changes_that_run_backwards_are_found() {
        let mut story = Story::new();
        let mut row = story.store("alice", crate::checker::story::key(1), "one");
        story.invoke_send("alice", row.client_id, "one");
        row.created_rev = row.rev + 1;
        story.log[0] = row.clone();
        story.deliver_to_all(&row);
        story.breaks(THIS, "was made by rev 3 and changed by rev 2");
    }

    #[test]
    fn a_head_that_is_not_the_last_message_is_found() {
        let mut story = Story::new();
        story.send("alice", "one");
        let dump = crate::history::Dump {
            conversation: crate::ids::ConversationId::from_number(9),
            last_seq: 4,
            rev: 4,
            messages: Vec::new(),
            stays: Vec::new(),
        };
        story.outside(Event::Dump(dump));
        story.breaks(
            THIS,
            "says that it ends with message 4, and ends with message 0",
        );
    }
}
