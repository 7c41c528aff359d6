//! What is only the actor's about a conversation: how far it was read, what may disturb, and who learns of it.
//!
//! Every change takes a number of the user's own log, and takes it first: that locks the user's row, so what is read afterwards
//! nobody changes meanwhile. Where nothing turns out to be different the unit of work is dropped, and the number with it. The
//! conversation is not locked: reading never waits for writing.

mod following;

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::personal::{NotificationLevel, PersonalState};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::UnitOfWork;

use super::dto::{PersonalDto, ReceiptDto};
use super::error::ChatError;
use super::service::{ChatService, MAX_MEMBERS_FOR_HINTS, visible};
use crate::events::{Event, UserEvent, UserEventChange};

/// What of a conversation may disturb; what is not given stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangePreferences {
    /// Until when nothing may, or nothing for an end of that. A time that has passed means the same.
    pub muted_until: Option<Option<Timestamp>>,
    /// What may.
    pub level: Option<NotificationLevel>,
}

/// A unit of work that changes what is only the actor's about a conversation.
struct OwnChange {
    unit: Box<dyn UnitOfWork>,
    actor: UserId,
    user_rev: UserRev,
    conversation: Conversation,
    stay: Membership,
}

impl ChatService {
    /// Moves the actor's read marker on to `seq`, or to the newest message if there is none at `seq` yet: that of the conversation,
    /// or that of the thread which hangs on `thread_of`. It never moves back. Reading the conversation ends what was marked unread
    /// in it, and the other members are told, except in large conversations and of who keeps it private.
    pub async fn mark_read(
        &self,
        actor: UserId,
        id: ConversationId,
        seq: Seq,
        thread_of: Option<MessageId>,
    ) -> Result<(), ChatError> {
        if let Some(root_id) = thread_of {
            return self.mark_thread_read(actor, id, root_id, seq).await;
        }
        let mut own = self.change_own(actor, id).await?;
        let mut state = own.unit.personal_states().find(id, actor).await?;
        let before = state.read_seq;
        if !state.read_to(seq.min(own.conversation.last_seq)) {
            return Ok(());
        }
        let is_told = state.read_seq > before
            && own.conversation.member_count <= MAX_MEMBERS_FOR_HINTS
            && !own.unit.users().has_private_receipts(actor).await?;
        self.commit_state(own, &state).await?;
        if is_told {
            self.publish([Event::ReadMarkerMoved {
                conversation_id: id,
                user_id: actor,
                seq: state.read_seq,
            }]);
        }
        Ok(())
    }

    /// Marks everything from `seq` on, or from the nearest message that the actor can see, as unread for the actor. What others may
    /// see of the actor's reading stays where it is.
    pub async fn mark_unread(
        &self,
        actor: UserId,
        id: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        let mut own = self.change_own(actor, id).await?;
        let mut state = own.unit.personal_states().find(id, actor).await?;
        let (first, last) = (
            own.stay.visible_from_seq.max(Seq::FIRST),
            own.conversation.last_seq,
        );
        if first <= last && state.mark_unread(seq.clamp(first, last)) {
            self.commit_state(own, &state).await?;
        }
        Ok(())
    }

    /// Changes what of a conversation may disturb the actor.
    pub async fn change_preferences(
        &self,
        actor: UserId,
        id: ConversationId,
        wish: ChangePreferences,
    ) -> Result<PersonalDto, ChatError> {
        let now = self.clock.now();
        let mut own = self.change_own(actor, id).await?;
        let before = own.unit.personal_states().find(id, actor).await?;
        let state = PersonalState {
            muted_until: match wish.muted_until {
                Some(until) => until.filter(|&until| until > now),
                None => before.muted_until,
            },
            level: wish.level.unwrap_or(before.level),
            ..before
        };
        if state == before {
            let states = own.unit.personal_states();
            let unread = states.count_unread(id, actor, &state).await?;
            return Ok(PersonalDto::new(&state, unread));
        }
        self.commit_state(own, &state).await
    }

    /// Up to where the members have read who do not keep that private: nobody in large conversations, and nobody for who keeps the
    /// own private.
    pub async fn receipts(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<Vec<ReceiptDto>, ChatError> {
        let mut view = self.store.read().await?;
        let (conversation, _) = visible(view.as_mut(), id, actor).await?;
        if conversation.member_count > MAX_MEMBERS_FOR_HINTS
            || view.users().has_private_receipts(actor).await?
        {
            return Ok(Vec::new());
        }
        let receipts = view
            .personal_states()
            .list_receipts(id, MAX_MEMBERS_FOR_HINTS)
            .await?;
        Ok(receipts
            .into_iter()
            .map(|(user_id, seq)| ReceiptDto { user_id, seq })
            .collect())
    }

    /// Begins to change what is only the actor's about a conversation.
    async fn change_own(&self, actor: UserId, id: ConversationId) -> Result<OwnChange, ChatError> {
        let mut unit = self.store.begin().await?;
        let user_rev = unit.users().next_rev(actor).await?;
        let (conversation, stay) = visible(unit.as_mut(), id, actor).await?;
        Ok(OwnChange {
            unit,
            actor,
            user_rev,
            conversation,
            stay,
        })
    }

    /// Stores the actor's view of the conversation, and tells the actor's devices.
    async fn commit_state(
        &self,
        mut own: OwnChange,
        state: &PersonalState,
    ) -> Result<PersonalDto, ChatError> {
        let (id, actor) = (own.conversation.id, own.actor);
        let states = own.unit.personal_states();
        states.save(id, actor, state, own.user_rev).await?;
        let unread = states.count_unread(id, actor, state).await?;
        let personal = PersonalDto::new(state, unread);
        let change = UserEventChange::StateChanged {
            conversation_id: id,
            personal,
        };
        self.commit_own(own, change).await?;
        Ok(personal)
    }

    async fn commit_own(&self, own: OwnChange, change: UserEventChange) -> Result<(), ChatError> {
        own.unit.commit().await?;
        self.publish([Event::User(Arc::new(UserEvent {
            user_id: own.actor,
            from_rev: own.user_rev.previous(),
            to_rev: own.user_rev,
            change,
        }))]);
        Ok(())
    }
}
