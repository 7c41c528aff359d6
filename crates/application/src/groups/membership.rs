//! The ways in which a stay begins, changes and ends: the row, its place in the member's own log, and what is to be published
//! after the commit.
//!
//! The member is told first, so that whoever learns of a conversation knows it before the conversation's own events come.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::numbers::UserRev;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::UnitOfWork;
use hubbub_domain::user::User;

use super::dto::MemberChange;
use crate::chat::summary;
use crate::events::{
    ConversationEvent, ConversationEventChange, Event, UserEvent, UserEventChange,
};
use crate::users::dto::UserDto;

/// Admits a user to a locked conversation.
pub(crate) async fn admit(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    user: &User,
    role: MemberRole,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> Result<(), RepositoryError> {
    let stay = conversation.admit(user.id, role, now);
    unit.conversations().update(conversation).await?;
    enter(unit, &stay, user, events).await
}

/// Stores a stay that a stored conversation has begun.
pub(crate) async fn enter(
    unit: &mut dyn UnitOfWork,
    stay: &Membership,
    user: &User,
    events: &mut Vec<Event>,
) -> Result<(), RepositoryError> {
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
    events.push(user_event(user, user_rev, gained));
    events.push(member_event(user, stay));
    Ok(())
}

/// Ends a stay in a locked conversation.
pub(crate) async fn release(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    mut stay: Membership,
    user: &User,
    events: &mut Vec<Event>,
) -> Result<(), RepositoryError> {
    conversation.release(&mut stay);
    unit.conversations().update(conversation).await?;
    let user_rev = unit.users().next_rev(user.id).await?;
    unit.memberships().update(&stay, Some(user_rev)).await?;
    events.push(member_event(user, &stay));
    let lost = UserEventChange::ConversationLost {
        conversation_id: conversation.id,
    };
    events.push(user_event(user, user_rev, lost));
    Ok(())
}

/// Gives a member of a locked conversation another role.
pub(crate) async fn change_role(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    mut stay: Membership,
    user: &User,
    role: MemberRole,
    events: &mut Vec<Event>,
) -> Result<(), RepositoryError> {
    conversation.change_role(&mut stay, role);
    unit.conversations().update(conversation).await?;
    unit.memberships().update(&stay, None).await?;
    events.push(member_event(user, &stay));
    Ok(())
}

fn member_event(user: &User, stay: &Membership) -> Event {
    Event::Conversation(Arc::new(ConversationEvent {
        conversation_id: stay.conversation_id,
        from_rev: stay.rev.previous(),
        to_rev: stay.rev,
        change: ConversationEventChange::Member(MemberChange::new(UserDto::from(user), stay)),
        hidden_from: Vec::new(),
    }))
}

fn user_event(user: &User, rev: UserRev, change: UserEventChange) -> Event {
    Event::User(Arc::new(UserEvent {
        user_id: user.id,
        from_rev: rev.previous(),
        to_rev: rev,
        change,
    }))
}
