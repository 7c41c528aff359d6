//! I5: every message in the log was sent by its author with that text (or changed by the author into it), was not refused, and its
//! author was a member when it was stored.

use std::collections::{HashMap, HashSet};

use super::Findings;
use super::run::{Run, Send};
use super::subject::Subject;
use super::verdict::Invariant;
use crate::digest::Digest;
use crate::history::{Action, MessageRow};
use crate::ids::ConversationId;

const THIS: Invariant = Invariant::NoPhantom;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    let mut sends: HashMap<_, Vec<&Send>> = HashMap::new();
    for send in &run.sends {
        sends
            .entry((send.conversation, send.user, send.client_id))
            .or_default()
            .push(send);
    }
    let edits: HashSet<_> = run
        .calls
        .iter()
        .filter_map(|call| match call.action {
            Action::Edit { message, body, .. } => Some((*message, call.user?, *body)),
            _ => None,
        })
        .collect();
    for (conversation, dump) in &run.dumps {
        for row in dump.messages.iter().filter(|row| row.system.is_none()) {
            findings.checked(THIS, 1);
            let tried = sends
                .get(&(*conversation, row.sender_id, row.client_id))
                .map_or(&[][..], Vec::as_slice);
            let known = if row.deleted {
                row.body == Digest::of("")
            } else if row.edited {
                edits.contains(&(row.message_id, row.sender_id, row.body))
            } else {
                tried.iter().any(|send| send.body == row.body)
            };
            let fault = if tried.is_empty() {
                "was sent by nobody"
            } else if !known {
                "has a text that its author never gave it"
            } else if was_refused(run, tried, row) {
                "was refused, and is in the log all the same"
            } else if !was_member(run, *conversation, row) {
                "was stored when its author was no member"
            } else {
                continue;
            };
            let (sender, room) = (
                run.names.user(row.sender_id),
                run.names.conversation(*conversation),
            );
            let text = format!("message {} of {sender} in {room} {fault}", row.seq);
            findings.broken(THIS, text, Some(Subject::of(*conversation).row(row)));
        }
    }
}

/// Whether every request that can have led to a row was refused for good.
fn was_refused(run: &Run<'_>, tried: &[&Send], row: &MessageRow) -> bool {
    let refused = |send: &&Send| {
        let calls = || send.calls.iter().map(|call| &run.calls[*call]);
        calls().any(|call| call.refusal().is_some()) && calls().all(|call| call.receipt().is_none())
    };
    // After an edit nobody can tell which of several texts was the first.
    let mut could = tried
        .iter()
        .filter(|send| row.edited || row.deleted || send.body == row.body);
    could.all(refused)
}

fn was_member(run: &Run<'_>, conversation: ConversationId, row: &MessageRow) -> bool {
    run.stays(conversation, row.sender_id).any(|stay| {
        stay.from_rev <= row.created_rev && stay.to_rev.is_none_or(|to| row.created_rev < to)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{ROOM, Story, key};

    #[test]
    fn messages_that_were_sent_and_edits_that_were_asked_for_hold() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        let body = Digest::of("uno");
        let call = story.invoke(
            "alice",
            Action::Edit {
                conversation: ROOM,
                message: row.message_id,
                body,
            },
        );
        let row = story.change(1, "uno");
        story.receipt("alice", call, 1, row.rev);
        story.deliver_to_all(&row);
        // A send without an answer may be stored or not.
        let call = story.invoke_send("bob", key(1), "perhaps");
        story.lose_answer("bob", call);
        let row = story.store("bob", key(1), "perhaps");
        story.deliver_to_all(&row);
        let call = story.invoke_send("bob", key(2), "perhaps not");
        story.lose_answer("bob", call);
        story.holds(THIS);
    }

    #[test]
    fn a_message_that_nobody_sent_is_found() {
        let mut story = Story::new();
        let row = story.store("alice", key(1), "one");
        story.deliver_to_all(&row);
        story.breaks(THIS, "message 1 of alice in room was sent by nobody");
    }

    #[test]
    fn a_text_that_its_author_never_gave_is_found() {
        let mut story = Story::new();
        story.invoke_send("alice", key(1), "one");
        let row = story.store("alice", key(1), "two");
        story.deliver_to_all(&row);
        story.breaks(THIS, "has a text that its author never gave it");
    }

    #[test]
    fn an_edit_that_somebody_else_asked_for_is_found() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        let body = Digest::of("uno");
        story.invoke(
            "bob",
            Action::Edit {
                conversation: ROOM,
                message: row.message_id,
                body,
            },
        );
        let row = story.change(1, "uno");
        story.deliver_to_all(&row);
        story.breaks(THIS, "has a text that its author never gave it");
    }

    #[test]
    fn a_message_that_was_refused_and_stored_is_found() {
        let mut story = Story::new();
        let call = story.invoke_send("alice", key(1), "one");
        story.refuse("alice", call, "not_found");
        let row = story.store("alice", key(1), "one");
        story.deliver_to_all(&row);
        story.breaks(THIS, "was refused, and is in the log all the same");
    }

    #[test]
    fn a_message_of_somebody_who_had_left_is_found() {
        let mut story = Story::new();
        let call = story.invoke_send("carol", key(1), "one");
        story.leave("carol");
        let row = story.store("carol", key(1), "one");
        story.receipt("carol", call, row.seq, row.rev);
        story.deliver_to_all(&row);
        story.breaks(THIS, "was stored when its author was no member");
    }
}
