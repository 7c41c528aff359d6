//! Threads as their followers use them. Each follower has a marker per thread, which the conversation's own never mixes with.

use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::message::{Content, Message};
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::ThreadState;

use super::OwnChange;
use crate::chat::dto::{FollowedThreadDto, ThreadStateDto};
use crate::chat::error::ChatError;
use crate::chat::service::{ChatService, visible_message};
use crate::events::UserEventChange;

impl ChatService {
    /// How many followed threads are listed.
    const MAX_FOLLOWED: i64 = 100;

    /// Follows the thread that hangs on a message, or that will, or no longer does.
    pub async fn follow_thread(
        &self,
        actor: UserId,
        id: ConversationId,
        root_id: MessageId,
        is_following: bool,
    ) -> Result<ThreadStateDto, ChatError> {
        let mut own = self.change_own(actor, id).await?;
        let root = own.get_root(root_id).await?;
        let states = own.unit.personal_states();
        let mut state = states
            .find_thread(actor, root_id)
            .await?
            .unwrap_or_else(|| ThreadState::new(id, root_id, root.seq, actor));
        if state.is_following == is_following {
            let unread = states.count_unread_replies(&state).await?;
            return Ok(ThreadStateDto::new(&state, unread));
        }
        state.is_following = is_following;
        self.commit_thread(own, &state).await
    }

    /// The threads that the actor follows in present conversations, the one with the newest reply first; at most 100.
    pub async fn followed_threads(
        &self,
        actor: UserId,
    ) -> Result<Vec<FollowedThreadDto>, ChatError> {
        let mut view = self.store.read().await?;
        let followed = view
            .personal_states()
            .list_followed(actor, Self::MAX_FOLLOWED)
            .await?;
        Ok(followed.iter().map(FollowedThreadDto::from).collect())
    }

    /// Moves the actor's marker in a thread on. Who has never followed the thread has none, and gets none by looking: it would pass
    /// for a refusal to follow when the actor is called there later.
    pub(super) async fn mark_thread_read(
        &self,
        actor: UserId,
        id: ConversationId,
        root_id: MessageId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        let mut own = self.change_own(actor, id).await?;
        let root = own.get_root(root_id).await?;
        let newest = root.thread.map_or(root.seq, |thread| thread.last_reply_seq);
        let state = own.unit.personal_states().find_thread(actor, root_id);
        if let Some(mut state) = state.await?
            && state.read_seq < seq.min(newest)
        {
            state.read_seq = seq.min(newest);
            self.commit_thread(own, &state).await?;
        }
        Ok(())
    }

    /// Stores the actor's view of a thread, and tells the actor's devices.
    async fn commit_thread(
        &self,
        mut own: OwnChange,
        state: &ThreadState,
    ) -> Result<ThreadStateDto, ChatError> {
        let states = own.unit.personal_states();
        states.save_thread(state, Some(own.user_rev)).await?;
        let unread = states.count_unread_replies(state).await?;
        let thread = ThreadStateDto::new(state, unread);
        self.commit_own(own, UserEventChange::ThreadStateChanged(thread))
            .await?;
        Ok(thread)
    }
}

impl OwnChange {
    /// The root of a thread that the actor may see. It may have been deleted since replies came.
    async fn get_root(&mut self, id: MessageId) -> Result<Message, ChatError> {
        let root = visible_message(self.unit.as_mut(), &self.stay, id).await?;
        match root.content {
            Content::System(_) => Err(ChatError::NoThread),
            _ if root.thread_root.is_some() => Err(ChatError::NoThread),
            Content::Deleted(_) if root.thread.is_none() => Err(ChatError::MessageNotFound),
            Content::Deleted(_) | Content::Text(_) => Ok(root),
        }
    }
}
