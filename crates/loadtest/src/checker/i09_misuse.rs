//! I9: a key that stands for one request is refused with any other.

use std::collections::BTreeMap;

use super::Findings;
use super::run::{Run, Send};
use super::subject::Subject;
use super::verdict::Invariant;

const THIS: Invariant = Invariant::KeyMisuse;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    let mut requests: BTreeMap<_, Vec<&Send>> = BTreeMap::new();
    for send in &run.sends {
        requests
            .entry((send.user, send.client_id))
            .or_default()
            .push(send);
    }
    for same_key in requests.into_values().filter(|requests| requests.len() > 1) {
        let right = same_key.iter().find(|send| {
            run.stored(send)
                .is_some_and(|row| row.body == send.body || row.edited || row.deleted)
        });
        let Some(right) = right.or_else(|| {
            same_key
                .iter()
                .find(|send| run.acknowledged(send).is_some())
        }) else {
            continue;
        };
        for wrong in same_key.iter().filter(|send| !std::ptr::eq(**send, *right)) {
            findings.checked(THIS, wrong.calls.len() as u64);
            if let Some((_, receipt)) = run.acknowledged(wrong) {
                let (key, user) = (run.names.key(wrong.client_id), run.names.user(wrong.user));
                let text = format!(
                    "{key} of {user} was acknowledged for two different requests, the second as message {}",
                    receipt.seq
                );
                findings.broken(
                    THIS,
                    text,
                    Some(Subject::of(wrong.conversation).key(receipt.seq, wrong.client_id)),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::Story;

    #[test]
    fn another_text_under_a_used_key_is_refused() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        let call = story.invoke_send("alice", row.client_id, "two");
        story.refuse("alice", call, "idempotency_mismatch");
        story.holds(THIS);
    }

    #[test]
    fn another_text_that_is_acknowledged_is_found() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        let call = story.invoke_send("alice", row.client_id, "two");
        story.receipt("alice", call, row.seq, row.rev);
        story.breaks(
            THIS,
            "was acknowledged for two different requests, the second as message 1",
        );
    }
}
