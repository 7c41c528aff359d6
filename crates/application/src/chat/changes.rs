//! Changing what was written: editing, deleting, taking a deletion back.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::{Content, MAX_REVISIONS, Mentions, Message, MessageBody};
use hubbub_domain::permission;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::UnitOfWork;

use super::dto::SendReceipt;
use super::error::ChatError;
use super::mentions::{Calls, people_named};
use super::service::{ChatService, visible_message};
use super::threads::follower;
use crate::events::{ConversationEvent, Event};

/// A message in the middle of a unit of work that changes it: its conversation is locked, and the actor may see it.
pub(super) struct MessageChange {
    pub(super) unit: Box<dyn UnitOfWork>,
    pub(super) conversation: Conversation,
    /// The actor's.
    pub(super) stay: Membership,
    pub(super) message: Message,
    pub(super) now: Timestamp,
}

impl ChatService {
    /// Changes what an own message says. What it said before can still be read. Answers the place of the change; where it says so
    /// already, that of the latest one.
    pub async fn edit(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
        body: String,
    ) -> Result<SendReceipt, ChatError> {
        let body = MessageBody::parse(body)?;
        let calls = Calls::of(body.as_str());
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_author(actor)?;
        change.check_may_post()?;
        let people = people_named(change.unit.as_mut(), id, &calls.names).await?;
        let called_before = match change.message.text() {
            Some(text) => text.mentions.clone(),
            None => Mentions::default(),
        };
        let members = change.conversation.member_count;
        let called = calls.resolve(&people, members, called_before.all);
        let Some(before) =
            change
                .conversation
                .edit(&mut change.message, body, called.clone(), change.now)?
        else {
            return Ok(SendReceipt::changed(&change.message));
        };
        let messages = change.unit.messages();
        if messages.count_revisions(message_id).await? >= MAX_REVISIONS {
            return Err(ChatError::TooManyRevisions);
        }
        messages.add_revision(message_id, &before).await?;
        change.follow_newly_called(&called_before, &called).await?;
        self.commit(change, None).await
    }

    /// Deletes a message: its author may, and who manages the conversation. Deleting it again changes nothing.
    pub async fn delete(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<SendReceipt, ChatError> {
        let mut change = self.lock_message(actor, id, message_id).await?;
        let is_own = change.message.sender_id == actor;
        let kind = change.conversation.kind();
        if !permission::may_delete_message(change.stay.role, is_own, kind) {
            return Err(ChatError::MayNotDelete);
        }
        let message = &mut change.message;
        if !change.conversation.delete(message, actor, change.now)? {
            return Ok(SendReceipt::changed(message));
        }
        let root = change.recount_thread(-1).await?;
        self.commit(change, root).await
    }

    /// Takes the deletion of an own message back, which is possible for [`hubbub_domain::message::UNDO_DELETE`]. Where it is not
    /// deleted nothing changes.
    pub async fn restore(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<SendReceipt, ChatError> {
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_author(actor)?;
        let message = &mut change.message;
        if matches!(&message.content, Content::Deleted(deletion) if deletion.by != actor) {
            return Err(ChatError::DeletedByAnother);
        }
        if !change.conversation.restore(message, actor, change.now)? {
            return Ok(SendReceipt::changed(message));
        }
        let root = change.recount_thread(1).await?;
        self.commit(change, root).await
    }

    /// Takes the lock of a conversation and finds one of its messages that the actor may see.
    pub(super) async fn lock_message(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<MessageChange, ChatError> {
        let mut unit = self.store.begin().await?;
        let mut locked = unit.log().lock(&[id]).await?;
        let conversation = locked.conversations.pop();
        let stay = unit.memberships().find_open(id, actor).await?;
        let (conversation, stay) = conversation
            .zip(stay)
            .ok_or(ChatError::ConversationNotFound)?;
        let message = visible_message(unit.as_mut(), &stay, message_id).await?;
        Ok(MessageChange {
            unit,
            conversation,
            stay,
            message,
            now: locked.now.unwrap_or_else(|| self.clock.now()),
        })
    }

    /// Stores what has changed, the root of its thread too if that has, and tells of it.
    pub(super) async fn commit(
        &self,
        change: MessageChange,
        root: Option<Message>,
    ) -> Result<SendReceipt, ChatError> {
        let mut unit = change.unit;
        let changed = [Some(&change.message), root.as_ref()];
        for message in changed.into_iter().flatten() {
            unit.messages().update(message).await?;
        }
        unit.conversations().update(&change.conversation).await?;
        unit.commit().await?;
        let steps = changed.into_iter().flatten();
        let steps = steps.map(|message| Arc::new(ConversationEvent::of_message(message)));
        self.publish(steps.map(Event::Conversation));
        Ok(SendReceipt::changed(&change.message))
    }
}

impl MessageChange {
    pub(super) fn check_may_post(&self) -> Result<(), ChatError> {
        if permission::may_post(self.stay.role) {
            Ok(())
        } else {
            Err(ChatError::ReadOnly)
        }
    }

    fn check_author(&self, actor: UserId) -> Result<(), ChatError> {
        if self.message.sender_id == actor {
            Ok(())
        } else {
            Err(ChatError::NotTheAuthor)
        }
    }

    /// Counts a reply of a thread in or out. Answers the root, if the message is a reply.
    async fn recount_thread(&mut self, difference: i64) -> Result<Option<Message>, ChatError> {
        let Some(root) = self.message.thread_root else {
            return Ok(None);
        };
        let messages = self.unit.messages();
        let mut root = messages.find(self.conversation.id, root.id).await?;
        if let Some(root) = &mut root {
            self.conversation.recount_thread(root, difference);
        }
        Ok(root)
    }

    /// In a thread, who is called follows from then on, unless the person has a view of it already.
    async fn follow_newly_called(
        &mut self,
        before: &Mentions,
        now: &Mentions,
    ) -> Result<(), ChatError> {
        let Some(root) = self.message.thread_root else {
            return Ok(());
        };
        let states = self.unit.personal_states();
        for &user in &now.user_ids {
            if !before.user_ids.contains(&user)
                && states.find_thread(user, root.id).await?.is_none()
            {
                let state = follower(self.conversation.id, root, user);
                states.save_thread(&state, None).await?;
            }
        }
        Ok(())
    }
}
