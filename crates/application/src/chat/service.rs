use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::Message;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::{Repositories, Store};

use super::dto::{ConversationList, ConversationSummary, MessagePage};
use super::error::ChatError;
use super::summary::summary;
use super::writer::LogWriter;
use crate::events::Event;
use crate::ports::{Action, Clock, EventBus, IdGenerator, RateLimiter, Unlimited};

/// Above this many members nobody is told who types or has read what: everybody would tell everybody.
pub(super) const MAX_MEMBERS_FOR_HINTS: i64 = 100;

/// Lists, reads and writes conversations.
pub struct ChatService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    events: Arc<dyn EventBus>,
    pub(super) writer: LogWriter,
    pub(super) limits: Arc<dyn RateLimiter>,
}

impl ChatService {
    /// How many messages one page has at most.
    pub const MAX_PAGE: i64 = 200;

    /// A service over the given ports, of which everybody may make use as often as they like.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        events: Arc<dyn EventBus>,
        writer: LogWriter,
    ) -> Self {
        Self {
            store,
            clock,
            ids,
            events,
            writer,
            limits: Arc::new(Unlimited),
        }
    }

    /// Lets people write and type only so often.
    pub fn limited_by(mut self, limits: Arc<dyn RateLimiter>) -> Self {
        self.limits = limits;
        self
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

    /// Tells the other members that the actor types or has stopped, which is stored nowhere. In large conversations nobody is told, and
    /// what comes too often is dropped before anything is read for it: this goes first when there is much to do.
    pub async fn typing(
        &self,
        actor: UserId,
        id: ConversationId,
        is_typing: bool,
    ) -> Result<(), ChatError> {
        if self.limits.take(Action::Type, actor).is_err() {
            return Ok(());
        }
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

/// A message that the stay lets its member see.
pub(super) async fn visible_message(
    view: &mut dyn Repositories,
    stay: &Membership,
    id: MessageId,
) -> Result<Message, ChatError> {
    view.messages()
        .find(stay.conversation_id, id)
        .await?
        .filter(|message| message.seq >= stay.visible_from_seq)
        .ok_or(ChatError::MessageNotFound)
}
