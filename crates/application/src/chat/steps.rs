//! What the relay reads: where everything stands, and what happened after a position.

use std::collections::HashMap;
use std::time::Duration;

use hubbub_domain::change::{ConversationChange, PlacedChange, UserChange, UserChangeKind};
use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, ConversationHead, UserHeads};
use hubbub_domain::unit_of_work::Repositories;
use hubbub_domain::user::User;

use super::dto::{Head, Heads, MessageDto, PersonalDto, SettingsDto, ThreadStateDto};
use super::error::ChatError;
use super::service::ChatService;
use super::summary::summary;
use crate::events::{
    ConversationEvent, ConversationEventChange, Digest, UserEvent, UserEventChange,
};
use crate::groups::dto::MemberChange;
use crate::users::dto::UserDto;

/// How long it is known which logs have moved on. Nodes ask every few seconds.
const REMEMBER_CHANGES: Duration = Duration::from_mins(1);

impl ChatService {
    /// How far everything has come that the user can see.
    pub async fn heads(&self, user: UserId) -> Result<Heads, ChatError> {
        let mut view = self.store.read().await?;
        let heads = view.conversations().find_heads(user).await?;
        Ok(Heads::from(&heads))
    }

    /// What happened in a conversation after `rev`, as steps without a hole between them, the last one's end being as far as the
    /// conversation had come, if no more than `limit` steps lead there. For the relay, which decides who receives them; ask again
    /// from the last one's end until there is nothing.
    pub async fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Result<Vec<ConversationEvent>, ChatError> {
        let mut view = self.store.read().await?;
        let after = view.conversations().list_changes(id, rev, limit).await?;
        let is_whole = i64::try_from(after.changes.len()).unwrap_or(i64::MAX) < limit;
        let people = people_of(view.as_mut(), &after.changes).await?;
        let departures = if after
            .changes
            .iter()
            .any(|placed| shown_as_of(placed) > placed.rev)
        {
            view.memberships().list_departures(id, rev).await?
        } else {
            Vec::new()
        };
        let mut steps = Vec::with_capacity(after.changes.len());
        let mut from_rev = rev;
        for placed in &after.changes {
            steps.push(ConversationEvent {
                conversation_id: id,
                from_rev: std::mem::replace(&mut from_rev, placed.rev),
                to_rev: placed.rev,
                change: event_change(&placed.change, &people),
                hidden_from: departures
                    .iter()
                    .filter(|(_, left)| (placed.rev..shown_as_of(placed)).contains(left))
                    .map(|(user, _)| *user)
                    .collect(),
            });
        }
        // What was overtaken by a change that is among these tells nothing any more, but takes its places in the log.
        if is_whole && from_rev < after.head {
            match steps.last_mut() {
                Some(last) => last.to_rev = after.head,
                None => steps.push(ConversationEvent {
                    conversation_id: id,
                    from_rev: rev,
                    to_rev: after.head,
                    change: ConversationEventChange::Nothing,
                    hidden_from: Vec::new(),
                }),
            }
        }
        Ok(steps)
    }

    /// The logs that have moved on since the look that gave the cursor, up to `limit` of each kind. For the relay.
    pub async fn changed_since(
        &self,
        cursor: Option<ChangeCursor>,
        limit: i64,
    ) -> Result<ChangedSince, ChatError> {
        let mut view = self.store.read().await?;
        Ok(view.heads().changed_since(cursor, limit).await?)
    }

    /// Forgets which logs have moved on so long ago that every node has asked. One that has not compares all that it delivers.
    /// To be called a few times a minute.
    pub async fn forget_changes(&self) -> Result<u64, RepositoryError> {
        let mut unit = self.store.begin().await?;
        let forgotten = unit.heads().forget_changes(REMEMBER_CHANGES).await?;
        unit.commit().await?;
        Ok(forgotten)
    }

    /// Where these logs stand. For the relay.
    pub async fn stand_at(
        &self,
        conversations: &[ConversationId],
        users: &[UserId],
    ) -> Result<Digest, ChatError> {
        let mut view = self.store.read().await?;
        Ok(view.heads().list(conversations, users).await?.into())
    }

