//! The client rule: what a device makes of what it is told. Pure: no clock, no chance, no connection.
//!
//! A device keeps, per conversation, the rev up to which it has everything. A range is applied when it begins at or below that
//! position and ends above it; what ends below is known, what begins above shows a hole. No row replaces one with a higher rev.

mod log;

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Effect, Frame, Head, How, Row, UserChange};
use crate::ids::{ConversationId, Epoch};
pub use log::Log;

#[cfg(all(feature = "broken-no-hole-detection", not(debug_assertions)))]
compile_error!("`broken-no-hole-detection` is a negative control; no release may contain it");

/// Whether a range that begins above the position is a hole.
const DETECTS_HOLES: bool = cfg!(not(feature = "broken-no-hole-detection"));

/// Everything that a device holds.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    epoch: Option<Epoch>,
    user_rev: Option<u64>,
    logs: BTreeMap<ConversationId, Log>,
    /// The highest revs that the server spoke of, whether or not they could be applied.
    heard: BTreeMap<ConversationId, u64>,
    heard_user: u64,
}

impl Replica {
    /// Takes what the server said and tells what was done about it.
    pub fn take(&mut self, frame: &Frame) -> Vec<Effect> {
        let mut effects = Vec::new();
        match frame {
            Frame::Heads {
                epoch,
                user_rev,
                heads,
            } => {
                self.enter(*epoch, &mut effects);
                self.hear(*user_rev, heads);
            }
            Frame::Range {
                conversation,
                from,
                to,
                rows,
                ..
            } => {
                effects.push(self.range(*conversation, *from, *to, rows));
            }
            Frame::User { from, to, changes } => self.user(*from, *to, changes, &mut effects),
            Frame::Epoch { epoch } => self.enter(*epoch, &mut effects),
            Frame::Conversations {
                user_rev,
                conversations,
            } => {
                let gone: Vec<_> = self
                    .logs
                    .keys()
                    .filter(|id| !conversations.contains(id))
                    .copied()
                    .collect();
                effects.extend(gone.into_iter().filter_map(|id| self.lose(id)));
                self.move_user(*user_rev, &mut effects);
            }
            Frame::Reset {
                conversation,
                rev,
                rows,
                ..
            } => effects.push(self.reset(*conversation, *rev, rows)),
            Frame::Older {
                conversation,
                rev,
                rows,
                ..
            } => effects.extend(self.older(*conversation, *rev, rows)),
            Frame::Lost { conversation } => effects.extend(self.lose(*conversation)),
            Frame::Done {
                epoch,
                user_rev,
                heads,
            } => {
                self.enter(*epoch, &mut effects);
                // What is not in the list is not ours, whatever was heard of it before.
                self.heard
                    .retain(|id, _| heads.iter().any(|head| head.conversation_id == *id));
                self.hear(*user_rev, heads);
            }
        }
        effects
    }

    /// Whether the server spoke of something that is not held: a synchronisation is due.
    pub fn is_behind(&self) -> bool {
        let holds = |(id, rev): (&ConversationId, &u64)| {
            self.logs.get(id).is_some_and(|log| log.position >= *rev)
        };
        self.user_rev.is_none_or(|rev| rev < self.heard_user) || !self.heard.iter().all(holds)
    }

    /// The history of the database that the positions belong to.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The position in the user's own log.
    pub fn user_rev(&self) -> Option<u64> {
        self.user_rev
    }

    /// The positions, for a synchronisation: 0 for a conversation that was heard of and is not held.
    pub fn positions(&self) -> Vec<Head> {
        let held = |log: &Log| log.position;
        let ids: BTreeSet<_> = self.logs.keys().chain(self.heard.keys()).collect();
        ids.into_iter()
            .map(|id| Head {
                conversation_id: *id,
                rev: self.logs.get(id).map_or(0, held),
            })
            .collect()
    }

    /// What is held, by conversation.
    pub fn logs(&self) -> &BTreeMap<ConversationId, Log> {
        &self.logs
    }

