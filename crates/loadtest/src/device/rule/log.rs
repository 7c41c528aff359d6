//! What a device holds of one conversation, and how rows get into it.

use std::collections::BTreeMap;

use crate::history::{Effect, How, Mark, MemberRow, MessageRow, Row};
use crate::ids::{ConversationId, UserId};

/// What a device holds of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The rev up to which everything is held.
    pub position: u64,
    /// The messages by seq.
    pub messages: BTreeMap<u64, MessageRow>,
    /// The members of whom a change was seen.
    pub members: BTreeMap<UserId, MemberRow>,
    /// The latest change of name, topic or history seen.
    pub settings_rev: u64,
}

/// What came of merging rows.
#[derive(Default)]
pub(super) struct Taken {
    inserted: Vec<Mark>,
    replaced: Vec<Mark>,
    kept: u32,
}

impl Taken {
    pub(super) fn into_effect(
        self,
        conversation: ConversationId,
        how: How,
        from: u64,
        before: Option<u64>,
        after: u64,
    ) -> Effect {
        let Self {
            inserted,
            replaced,
            kept,
        } = self;
        Effect::Applied {
            conversation,
            how,
            from,
            before,
            after,
            inserted,
            replaced,
            kept,
        }
    }
}

impl Log {
    /// Takes rows in their order; no row replaces one with a higher rev.
    pub(super) fn merge(&mut self, rows: &[Row], how: How) -> Taken {
        let mut taken = Taken::default();
        for row in rows {
            match row {
                Row::Message(message) => {
                    let first = self.messages.keys().next();
                    if how == How::Range && first.is_some_and(|first| message.seq < *first) {
                        // A change of something that is not loaded: it comes in this state when it is.
                        taken.kept += 1;
                        continue;
                    }
                    let before = self.messages.get(&message.seq);
                    if before.is_some_and(|before| before.rev >= message.rev) {
                        taken.kept += 1;
                        continue;
                    }
                    let marks = if before.is_some() {
                        &mut taken.replaced
                    } else {
                        &mut taken.inserted
                    };
                    marks.push(message.into());
                    self.messages.insert(message.seq, message.clone());
                }
                Row::Member(member) => {
                    let before = self.members.get(&member.user);
                    if before.is_none_or(|before| before.rev < member.rev) {
                        self.members.insert(member.user, member.clone());
                    }
                }
                Row::Settings { rev } => self.settings_rev = self.settings_rev.max(*rev),
            }
        }
        taken
    }
}
