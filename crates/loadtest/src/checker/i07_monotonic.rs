//! I7: the heads that a device is told never go down within an epoch, and include everything that anybody was acknowledged before
//! they were asked for.

use std::collections::{BTreeMap, HashMap};

use super::Findings;
use super::run::Run;
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::{Event, Frame, Head};
use crate::ids::{CallId, ConversationId, DeviceId, Epoch};

const THIS: Invariant = Invariant::Monotonic;

/// Heads as a device was told them.
struct Told<'a> {
    device: DeviceId,
    /// When they were asked for, if that is known.
    asked_at: Option<u64>,
    /// Heads of one source reach a device in the order in which they were read.
    synchronised: bool,
    epoch: Epoch,
    heads: &'a [Head],
}

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    let acknowledged = acknowledged(run);
    let mut highest: HashMap<(DeviceId, bool, Epoch, ConversationId), u64> = HashMap::new();
    let mut connecting: HashMap<DeviceId, u64> = HashMap::new();
    let mut asked: HashMap<CallId, (u64, &[Head])> = HashMap::new();
    for entry in run.entries {
        let Some(device) = entry.device else { continue };
        let told = match &entry.event {
            Event::Connecting => {
                connecting.insert(device, entry.at);
                continue;
            }
            Event::SyncStarted { sync, positions } => {
                asked.insert(*sync, (entry.at, positions));
                continue;
            }
            Event::Received {
                frame: Frame::Heads { epoch, heads, .. },
            } => {
                // Only the first heads of a connection were read after it was begun; later ones are reminders.
                Told {
                    device,
                    asked_at: connecting.remove(&device),
                    synchronised: false,
                    epoch: *epoch,
                    heads,
                }
            }
            Event::SyncDone { sync, epoch, heads } => {
                let asked_at = asked.get(sync).map(|(at, _)| *at);
                Told {
                    device,
                    asked_at,
                    synchronised: true,
                    epoch: *epoch,
                    heads,
                }
            }
            _ => continue,
        };
        for head in told.heads {
            findings.checked(THIS, 1);
            let known = highest
                .entry((device, told.synchronised, told.epoch, head.conversation_id))
                .or_default();
            if head.rev < *known {
                report(
                    run,
                    &told,
                    head.conversation_id,
                    &format!("was told the head {} after {known}", head.rev),
                    findings,
                );
            }
            *known = head.rev.max(*known);
        }
        check_recent(run, &told, &acknowledged, findings);
    }
}

/// What was acknowledged in each conversation: when, and the highest rev until then.
fn acknowledged(run: &Run<'_>) -> BTreeMap<ConversationId, Vec<(u64, u64)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for call in &run.calls {
        if let Some((at, receipt)) = call.receipt() {
            all.entry(call.action.conversation())
                .or_default()
                .push((at, receipt.rev));
        }
    }
    for list in all.values_mut() {
        list.sort_unstable();
        let mut highest = 0;
        for (_, rev) in list {
            highest = highest.max(*rev);
            *rev = highest;
        }
    }
    all
}

fn check_recent(
    run: &Run<'_>,
    told: &Told<'_>,
    acknowledged: &BTreeMap<ConversationId, Vec<(u64, u64)>>,
    findings: &mut Findings<'_>,
) {
    let (Some(asked_at), Some(user)) = (told.asked_at, run.owners.get(&told.device)) else {
        return;
    };
    for (conversation, list) in acknowledged {
        let before = list.partition_point(|(at, _)| *at < asked_at);
        let Some((_, least)) = before.checked_sub(1).map(|last| list[last]) else {
            continue;
        };
        let head = told
            .heads
            .iter()
            .find(|head| head.conversation_id == *conversation);
        let member = run
            .stays(*conversation, *user)
            .any(|stay| stay.to_rev.is_none() && stay.from_rev <= least);
        let found = match head {
            Some(head) if head.rev < least => format!("the head {}", head.rev),
            None if member => "nothing".to_owned(),
            _ => {
                findings.checked(THIS, 1);
                continue;
            }
        };
        let text =
            format!("was told {found} when rev {least} had been acknowledged before it asked");
        report(run, told, *conversation, &text, findings);
    }
}

fn report(
    run: &Run<'_>,
    told: &Told<'_>,
    conversation: ConversationId,
    what: &str,
    findings: &mut Findings<'_>,
) {
    let text = format!(
        "{} {what} in {}",
        run.names.device(told.device),
        run.names.conversation(conversation)
    );
    findings.broken(
        THIS,
        text,
        Some(Subject::of(conversation).device(told.device).positions()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{EPOCH, ROOM, Story};

    fn heads(rev: u64) -> Frame {
        Frame::Heads {
            epoch: EPOCH,
            user_rev: 1,
            heads: vec![Head {
                conversation_id: ROOM,
                rev,
            }],
        }
    }

    #[test]
    fn heads_that_grow_and_include_what_was_acknowledged_hold() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.sync("bob", 2);
        story.at("carol", Event::Connecting);
        story.hear("carol", heads(2));
        story.send("alice", "two");
        story.hear("carol", heads(3));
        story.holds(THIS);
    }

    #[test]
    fn heads_that_go_down_are_found() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.hear("bob", heads(2));
        story.hear("bob", heads(1));
        story.breaks(THIS, "bob was told the head 1 after 2 in room");
    }

    #[test]
    fn a_synchronisation_that_lacks_what_was_acknowledged_before_is_found() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.sync("bob", 1);
        story.breaks(
            THIS,
            "bob was told the head 1 when rev 2 had been acknowledged before it asked",
        );
    }

    #[test]
    fn a_connection_that_leaves_a_conversation_out_is_found() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.at("carol", Event::Connecting);
        story.hear(
            "carol",
            Frame::Heads {
                epoch: EPOCH,
                user_rev: 1,
                heads: Vec::new(),
            },
        );
        story.breaks(
            THIS,
            "carol was told nothing when rev 2 had been acknowledged",
        );
    }
}
