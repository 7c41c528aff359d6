use std::sync::Arc;

use hubbub_domain::conversation::{
    Conversation, ConversationKind, ConversationName, Subject, Title, Topic,
};
use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::permission;
use hubbub_domain::unit_of_work::{Store, UnitOfWork};
use hubbub_domain::user::{User, Username};

use super::dto::{MemberDto, MemberPage};
use super::membership;
use crate::chat::dto::ConversationSummary;
use crate::chat::summary;
use crate::error::{StorageError, service_error};
use crate::events::Event;
use crate::paging;
use crate::ports::{Clock, EventBus, IdGenerator};

/// Founds groups and channels and manages who is in them.
pub struct GroupService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    events: Arc<dyn EventBus>,
}

/// A group or channel to be founded.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// What to call it.
    pub name: String,
    /// Whether it is private.
    pub kind: GroupKind,
    /// What it is about.
    pub topic: Option<String>,
    /// Who is in it from the start, besides its founder.
    pub member_ids: Vec<UserId>,
}

/// Private or public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupKind {
    /// One must be added.
    #[default]
    Group,
    /// Anybody may find and join it.
    Channel,
}

/// How managing groups can fail.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// No such group, or not one that the caller may see: which of the two is not said.
    #[error("there is no such group, or you are not a member of it")]
    NotFound,
    /// No such person, or not a member.
    #[error("there is no such person")]
    UserNotFound,
    /// The caller's role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// Too many members at once.
    #[error(
        "a group can be founded with at most {} members; add the others afterwards",
        GroupService::MAX_FOUNDING_MEMBERS
    )]
    TooManyMembers,
}

service_error!(GroupError {
    Self::NotFound | Self::UserNotFound => (NotFound, "not_found"),
    Self::Forbidden => (Forbidden, "forbidden"),
    Self::TooManyMembers => (Invalid, "limit_exceeded"),
});

impl GroupService {
    /// How many members a group can be founded with.
    pub const MAX_FOUNDING_MEMBERS: usize = 100;
    /// How many members one page has at most.
    pub const MAX_PAGE: i64 = 200;
    /// How many channels are listed.
    const MAX_CHANNELS: i64 = 500;

