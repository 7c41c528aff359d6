//! Single messages: finding one by its id, what it said before, what is pinned; and forgetting what was deleted.

use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::message::{MAX_PINS, UNDO_DELETE};

use super::dto::{MessageDto, PinnedMessages, RevisionDto};
use super::error::ChatError;
use super::service::{ChatService, visible, visible_message};

/// How many deleted messages one unit of work purges, so that nobody waits long for their turn.
const PURGE_BATCH: i64 = 500;

impl ChatService {
    /// One message.
    pub async fn find(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<MessageDto, ChatError> {
        let mut view = self.store.read().await?;
        let (_, stay) = visible(view.as_mut(), id, actor).await?;
        let message = visible_message(view.as_mut(), &stay, message_id).await?;
        Ok(MessageDto::from(&message))
    }

    /// What a message said before it was edited, the first text first. Whoever may see the message may see that; what was deleted
    /// nobody may.
    pub async fn revisions(
        &self,
        actor: UserId,
        id: ConversationId,
        message_id: MessageId,
    ) -> Result<Vec<RevisionDto>, ChatError> {
        let mut view = self.store.read().await?;
        let (_, stay) = visible(view.as_mut(), id, actor).await?;
        let message = visible_message(view.as_mut(), &stay, message_id).await?;
        if message.is_deleted() {
            return Err(ChatError::MessageNotFound);
        }
        let revisions = view.messages().list_revisions(message_id).await?;
        Ok(revisions.iter().map(RevisionDto::from).collect())
    }

    /// The pinned messages of a conversation, the latest pin first.
    pub async fn pins(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<PinnedMessages, ChatError> {
        let mut view = self.store.read().await?;
        let (conversation, stay) = visible(view.as_mut(), id, actor).await?;
        let messages = view.messages();
        let pinned = messages
            .list_pinned(id, stay.visible_from_seq, MAX_PINS)
            .await?;
        Ok(PinnedMessages {
            conversation_id: id,
            rev: conversation.last_rev,
            messages: pinned.iter().map(MessageDto::from).collect(),
        })
    }

    /// Removes what messages said whose deletion cannot be taken back any more. Answers how many. To be called every few seconds.
    pub async fn purge_deleted(&self) -> Result<u64, RepositoryError> {
        let before = self.clock.now().minus(UNDO_DELETE);
        let mut purged = 0;
        loop {
            let mut unit = self.store.begin().await?;
            let count = unit.messages().purge_deleted(before, PURGE_BATCH).await?;
            if count == 0 {
                return Ok(purged);
            }
            unit.commit().await?;
            purged += count;
        }
    }
}
