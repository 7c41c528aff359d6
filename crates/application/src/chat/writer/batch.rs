use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::Message;
use hubbub_domain::permission;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::{Append, Circumstances};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::Username;

use super::entry::Entry;
use crate::chat::dto::SendReceipt;
use crate::chat::error::ChatError;
use crate::chat::threads::follower;
use crate::events::{ConversationEvent, Event};

/// One group: entries are settled one after the other, as if each were alone, while nothing of it is stored yet.
pub(super) struct Batch {
    now: Timestamp,
    conversations: BTreeMap<ConversationId, Conversation>,
    people: HashMap<ConversationId, Vec<(Username, UserId)>>,
    /// What is new, by its sender's key.
    posted: HashMap<(UserId, ClientId), usize>,
    /// Roots of threads that have new replies.
    roots: BTreeMap<MessageId, Message>,
    followed: BTreeMap<(MessageId, UserId), ThreadState>,
    append: Append,
    events: Vec<Event>,
}

impl Batch {
    /// A group over conversations under their locks, with those of their members who are called by name.
    pub(super) fn new(
        conversations: Vec<Conversation>,
        people: HashMap<ConversationId, Vec<(Username, UserId)>>,
        now: Timestamp,
    ) -> Self {
        let by_id = |conversation: Conversation| (conversation.id, conversation);
        Self {
            now,
            conversations: conversations.into_iter().map(by_id).collect(),
            people,
            posted: HashMap::new(),
            roots: BTreeMap::new(),
            followed: BTreeMap::new(),
            append: Append::default(),
            events: Vec::new(),
        }
    }

    /// Decides about an entry, and takes its message into the log if it is new and may be posted.
    pub(super) fn settle(
        &mut self,
        entry: &Entry,
        found: Circumstances,
    ) -> Result<SendReceipt, ChatError> {
        let key = (entry.post.sender_id, entry.post.client_id);
        #[cfg(feature = "broken-no-unique-key")]
        let found = Circumstances {
            before: None,
            ..found
        };
        let in_group = || self.append.messages.get(*self.posted.get(&key)?);
        if let Some(before) = found.before.as_ref().or_else(in_group) {
            if before.request_hash != entry.request_hash {
                return Err(ChatError::IdempotencyMismatch);
            }
            let receipt = SendReceipt::posted(before);
            if let Some(own) = found.before.filter(|before| before.id == entry.post.id) {
                // Stored by an earlier attempt, whose commit was not confirmed: so far nobody was told.
                self.events.extend([told(&own)]);
                self.events.extend(found.thread_root.as_ref().map(told));
            }
            return Ok(receipt);
        }
        let stay = found.stay.ok_or(ChatError::ConversationNotFound)?;
        if !permission::may_post(stay.role) {
            return Err(ChatError::ReadOnly);
        }
        let reply_to = referred(entry.post.reply_to, found.reply_to, &stay)?;
        let root = referred(entry.post.thread_of, found.thread_root, &stay)?;
        if let Some(root) = &root {
            check_root(root)?;
        }
        self.post(entry, reply_to.as_ref(), root)
    }

    fn post(
        &mut self,
        entry: &Entry,
        reply_to: Option<&Message>,
        root: Option<Message>,
    ) -> Result<SendReceipt, ChatError> {
        let id = entry.post.conversation_id;
        let conversation = self
            .conversations
            .get_mut(&id)
            .ok_or(ChatError::ConversationNotFound)?;
        let people = self.people.get(&id).map_or(&[][..], Vec::as_slice);
        let members = conversation.member_count;
        let mentions = entry.calls.resolve(people, members, entry.post.notify_all);
        let root = root.map(|root| self.roots.entry(root.id).or_insert(root));
        let called = root.is_some().then(|| mentions.user_ids.clone());
        let message = conversation.post(
            entry.message(
                mentions,
                reply_to.map(Message::reference),
                root.as_ref().map(|root| root.reference()),
            ),
            self.now,
        );
        self.events.push(told(&message));
        if let Some(root) = root {
            conversation.extend_thread(root, &message);
            self.events.push(told(root));
            let people = [root.sender_id, message.sender_id].into_iter();
            for user in people.chain(called.into_iter().flatten()) {
                let state = follower(id, root.reference(), user);
                self.followed.insert((root.id, user), state);
            }
        }
        let receipt = SendReceipt::posted(&message);
        let key = (message.sender_id, message.client_id);
        self.posted.insert(key, self.append.messages.len());
        self.append.read.push((id, message.sender_id, message.seq));
        self.append.messages.push(message);
        Ok(receipt)
    }

    /// What is to be stored, and what is to be published when it is.
    pub(super) fn into_parts(mut self) -> (Append, Vec<Event>) {
        let moved = self.append.messages.iter();
        let moved: BTreeSet<_> = moved.map(|message| message.conversation_id).collect();
        self.conversations.retain(|id, _| moved.contains(id));
        self.append.conversations = self.conversations.into_values().collect();
        self.append.roots = self.roots.into_values().collect();
        self.append.followed = self.followed.into_values().collect();
        (self.append, self.events)
    }
}

/// The message that a request refers to, if its sender may see it.
fn referred(
    wanted: Option<MessageId>,
    found: Option<Message>,
    stay: &Membership,
) -> Result<Option<Message>, ChatError> {
    let visible = found.filter(|message| message.seq >= stay.visible_from_seq);
    match (wanted, visible) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(ChatError::MessageNotFound),
        (Some(_), visible) => Ok(visible),
    }
}

fn check_root(root: &Message) -> Result<(), ChatError> {
    if root.is_deleted() {
        Err(ChatError::MessageNotFound)
    } else if root.may_root_a_thread() {
        Ok(())
    } else {
        Err(ChatError::NoThread)
    }
}

fn told(message: &Message) -> Event {
    Event::Conversation(Arc::new(ConversationEvent::of_message(message)))
}
