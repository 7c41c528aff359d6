//! Who comes, goes and rises: members.

use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::permission;

use super::change::GroupChange;
use super::error::GroupError;
use super::service::GroupService;
use crate::chat::dto::ConversationSummary;

impl GroupService {
    /// Joins a channel. Joining again changes nothing.
    pub async fn join(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<ConversationSummary, GroupError> {
        let mut change = self.change(actor, id).await?;
        let user = change.get_user(actor).await?;
        if change.find_stay(actor).await?.is_none() {
            // A group that one may not join must not show that it exists.
            if !permission::may_join(user.role, change.conversation.kind()) {
                return Err(GroupError::NotFound);
            }
            if change.is_banned(actor).await? {
                return Err(GroupError::BannedOneself);
            }
            change.admit(&user, MemberRole::Member).await?;
        }
        self.finish_with_summary(change, actor).await
    }

    /// Leaves a group or channel. If its last owner leaves, the most senior member becomes the owner.
    pub async fn leave(&self, actor: UserId, id: ConversationId) -> Result<(), GroupError> {
        let mut change = self.change(actor, id).await?;
        let own = change.find_stay(actor).await?;
        let own = own.ok_or(GroupError::NotFound)?;
        if !permission::may_leave(change.conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        change.depart(own).await?;
        self.finish(change).await
    }

    /// Adds a person. Adding a member again changes nothing.
    pub async fn add_member(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
    ) -> Result<(), GroupError> {
        let (mut change, own) = self.change_as_member(actor, id).await?;
        if !permission::may_add_members(own, change.conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        let user = change.get_user(user_id).await?;
        if change.find_stay(user_id).await?.is_none() {
            if change.is_banned(user_id).await? {
                return Err(GroupError::Banned);
            }
            change.admit(&user, MemberRole::Member).await?;
        }
        self.finish(change).await
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
        let (mut change, own) = self.change_as_member(actor, id).await?;
        let other = change.get_stay(user_id).await?;
        if !permission::may_remove_member(own, other.role, change.conversation.kind()) {
            return Err(GroupError::Forbidden);
        }
        change.depart(other).await?;
        self.finish(change).await
    }

    /// Gives a member another role. Giving the same one changes nothing. The last owner stays one.
    pub async fn change_role(
        &self,
        actor: UserId,
        id: ConversationId,
        user_id: UserId,
        role: MemberRole,
    ) -> Result<(), GroupError> {
        let (mut change, own) = self.change_as_member(actor, id).await?;
        let stay = change.get_stay(user_id).await?;
        let kind = change.conversation.kind();
        if !permission::may_change_role(own, stay.role, role, kind) {
            return Err(GroupError::Forbidden);
        }
        if stay.role != role {
            let was_owner = stay.role == MemberRole::Owner;
            let user = change.get_user(user_id).await?;
            change.change_role(stay, &user, role).await?;
            // Asked afterwards, of who is left. Refusing drops the unit of work, and the change with it.
            if was_owner && change.find_heir().await?.is_some() {
                return Err(GroupError::LastOwner);
            }
        }
        self.finish(change).await
    }
}

impl GroupChange<'_> {
    /// The present stay of a user who must be a member.
    async fn get_stay(&mut self, user: UserId) -> Result<Membership, GroupError> {
        let stay = self.find_stay(user).await?;
        stay.ok_or(GroupError::UserNotFound)
    }

    /// Ends a stay, and hands a group whose last owner it was to the most senior member.
    pub(super) async fn depart(&mut self, stay: Membership) -> Result<(), GroupError> {
        let was_owner = stay.role == MemberRole::Owner;
        let user = self.get_user(stay.user_id).await?;
        self.release(stay, &user).await?;
        if was_owner && let Some(senior) = self.find_heir().await? {
            let heir = self.get_user(senior.user_id).await?;
            self.change_role(senior, &heir, MemberRole::Owner).await?;
        }
        Ok(())
    }

    /// The most senior member of a group that has no owner.
    async fn find_heir(&mut self) -> Result<Option<Membership>, GroupError> {
        let id = self.conversation.id;
        let senior = self.unit.memberships().find_most_senior(id).await?;
        Ok(senior.filter(|senior| senior.role != MemberRole::Owner))
    }
}
