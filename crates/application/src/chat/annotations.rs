//! What people do with the messages of others: reactions and pins.

use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::message::{Emoji, MAX_PINS};
use hubbub_domain::numbers::Rev;
use hubbub_domain::permission;

use super::changes::MessageChange;
use super::error::ChatError;
use super::service::ChatService;

impl ChatService {
    /// Puts a reaction beneath a message. Answers the place of the change; one that is there already changes nothing.
    pub async fn add_reaction(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
        emoji: &str,
    ) -> Result<Rev, ChatError> {
        let emoji = Emoji::parse(emoji)?;
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_may_post()?;
        let message = &mut change.message;
        let is_new = change.conversation.add_reaction(message, actor, emoji)?;
        self.finish(change, is_new).await
    }

    /// Takes an own reaction away. Answers as [`ChatService::add_reaction`] does.
    pub async fn remove_reaction(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
        emoji: &str,
    ) -> Result<Rev, ChatError> {
        let emoji = Emoji::parse(emoji)?;
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_may_post()?;
        let message = &mut change.message;
        let was_there = change
            .conversation
            .remove_reaction(message, actor, &emoji)?;
        self.finish(change, was_there).await
    }

    /// Pins a message: who writes may, in a channel only who manages it. Answers the place of the change; pinning it again changes
    /// nothing.
    pub async fn pin(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<Rev, ChatError> {
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_may_pin()?;
        let message = &mut change.message;
        let is_new = change.conversation.pin(message, actor, change.now)?;
        if is_new && change.unit.messages().count_pinned(id).await? >= MAX_PINS {
            return Err(ChatError::TooManyPins);
        }
        self.finish(change, is_new).await
    }

    /// Takes a pin away, whoever has put it there. Answers as [`ChatService::pin`] does.
    pub async fn unpin(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<Rev, ChatError> {
        let mut change = self.lock_message(actor, id, message_id).await?;
        change.check_may_pin()?;
        let was_pinned = change.conversation.unpin(&mut change.message)?;
        self.finish(change, was_pinned).await
    }

    async fn finish(&self, change: MessageChange, has_changed: bool) -> Result<Rev, ChatError> {
        let rev = change.message.rev;
        if has_changed {
            self.commit(change, None).await?;
        }
        Ok(rev)
    }
}

impl MessageChange {
    fn check_may_pin(&self) -> Result<(), ChatError> {
        if permission::may_pin(self.stay.role, self.conversation.kind()) {
            Ok(())
        } else {
            Err(ChatError::MayNotPin)
        }
    }
}
