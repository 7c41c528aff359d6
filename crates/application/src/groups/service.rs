use std::sync::Arc;

use hubbub_domain::conversation::ConversationKind;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::permission;
use hubbub_domain::unit_of_work::{Repositories, Store};
use hubbub_domain::user::{User, Username};

use super::change::GroupChange;
use super::dto::{MemberDto, MemberPage};
use super::error::GroupError;
use crate::chat::dto::ConversationSummary;
use crate::chat::summary;
use crate::paging;
use crate::ports::{Clock, EventBus, IdGenerator};

/// Founds groups and channels and manages who is in them.
pub struct GroupService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) events: Arc<dyn EventBus>,
}

impl GroupService {
    /// How many members a group can be founded with.
    pub const MAX_FOUNDING_MEMBERS: usize = 100;
    /// How many invitations to one group can be usable at once.
    pub const MAX_INVITATIONS: usize = 100;
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

    /// Begins to change a group.
    pub(super) async fn change(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<GroupChange<'_>, GroupError> {
        let unit = self.store.begin().await?;
        let (clock, ids) = (self.clock.as_ref(), self.ids.as_ref());
        let change = GroupChange::lock(unit, id, actor, clock, ids).await?;
        change.ok_or(GroupError::NotFound)
    }

    /// Begins to change a group of which the actor is a member. Answers the actor's role as well.
    pub(super) async fn change_as_member(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<(GroupChange<'_>, MemberRole), GroupError> {
        let mut change = self.change(actor, id).await?;
        let own = change.find_stay(actor).await?;
        let role = own.ok_or(GroupError::NotFound)?.role;
        Ok((change, role))
    }

    /// Begins to change a group which the actor manages. Answers the actor's role as well.
    pub(super) async fn change_as_manager(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<(GroupChange<'_>, MemberRole), GroupError> {
        let (change, role) = self.change_as_member(actor, id).await?;
        if !permission::may_manage(role, change.conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        Ok((change, role))
    }

    /// Commits what was changed, if anything was.
    pub(super) async fn finish(&self, change: GroupChange<'_>) -> Result<(), GroupError> {
        if change.has_changed() {
            change.commit(self.events.as_ref()).await?;
        }
        Ok(())
    }

    /// Commits what was changed, if anything was, and answers how the group looks to the actor now.
    pub(super) async fn finish_with_summary(
        &self,
        mut change: GroupChange<'_>,
        actor: UserId,
    ) -> Result<ConversationSummary, GroupError> {
        let id = change.conversation.id;
        let overview = change.unit.conversations().find_overview(id, actor).await?;
        let overview = overview.ok_or(GroupError::NotFound)?;
        self.finish(change).await?;
        Ok(summary(&overview))
    }
}

impl GroupChange<'_> {
    /// A user's present stay.
    pub(super) async fn find_stay(
        &mut self,
        user: UserId,
    ) -> Result<Option<Membership>, GroupError> {
        let id = self.conversation.id;
        Ok(self.unit.memberships().find_open(id, user).await?)
    }

    /// Whether a user may not come back.
    pub(super) async fn is_banned(&mut self, user: UserId) -> Result<bool, GroupError> {
        let id = self.conversation.id;
        Ok(self.unit.bans().find(id, user).await?.is_some())
    }

    /// A person.
    pub(super) async fn get_user(&mut self, id: UserId) -> Result<User, GroupError> {
        let user = self.unit.users().find(id).await?;
        user.ok_or(GroupError::UserNotFound)
    }
}

/// Whether the actor, who must be a member of the group, manages it.
pub(super) async fn authorise_manager(
    view: &mut dyn Repositories,
    actor: UserId,
    id: ConversationId,
) -> Result<(), GroupError> {
    let conversation = view.conversations().find(id).await?;
    let own = view.memberships().find_open(id, actor).await?;
    let (conversation, own) = conversation.zip(own).ok_or(GroupError::NotFound)?;
    if permission::may_manage(own.role, conversation.kind()) {
        Ok(())
    } else {
        Err(GroupError::Forbidden)
    }
}