    /// What happened in a user's own log after `rev`, as steps without a hole between them.
    pub async fn user_steps_after(
        &self,
        user: UserId,
        rev: UserRev,
        limit: i64,
    ) -> Result<Vec<UserEvent>, ChatError> {
        let mut view = self.store.read().await?;
        let changes = view.users().list_changes(user, rev, limit).await?;
        let mut from_rev = rev;
        Ok(changes
            .iter()
            .map(|change| UserEvent {
                user_id: user,
                from_rev: std::mem::replace(&mut from_rev, change.rev),
                to_rev: change.rev,
                change: user_event_change(change),
            })
            .collect())
    }
}

impl From<&UserHeads> for Heads {
    fn from(heads: &UserHeads) -> Self {
        Self {
            epoch: heads.epoch,
            user_rev: heads.user_rev,
            has_private_receipts: heads.has_private_receipts,
            conversations: heads.conversations.iter().map(Head::from).collect(),
        }
    }
}

impl From<&ConversationHead> for Head {
    fn from(head: &ConversationHead) -> Self {
        Self {
            conversation_id: head.conversation_id,
            rev: head.rev,
            visible_from_seq: head.visible_from_seq,
        }
    }
}

/// The people whose stays have changed, each read once.
pub(super) async fn people_of(
    view: &mut dyn Repositories,
    changes: &[PlacedChange],
) -> Result<HashMap<UserId, User>, ChatError> {
    let mut people = HashMap::new();
    for placed in changes {
        if let ConversationChange::MembershipChanged(stay) = &placed.change
            && !people.contains_key(&stay.user_id)
            && let Some(user) = view.users().find(stay.user_id).await?
        {
            people.insert(stay.user_id, user);
        }
    }
    Ok(people)
}

/// The change that made the row what it is told as.
fn shown_as_of(placed: &PlacedChange) -> Rev {
    match &placed.change {
        ConversationChange::MessagePosted(message)
        | ConversationChange::MessageChanged(message) => message.rev,
        ConversationChange::MembershipChanged(_) | ConversationChange::SettingsChanged(_) => {
            placed.rev
        }
    }
}

fn event_change(
    change: &ConversationChange,
    people: &HashMap<UserId, User>,
) -> ConversationEventChange {
    match change {
        ConversationChange::MessagePosted(message) => {
            ConversationEventChange::MessagePosted(MessageDto::from(message))
        }
        ConversationChange::MessageChanged(message) => {
            ConversationEventChange::MessageChanged(MessageDto::from(message))
        }
        ConversationChange::MembershipChanged(stay) => match people.get(&stay.user_id) {
            Some(user) => {
                ConversationEventChange::Member(MemberChange::new(UserDto::from(user), stay))
            }
            None => ConversationEventChange::Nothing,
        },
        ConversationChange::SettingsChanged(conversation) => {
            ConversationEventChange::Settings(SettingsDto::new(conversation))
        }
    }
}

/// What a change of a user's own log tells the user.
pub(super) fn user_event_change(change: &UserChange) -> UserEventChange {
    match &change.kind {
        UserChangeKind::ConversationGained(overview) => UserEventChange::ConversationGained {
            conversation: Box::new(summary(overview)),
        },
        UserChangeKind::ConversationLost(conversation_id) => UserEventChange::ConversationLost {
            conversation_id: *conversation_id,
        },
        UserChangeKind::StateChanged {
            conversation_id,
            state,
            unread,
        } => UserEventChange::StateChanged {
            conversation_id: *conversation_id,
            personal: PersonalDto::new(state, *unread),
        },
        UserChangeKind::ThreadStateChanged { state, unread } => {
            UserEventChange::ThreadStateChanged(ThreadStateDto::new(state, *unread))
        }
        UserChangeKind::ReceiptsChanged { is_private } => UserEventChange::ReceiptsChanged {
            private_receipts: *is_private,
        },
    }
}
