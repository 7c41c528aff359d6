//! I11: a position moves back only when the database has another history, or when the device forgot it.

use std::collections::HashMap;

use super::Findings;
use super::run::Run;
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::{Effect, Event};
use crate::ids::{ConversationId, DeviceId};

const THIS: Invariant = Invariant::Epoch;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    // The user's own position has no conversation.
    let mut positions: HashMap<(DeviceId, Option<ConversationId>), u64> = HashMap::new();
    for entry in run.entries {
        let Some(device) = entry.device else { continue };
        let (conversation, after) = match &entry.event {
            Event::Forgot
            | Event::Ruled {
                effect: Effect::EpochChanged { .. },
            } => {
                positions.retain(|(of, _), _| *of != device);
                continue;
            }
            Event::Ruled {
                effect: Effect::Lost { conversation },
            } => {
                positions.remove(&(device, Some(*conversation)));
                continue;
            }
            Event::Ruled {
                effect:
                    Effect::Applied {
                        conversation,
                        after,
                        ..
                    },
            } => (Some(*conversation), *after),
            Event::Ruled {
                effect: Effect::UserMoved { after, .. },
            } => (None, *after),
            _ => continue,
        };
        findings.checked(THIS, 1);
        if let Some(before) = positions.insert((device, conversation), after)
            && after < before
        {
            let place = conversation.map_or_else(
                || "the user's own log".to_owned(),
                |id| run.names.conversation(id),
            );
            let text = format!(
                "{} moved back from rev {before} to {after} in {place}",
                run.names.device(device)
            );
            let subject = conversation.map(|id| Subject::of(id).device(device).positions());
            findings.broken(THIS, text, subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{ROOM, Story};
    use crate::history::{Frame, Row};
    use crate::ids::Epoch;

    #[test]
    fn positions_that_grow_or_start_anew_hold() {
        let mut story = Story::new();
        story.send("alice", "one");
        let rows: Vec<_> = story.log.iter().cloned().map(Row::Message).collect();
        story.hear(
            "bob",
            Frame::Epoch {
                epoch: Epoch::from_number(2),
            },
        );
        story.hear(
            "bob",
            Frame::Reset {
                conversation: ROOM,
                rev: 1,
                rows,
                has_before: false,
            },
        );
        story.holds(THIS);
    }

    #[test]
    fn a_position_that_moves_back_in_the_same_epoch_is_found() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        story.apply("bob", row.rev, row.rev - 1, &[]);
        story.breaks(THIS, "bob moved back from rev 2 to 1 in room");
    }

    #[test]
    fn the_users_own_position_must_not_move_back_either() {
        let mut story = Story::new();
        story.send("alice", "one");
        for after in [5, 4] {
            story.at(
                "bob",
                Event::Ruled {
                    effect: Effect::UserMoved {
                        before: None,
                        after,
                    },
                },
            );
        }
        story.breaks(THIS, "bob moved back from rev 5 to 4 in the user's own log");
    }
}
