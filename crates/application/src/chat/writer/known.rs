use std::collections::HashMap;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::permission;
use hubbub_domain::repository::Circumstances;
use hubbub_domain::timestamp::Timestamp;

use super::entry::Entry;

/// How many stays a writer remembers. Beyond that it forgets everything, and looks again at what it writes to.
const MAX_STAYS: usize = 100_000;

/// What a writer remembers of the conversations that it writes to: it needs to look only at what others have changed meanwhile, and
/// learns of that because then nothing is stored.
#[derive(Default)]
pub(super) struct Known {
    conversations: HashMap<ConversationId, KnownConversation>,
    stays: usize,
    /// By how much the database's clock is ahead of ours, in microseconds.
    ahead: i64,
}

struct KnownConversation {
    conversation: Conversation,
    /// Of those who may post.
    stays: HashMap<UserId, Membership>,
}

impl Known {
    /// Whether it is enough to decide about an entry.
    pub(super) fn suffices_for(&self, entry: &Entry) -> bool {
        entry.post.reply_to.is_none()
            && entry.post.thread_of.is_none()
            && self.stay_of(entry).is_some()
    }

    /// What decides about an entry for which it suffices. Whether its key is taken shows when it is stored.
    pub(super) fn circumstances_of(&self, entry: &Entry) -> Circumstances {
        Circumstances {
            stay: self.stay_of(entry).cloned(),
            ..Circumstances::default()
        }
    }

    fn stay_of(&self, entry: &Entry) -> Option<&Membership> {
        let known = self.conversations.get(&entry.post.conversation_id)?;
        known.stays.get(&entry.post.sender_id)
    }

    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        Some(&self.conversations.get(&id)?.conversation)
    }

    /// Takes note of how a conversation stands. What was known of it at another rev means nothing any more.
    pub(super) fn see(&mut self, conversation: Conversation) {
        let known = self.conversation(conversation.id);
        if known.is_some_and(|known| known.last_rev == conversation.last_rev) {
            return;
        }
        if self.stays >= MAX_STAYS {
            self.forget_everything();
        }
        self.forget(conversation.id);
        let known = KnownConversation {
            conversation,
            stays: HashMap::new(),
        };
        self.conversations.insert(known.conversation.id, known);
    }

    /// Takes note of a stay in a conversation that was seen no later. A refusal is not worth remembering: it is looked up again.
    pub(super) fn see_stay(&mut self, stay: Membership) {
        if let Some(known) = self.conversations.get_mut(&stay.conversation_id)
            && permission::may_post(stay.role)
            && known.stays.insert(stay.user_id, stay).is_none()
        {
            self.stays += 1;
        }
    }

    /// Takes note of own messages in conversations: nobody has come or gone by them.
    pub(super) fn move_on(&mut self, conversations: Vec<Conversation>) {
        for conversation in conversations {
            if let Some(known) = self.conversations.get_mut(&conversation.id) {
                known.conversation = conversation;
            }
        }
    }

    pub(super) fn forget(&mut self, id: ConversationId) {
        if let Some(known) = self.conversations.remove(&id) {
            self.stays -= known.stays.len();
        }
    }

    pub(super) fn forget_everything(&mut self) {
        self.conversations.clear();
        self.stays = 0;
    }

    /// Compares the clocks. A database without one has ours.
    pub(super) fn compare(&mut self, database: Option<Timestamp>, own: Timestamp) {
        self.ahead = database.map_or(0, |now| now.unix_micros() - own.unix_micros());
    }

    /// The time by the database's clock, as nearly as it is known.
    pub(super) fn now(&self, own: Timestamp) -> Timestamp {
        Timestamp::from_unix_micros(own.unix_micros() + self.ahead)
    }
}
