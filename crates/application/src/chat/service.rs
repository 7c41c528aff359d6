use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, DirectPair};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};

use super::dto::{ConversationList, ConversationSummary, MessagePage};
use super::error::ChatError;
use super::summary::summary;
use crate::events::Event;
use crate::groups::membership;
use crate::ports::{Clock, EventBus, IdGenerator};

/// Above this many members nobody is told who types or has read what: everybody would tell everybody.
pub(super) const MAX_MEMBERS_FOR_HINTS: i64 = 100;

/// Lists, reads and writes conversations.
pub struct ChatService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    events: Arc<dyn EventBus>,
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
        let heads = view.conversations().find_heads(actor).await?;
        let overviews = view.conversations().list_overviews(actor).await?;
        Ok(ConversationList {
            epoch: heads.epoch,
            user_rev: heads.user_rev,
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
        Ok(MessagePage::new(
            &conversation,
            first_visible,
            range,
            &messages,
        ))
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

    /// Finds or makes the one conversation of a pair, and takes its lock. When both people start at once, one of the two
    /// makes it and the other finds it.
    pub(super) async fn lock_direct(
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

    pub(super) fn publish(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.events.publish(event);
        }
    }
}

/// The conversation and the actor's present stay in it.
pub(super) async fn visible(
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