    /// A service over the given ports.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        events: Arc<dyn EventBus>,
    ) -> Self {
        Self {
            store,
            clock,
            ids,
            events,
        }
    }

    /// Founds a group or channel, owned by the actor.
    pub async fn create(
        &self,
        actor: UserId,
        wish: NewGroup,
    ) -> Result<ConversationSummary, GroupError> {
        let title = Title {
            name: ConversationName::parse(&wish.name)?,
            topic: Topic::parse(wish.topic.as_deref().unwrap_or_default())?,
        };
        let mut member_ids = wish.member_ids;
        member_ids.sort_unstable();
        member_ids.dedup();
        member_ids.retain(|&id| id != actor);
        if member_ids.len() > Self::MAX_FOUNDING_MEMBERS {
            return Err(GroupError::TooManyMembers);
        }
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        let founder = find_user(unit.as_mut(), actor).await?;
        if !permission::may_found(founder.role) {
            return Err(GroupError::Forbidden);
        }
        let subject = match wish.kind {
            GroupKind::Group => Subject::Group(title),
            GroupKind::Channel => Subject::Channel(title),
        };
        let id = ConversationId::from_uuid(self.ids.uuid());
        let mut conversation = Conversation::found(id, subject, now);
        unit.conversations().add(&conversation).await?;
        let mut events = Vec::new();
        let owner = MemberRole::Owner;
        membership::admit(
            unit.as_mut(),
            &mut conversation,
            &founder,
            owner,
            now,
            &mut events,
        )
        .await?;
        for id in member_ids {
            let user = find_user(unit.as_mut(), id).await?;
            let role = MemberRole::Member;
            membership::admit(
                unit.as_mut(),
                &mut conversation,
                &user,
                role,
                now,
                &mut events,
            )
            .await?;
        }
        self.finish(unit, id, actor, events).await
    }

    /// Joins a channel. Joining again changes nothing.
    pub async fn join(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<ConversationSummary, GroupError> {
        let mut unit = self.store.begin().await?;
        let mut conversation = lock(unit.as_mut(), id).await?;
        let user = find_user(unit.as_mut(), actor).await?;
        let is_member = unit.memberships().find_open(id, actor).await?.is_some();
        let mut events = Vec::new();
        if !is_member {
            // A group that one may not join must not show that it exists.
            if !permission::may_join(user.role, conversation.kind()) {
                return Err(GroupError::NotFound);
            }
            let (role, now) = (MemberRole::Member, self.clock.now());
            membership::admit(
                unit.as_mut(),
                &mut conversation,
                &user,
                role,
                now,
                &mut events,
            )
            .await?;
        }
        self.finish(unit, id, actor, events).await
    }

    /// Leaves a group or channel. If its last owner leaves, the most senior member becomes the owner.
    pub async fn leave(&self, actor: UserId, id: ConversationId) -> Result<(), GroupError> {
        let mut unit = self.store.begin().await?;
        let mut conversation = lock(unit.as_mut(), id).await?;
        let stay = find_stay(unit.as_mut(), id, actor).await?;
        if !permission::may_leave(conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        let mut events = Vec::new();
        self.depart(unit.as_mut(), &mut conversation, stay, &mut events)
            .await?;
        unit.commit().await?;
        self.publish(events);
        Ok(())
    }

    /// Adds a person. Adding a member again changes nothing.
    pub async fn add_member(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
    ) -> Result<(), GroupError> {
        let mut unit = self.store.begin().await?;
        let mut conversation = lock(unit.as_mut(), id).await?;
        let own = find_stay(unit.as_mut(), id, actor).await?;
        if !permission::may_add_members(own.role, conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        let user = find_user(unit.as_mut(), user_id).await?;
        if unit.memberships().find_open(id, user_id).await?.is_some() {
            return Ok(());
        }
        let mut events = Vec::new();
        let (role, now) = (MemberRole::Member, self.clock.now());
        membership::admit(
            unit.as_mut(),
            &mut conversation,
            &user,
            role,
            now,
            &mut events,
        )
        .await?;
        unit.commit().await?;
        self.publish(events);
        Ok(())
    }

    /// Removes a member. Removing oneself is leaving.
    pub async fn remove_member(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
    ) -> Result<(), GroupError> {
        if actor == user_id {
            return self.leave(actor, id).await;
        }
        let mut unit = self.store.begin().await?;
        let mut conversation = lock(unit.as_mut(), id).await?;
        let own = find_stay(unit.as_mut(), id, actor).await?;
        let other = unit
            .memberships()
            .find_open(id, user_id)
            .await?
            .ok_or(GroupError::UserNotFound)?;
        if !permission::may_remove_member(own.role, other.role, conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        let mut events = Vec::new();
        self.depart(unit.as_mut(), &mut conversation, other, &mut events)
            .await?;
        unit.commit().await?;
        self.publish(events);
        Ok(())
    }

    /// The members by username, after the username given. Channels show theirs to everybody.
    pub async fn list_members(
        &self,
        actor: UserId,
        id: ConversationId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<MemberPage, GroupError> {
        let after = after.map(Username::parse).transpose()?;
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let mut view = self.store.read().await?;
        let conversation = view.conversations().find(id).await?;
        let conversation = conversation.ok_or(GroupError::NotFound)?;
        let is_member = view.memberships().find_open(id, actor).await?.is_some();
        if !is_member && conversation.kind() != ConversationKind::Channel {
            return Err(GroupError::NotFound);
        }
        let mut members = view
            .memberships()
            .list_open(id, after.as_ref(), limit + 1)
            .await?;
        let has_more = paging::cut(&mut members, limit);
        Ok(MemberPage {
            next: members
                .last()
                .filter(|_| has_more)
                .map(|(user, _)| user.username.as_str().to_owned()),
            members: members
                .iter()
                .map(|(user, stay)| MemberDto::new(user, stay))
                .collect(),
        })
    }

    /// The channels that anybody may join, by name, those included that the actor has joined.
    pub async fn list_channels(
        &self,
        actor: UserId,
    ) -> Result<Vec<ConversationSummary>, GroupError> {
        let mut view = self.store.read().await?;
        let channels = view
            .conversations()
            .list_channels(actor, Self::MAX_CHANNELS)
            .await?;
        Ok(channels.iter().map(summary).collect())
    }

    /// Ends a stay, and hands a group whose last owner it was to the most senior member.
    async fn depart(
        &self,
        unit: &mut dyn UnitOfWork,
        conversation: &mut Conversation,
        stay: Membership,
        events: &mut Vec<Event>,
    ) -> Result<(), GroupError> {
        let was_owner = stay.role == MemberRole::Owner;
        let user = find_user(unit, stay.user_id).await?;
        membership::release(unit, conversation, stay, &user, events).await?;
        if was_owner
            && let Some(senior) = unit.memberships().find_most_senior(conversation.id).await?
            && senior.role != MemberRole::Owner
        {
            let heir = find_user(unit, senior.user_id).await?;
            let owner = MemberRole::Owner;
            membership::change_role(unit, conversation, senior, &heir, owner, events).await?;
        }
        Ok(())
    }

    async fn finish(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        id: ConversationId,
        actor: UserId,
        events: Vec<Event>,
    ) -> Result<ConversationSummary, GroupError> {
        let overview = unit
            .conversations()
            .find_overview(id, actor)
            .await?
            .ok_or(GroupError::NotFound)?;
        if !events.is_empty() {
            unit.commit().await?;
            self.publish(events);
        }
        Ok(summary(&overview))
    }

    fn publish(&self, events: Vec<Event>) {
        for event in events {
            self.events.publish(event);
        }
    }
}

async fn lock(unit: &mut dyn UnitOfWork, id: ConversationId) -> Result<Conversation, GroupError> {
    let conversation = unit.conversations().lock(id).await?;
    conversation.ok_or(GroupError::NotFound)
}

async fn find_stay(
    unit: &mut dyn UnitOfWork,
    id: ConversationId,
    user: UserId,
) -> Result<Membership, GroupError> {
    let stay = unit.memberships().find_open(id, user).await?;
    stay.ok_or(GroupError::NotFound)
}

async fn find_user(unit: &mut dyn UnitOfWork, id: UserId) -> Result<User, GroupError> {
    let user = unit.users().find(id).await?;
    user.ok_or(GroupError::UserNotFound)
}