    /// Another history of the database voids everything; the first one that is heard of voids nothing.
    fn enter(&mut self, epoch: Epoch, effects: &mut Vec<Effect>) {
        match self.epoch.replace(epoch) {
            Some(before) if before != epoch => {
                effects.push(Effect::EpochChanged {
                    before,
                    after: epoch,
                });
                *self = Self {
                    epoch: Some(epoch),
                    ..Self::default()
                };
            }
            _ => {}
        }
    }

    fn hear(&mut self, user_rev: u64, heads: &[Head]) {
        if !DETECTS_HOLES && self.user_rev.is_some() {
            return;
        }
        self.heard_user = self.heard_user.max(user_rev);
        for head in heads {
            self.hear_of(head.conversation_id, head.rev);
        }
    }

    fn hear_of(&mut self, conversation: ConversationId, rev: u64) {
        let heard = self.heard.entry(conversation).or_default();
        *heard = rev.max(*heard);
    }

    fn range(&mut self, conversation: ConversationId, from: u64, to: u64, rows: &[Row]) -> Effect {
        self.hear_of(conversation, to);
        // Who has nothing stands at 0, and what begins there is everything.
        if from == 0 {
            self.logs.entry(conversation).or_default();
        }
        let Some(log) = self.logs.get_mut(&conversation) else {
            return Effect::Hole {
                conversation,
                from,
                position: None,
            };
        };
        let position = log.position;
        if to <= position {
            return Effect::Dropped {
                conversation,
                to,
                position,
            };
        }
        if from > position && DETECTS_HOLES {
            return Effect::Hole {
                conversation,
                from,
                position: Some(position),
            };
        }
        log.position = to;
        let taken = log.merge(rows, How::Range);
        taken.into_effect(conversation, How::Range, from, Some(position), to)
    }

    fn reset(&mut self, conversation: ConversationId, rev: u64, rows: &[Row]) -> Effect {
        self.hear_of(conversation, rev);
        if let Some(log) = self.logs.get(&conversation)
            && log.position >= rev
        {
            // Live events were faster than the page.
            return Effect::Dropped {
                conversation,
                to: rev,
                position: log.position,
            };
        }
        let before = self.logs.remove(&conversation).map(|log| log.position);
        let log = self.logs.entry(conversation).or_default();
        log.position = rev;
        log.merge(rows, How::Reset)
            .into_effect(conversation, How::Reset, rev, before, rev)
    }

    /// A page that was read before the position was reached lacks the changes between: it is of no use.
    fn older(&mut self, conversation: ConversationId, rev: u64, rows: &[Row]) -> Option<Effect> {
        let log = self.logs.get_mut(&conversation)?;
        let position = log.position;
        (rev >= position).then(|| {
            let taken = log.merge(rows, How::Older);
            taken.into_effect(conversation, How::Older, position, Some(position), position)
        })
    }

    fn user(&mut self, from: u64, to: u64, changes: &[UserChange], effects: &mut Vec<Effect>) {
        self.heard_user = self.heard_user.max(to);
        let Some(position) = self.user_rev else {
            return;
        };
        if to <= position || (from > position && DETECTS_HOLES) {
            return;
        }
        for change in changes {
            match change {
                UserChange::Gained { conversation } => self.hear_of(*conversation, 1),
                UserChange::Lost { conversation } => effects.extend(self.lose(*conversation)),
                UserChange::Other => {}
            }
        }
        self.move_user(to, effects);
    }

    fn move_user(&mut self, to: u64, effects: &mut Vec<Effect>) {
        self.heard_user = self.heard_user.max(to);
        if self.user_rev.is_none_or(|rev| rev < to) {
            effects.push(Effect::UserMoved {
                before: self.user_rev,
                after: to,
            });
            self.user_rev = Some(to);
        }
    }

    fn lose(&mut self, conversation: ConversationId) -> Option<Effect> {
        self.heard.remove(&conversation);
        self.logs
            .remove(&conversation)
            .map(|_| Effect::Lost { conversation })
    }
}
