//! Direct conversations: exactly one for each pair of people.

use hubbub_domain::conversation::{Conversation, DirectPair};
use hubbub_domain::ids::{ConversationId, UserId};

use super::dto::ConversationSummary;
use super::error::ChatError;
use super::service::ChatService;
use crate::groups::membership;

impl ChatService {
    /// The one conversation of the actor and another person, made if there is none.
    pub async fn open_direct(
        &self,
        actor: UserId,
        other: UserId,
    ) -> Result<ConversationSummary, ChatError> {
        let pair = DirectPair::of(actor, other).ok_or(ChatError::WithOneself)?;
        let id = self.direct(pair).await?;
        self.get(actor, id).await
    }

    /// Finds or makes the one conversation of a pair. When both people start at once, one of the two makes it and the other finds it.
    pub(super) async fn direct(&self, pair: DirectPair) -> Result<ConversationId, ChatError> {
        if let Some(id) = self.find_direct(pair).await? {
            return Ok(id);
        }
        match self.make_direct(pair).await {
            Err(error) if error.is_conflict() => self.find_direct(pair).await?.ok_or(error),
            result => result,
        }
    }

    async fn find_direct(&self, pair: DirectPair) -> Result<Option<ConversationId>, ChatError> {
        let mut view = self.store.read().await?;
        Ok(view.conversations().find_direct(pair).await?)
    }

    async fn make_direct(&self, pair: DirectPair) -> Result<ConversationId, ChatError> {
        let mut unit = self.store.begin().await?;
        if let Some(id) = unit.conversations().find_direct(pair).await? {
            return Ok(id);
        }
        let mut users = Vec::with_capacity(2);
        for id in pair.members() {
            let user = unit.users().find(id).await?;
            users.push(user.ok_or(ChatError::UserNotFound)?);
        }
        let id = ConversationId::from_uuid(self.ids.uuid());
        let (conversation, stays) = Conversation::open_direct(id, pair, self.clock.now());
        unit.conversations().add(&conversation).await?;
        let mut events = Vec::new();
        for (stay, user) in stays.iter().zip(&users) {
            membership::enter(unit.as_mut(), stay, user, &mut events).await?;
        }
        unit.commit().await?;
        self.publish(events);
        Ok(id)
    }
}
