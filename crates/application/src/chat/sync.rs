//! What the relay reads: where everything stands, and what happened after a position.

use hubbub_domain::change::{ConversationChange, UserChangeKind};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};

use super::dto::{Head, Heads, MessageDto};
use super::error::ChatError;
use super::service::ChatService;
use super::summary::summary;
use crate::events::{ConversationEvent, ConversationEventChange, UserEvent, UserEventChange};
use crate::groups::dto::MemberChange;
use crate::users::dto::UserDto;

impl ChatService {
    /// How far everything has come that the user can see.
    pub async fn heads(&self, user: UserId) -> Result<Heads, ChatError> {
        let mut view = self.store.read().await?;
        let epoch = view.server().epoch().await?;
        let user_rev = view.users().find_rev(user).await?.unwrap_or_default();
        let heads = view.conversations().list_heads(user).await?;
        Ok(Heads {
            epoch,
            user_rev,
            conversations: heads
                .into_iter()
                .map(|(conversation_id, rev)| Head {
                    conversation_id,
                    rev,
                })
                .collect(),
        })
    }

    /// What happened in a conversation after `rev`, as steps without a hole between them. For the relay, which decides who
    /// receives them; at most `limit` steps, so ask again from the last one's end.
    pub async fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Result<Vec<ConversationEvent>, ChatError> {
        let mut view = self.store.read().await?;
        let changes = view.conversations().list_changes(id, rev, limit).await?;
        let mut steps = Vec::with_capacity(changes.len());
        let mut from_rev = rev;
        for change in changes {
            let to_rev = change.rev();
            let change = match change {
                ConversationChange::MessagePosted(message) => {
                    ConversationEventChange::Message(MessageDto::from(&message))
                }
                ConversationChange::MembershipChanged(stay) => {
                    let Some(user) = view.users().find(stay.user_id).await? else {
                        continue;
                    };
                    ConversationEventChange::Member(MemberChange::new(UserDto::from(&user), &stay))
                }
            };
            steps.push(ConversationEvent {
                conversation_id: id,
                from_rev,
                to_rev,
                change,
            });
            from_rev = to_rev;
        }
        Ok(steps)
    }

    /// What happened in a user's own log after `rev`, as steps without a hole between them.
    pub async fn user_steps_after(
        &self,
        user: UserId,
        rev: UserRev,
    ) -> Result<Vec<UserEvent>, ChatError> {
        let mut view = self.store.read().await?;
        let changes = view.users().list_changes(user, rev).await?;
        let mut from_rev = rev;
        Ok(changes
            .into_iter()
            .map(|change| UserEvent {
                user_id: user,
                from_rev: std::mem::replace(&mut from_rev, change.rev),
                to_rev: change.rev,
                change: match change.kind {
                    UserChangeKind::ConversationGained(overview) => {
                        UserEventChange::ConversationGained(Box::new(summary(&overview)))
                    }
                    UserChangeKind::ConversationLost(id) => UserEventChange::ConversationLost(id),
                    UserChangeKind::ReadMarkerMoved {
                        conversation_id,
                        seq,
                        unread_count,
                    } => UserEventChange::ReadMarkerMoved {
                        conversation_id,
                        seq,
                        unread_count,
                    },
                },
            })
            .collect())
    }
}
