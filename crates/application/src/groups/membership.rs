//! How a stay begins: the row, its place in the member's own log, and what is to be published after the commit.
//!
//! The member is told first, so that whoever learns of a conversation knows it before the conversation's own events come.

use std::sync::Arc;

use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::UserRev;
use hubbub_domain::unit_of_work::UnitOfWork;
use hubbub_domain::user::User;

use super::dto::MemberChange;
use crate::chat::summary;
use crate::events::{
    ConversationEvent, ConversationEventChange, Event, UserEvent, UserEventChange,
};
use crate::users::dto::UserDto;

/// Stores a stay that a stored conversation has begun, and notes what is to be told of it.
pub(crate) async fn enter(
    unit: &mut dyn UnitOfWork,
    stay: &Membership,
    user: &User,
    events: &mut Vec<Event>,
) -> Result<(), RepositoryError> {
    let gained = begin(unit, stay, user).await?;
    events.push(gained);
    events.push(told_members(user, stay));
    Ok(())
}

/// Stores a stay that a stored conversation has begun. Answers what the new member is to be told.
pub(super) async fn begin(
    unit: &mut dyn UnitOfWork,
    stay: &Membership,
    user: &User,
) -> Result<Event, RepositoryError> {
    let user_rev = unit.users().next_rev(user.id).await?;
    unit.memberships().add(stay, user_rev).await?;
    let overview = unit
        .conversations()
        .find_overview(stay.conversation_id, user.id)
        .await?
        .ok_or_else(|| {
            RepositoryError::new(
                RepositoryErrorKind::Corrupt,
                "a conversation is gone in the middle of its own unit of work",
            )
        })?;
    let gained = UserEventChange::ConversationGained {
        conversation: Box::new(summary(&overview)),
    };
    Ok(told_user(user, user_rev, gained))
}

/// What the members are to be told of a stay that has begun, changed or ended.
pub(super) fn told_members(user: &User, stay: &Membership) -> Event {
    Event::Conversation(Arc::new(ConversationEvent {
        conversation_id: stay.conversation_id,
        from_rev: stay.rev.previous(),
        to_rev: stay.rev,
        change: ConversationEventChange::Member(MemberChange::new(UserDto::from(user), stay)),
        hidden_from: Vec::new(),
    }))
}

/// What only the user is to be told.
pub(super) fn told_user(user: &User, rev: UserRev, change: UserEventChange) -> Event {
    Event::User(Arc::new(UserEvent {
        user_id: user.id,
        from_rev: rev.previous(),
        to_rev: rev,
        change,
    }))
}
