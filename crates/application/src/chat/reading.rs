//! Reading: how far the actor has read, and who learns of it.

use std::sync::Arc;

use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Seq;

use super::dto::PersonalDto;
use super::error::ChatError;
use super::service::{ChatService, MAX_MEMBERS_FOR_HINTS, visible};
use crate::events::{Event, UserEvent, UserEventChange};

impl ChatService {
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
        let mut state = unit.personal_states().find(id, actor).await?;
        if !state.read_to(seq) {
            return Ok(());
        }
        let user_rev = unit.users().next_rev(actor).await?;
        let states = unit.personal_states();
        states.save(id, actor, &state, user_rev).await?;
        let unread = states.count_unread(id, actor, &state).await?;
        unit.commit().await?;
        self.publish([Event::User(Arc::new(UserEvent {
            user_id: actor,
            from_rev: user_rev.previous(),
            to_rev: user_rev,
            change: UserEventChange::StateChanged {
                conversation_id: id,
                personal: PersonalDto::new(&state, unread),
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
}
