use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, DirectPair};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::{Message, MessageBody};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};

use super::dto::{ConversationList, ConversationSummary, MessageDto, MessagePage, SendReceipt};
use super::error::ChatError;
use super::log::{self, Post, Posted};
use super::summary::summary;
use crate::events::{
    ConversationEvent, ConversationEventChange, Event, UserEvent, UserEventChange,
};
use crate::groups::membership;
use crate::ports::{Clock, EventBus, IdGenerator};

/// Above this many members nobody is told who types or has read what: everybody would tell everybody.
const MAX_MEMBERS_FOR_HINTS: i64 = 100;

/// Lists, reads and writes conversations.
pub struct ChatService {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    events: Arc<dyn EventBus>,
}

/// A message for a conversation.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// Where to.
    pub conversation_id: ConversationId,
    /// The sender's key for it; made by the server if not given.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub body: String,
}

/// A message for one person.
#[derive(Clone, Debug)]
pub struct SendPrivateMessage {
    /// Whom to.
    pub receiver_id: UserId,
    /// The sender's key for it; made by the server if not given.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub body: String,
}

impl ChatService {
    /// How many messages one page has at most.
    pub const MAX_PAGE: i64 = 200;

    /// A service over the given ports.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        events: Arc<dyn EventBus>,
    ) -> Self {
        Self {
            store,
            clock,
            ids,
            events,
        }
    }

    /// The actor's conversations, the latest activity first.
    pub async fn list(&self, actor: UserId) -> Result<ConversationList, ChatError> {
        let mut view = self.store.read().await?;
        let epoch = view.server().epoch().await?;
        let user_rev = view.users().find_rev(actor).await?.unwrap_or_default();
        let overviews = view.conversations().list_overviews(actor).await?;
        Ok(ConversationList {
            epoch,
            user_rev,
            conversations: overviews.iter().map(summary).collect(),
        })
    }

    /// One conversation of the actor.
    pub async fn get(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<ConversationSummary, ChatError> {
        let mut view = self.store.read().await?;
        view.conversations()
            .find_overview(id, actor)
            .await?
            .filter(|overview| overview.membership.is_some())
            .map(|overview| summary(&overview))
            .ok_or(ChatError::ConversationNotFound)
    }

    /// The one conversation of the actor and another person, made if there is none.
    pub async fn open_direct(
        &self,
        actor: UserId,
        other: UserId,
    ) -> Result<ConversationSummary, ChatError> {
        let pair = DirectPair::of(actor, other).ok_or(ChatError::WithOneself)?;
        let mut unit = self.store.begin().await?;
        let mut events = Vec::new();
        let id = self.lock_direct(unit.as_mut(), pair, &mut events).await?.id;
        let overview = unit.conversations().find_overview(id, actor).await?;
        if !events.is_empty() {
            unit.commit().await?;
        }
        self.publish(events);
        overview
            .map(|overview| summary(&overview))
            .ok_or(ChatError::ConversationNotFound)
    }

    /// A page of a conversation's messages.
    pub async fn history(
        &self,
        actor: UserId,
        id: ConversationId,
        range: MessageRange,
        limit: i64,
    ) -> Result<MessagePage, ChatError> {
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let mut view = self.store.read().await?;
        let (conversation, stay) = visible(view.as_mut(), id, actor).await?;
        let first_visible = stay.visible_from_seq;
        let messages = view
            .messages()
            .list(id, first_visible, range, limit)
            .await?;
        let (oldest, newest) = (first_visible.max(Seq::FIRST), conversation.last_seq);
        let (has_before, has_after) = match (messages.first(), messages.last()) {
            (Some(first), Some(last)) => (first.seq > oldest, last.seq < newest),
            // Nothing lies on the side that was asked for; everything that is visible lies on the other.
            _ => match range {
                MessageRange::Before(seq) => (false, seq.max(oldest) <= newest),
                MessageRange::After(seq) => (seq.min(newest) >= oldest, false),
                MessageRange::Newest | MessageRange::Around(_) => (false, false),
            },
        };
        Ok(MessagePage {
            conversation_id: id,
            rev: conversation.last_rev,
            last_seq: conversation.last_seq,
            has_before,
            has_after,
            messages: messages.iter().map(MessageDto::from).collect(),
        })
    }

    /// Stores a message and answers its place. The answer means that it is on disk; a retry under the same client id gets
    /// the same answer.
    pub async fn send(&self, actor: UserId, send: SendMessage) -> Result<SendReceipt, ChatError> {
        let post = self.new_post(actor, send.client_id, send.body)?;
        let mut unit = self.store.begin().await?;
        let mut conversation = unit
            .conversations()
            .lock(send.conversation_id)
            .await?
            .ok_or(ChatError::ConversationNotFound)?;
        self.finish(unit, &mut conversation, post, Vec::new()).await
    }

    /// Stores a message for one person, opening the conversation if there is none. Answers as [`ChatService::send`] does.
    pub async fn send_private(
        &self,
        actor: UserId,
        send: SendPrivateMessage,
    ) -> Result<SendReceipt, ChatError> {
        let post = self.new_post(actor, send.client_id, send.body)?;
        let pair = DirectPair::of(actor, send.receiver_id).ok_or(ChatError::WithOneself)?;
        let mut unit = self.store.begin().await?;
        let mut events = Vec::new();
        let mut conversation = self.lock_direct(unit.as_mut(), pair, &mut events).await?;
        self.finish(unit, &mut conversation, post, events).await
    }

    /// Moves the actor's read marker on to `seq`, or to the newest message if there is none at `seq` yet. It never moves
    /// back. The other members are told as well, except in large conversations.
    pub async fn mark_read(
        &self,
        actor: UserId,
        id: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        let mut unit = self.store.begin().await?;
        let (conversation, _) = visible(unit.as_mut(), id, actor).await?;
        let seq = seq.min(conversation.last_seq);
        if unit.read_markers().find(id, actor).await? >= seq {
            return Ok(());
        }
        let user_rev = unit.users().next_rev(actor).await?;
        unit.read_markers()
            .advance(id, actor, seq, Some(user_rev))
            .await?;
        let unread_count = unit.read_markers().count_unread(id, actor, seq).await?;
        unit.commit().await?;
        self.publish([Event::User(Arc::new(UserEvent {
            user_id: actor,
            from_rev: user_rev.previous(),
            to_rev: user_rev,
            change: UserEventChange::ReadMarkerMoved {
                conversation_id: id,
                seq,
                unread_count,
            },
        }))]);
        if conversation.member_count <= MAX_MEMBERS_FOR_HINTS {
            self.publish([Event::ReadMarkerMoved {
                conversation_id: id,
                user_id: actor,
                seq,
            }]);
        }
        Ok(())
    }

    /// Tells the other members that the actor types or has stopped. In large conversations nobody is told.
    pub async fn typing(
        &self,
        actor: UserId,
        id: ConversationId,
        is_typing: bool,
    ) -> Result<(), ChatError> {
        let mut view = self.store.read().await?;
        let (conversation, stay) = visible(view.as_mut(), id, actor).await?;
        let is_told = conversation.member_count <= MAX_MEMBERS_FOR_HINTS
            && hubbub_domain::permission::may_post(stay.role);
        if is_told {
            self.publish([Event::Typing {
                conversation_id: id,
                user_id: actor,
                is_typing,
            }]);
        }
        Ok(())
    }

    fn new_post(
        &self,
        actor: UserId,
        client_id: Option<ClientId>,
        body: String,
    ) -> Result<Post, ChatError> {
        Ok(Post {
            id: MessageId::from_uuid(self.ids.uuid()),
            sender_id: actor,
            client_id: client_id.unwrap_or_else(|| ClientId::from_uuid(self.ids.uuid())),
            body: MessageBody::parse(body)?,
        })
    }

    /// Posts to a locked conversation, commits, and only then answers and publishes.
    async fn finish(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        conversation: &mut Conversation,
        post: Post,
        mut events: Vec<Event>,
    ) -> Result<SendReceipt, ChatError> {
        let posted = log::post(unit.as_mut(), conversation, post, self.clock.now()).await?;
        match posted {
            Posted::Before(message) => Ok(SendReceipt::from(&message)),
            Posted::New(message) => {
                unit.commit().await?;
                events.push(message_event(&message));
                self.publish(events);
                Ok(SendReceipt::from(&message))
            }
        }
    }

    /// Finds or makes the one conversation of a pair, and takes its lock. When both people start at once, one of the two
    /// makes it and the other finds it.
    async fn lock_direct(
        &self,
        unit: &mut dyn UnitOfWork,
        pair: DirectPair,
        events: &mut Vec<Event>,
    ) -> Result<Conversation, ChatError> {
        if let Some(id) = unit.conversations().find_direct(pair).await? {
            return unit
                .conversations()
                .lock(id)
                .await?
                .ok_or(ChatError::ConversationNotFound);
        }
        let mut users = Vec::with_capacity(2);
        for id in pair.members() {
            users.push(
                unit.users()
                    .find(id)
                    .await?
                    .ok_or(ChatError::UserNotFound)?,
            );
        }
        let id = ConversationId::from_uuid(self.ids.uuid());
        let (conversation, stays) = Conversation::open_direct(id, pair, self.clock.now());
        unit.conversations().add(&conversation).await?;
        for (stay, user) in stays.iter().zip(&users) {
            membership::enter(unit, stay, user, events).await?;
        }
        Ok(conversation)
    }

    fn publish(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.events.publish(event);
        }
    }
}

/// The conversation and the actor's present stay in it.
async fn visible(
    view: &mut dyn Repositories,
    id: ConversationId,
    actor: UserId,
) -> Result<(Conversation, Membership), ChatError> {
    let conversation = view.conversations().find(id).await?;
    let stay = view.memberships().find_open(id, actor).await?;
    conversation
        .zip(stay)
        .ok_or(ChatError::ConversationNotFound)
}

fn message_event(message: &Message) -> Event {
    Event::Conversation(Arc::new(ConversationEvent {
        conversation_id: message.conversation_id,
        from_rev: message.rev.previous(),
        to_rev: message.rev,
        change: ConversationEventChange::Message(MessageDto::from(message)),
    }))
}
