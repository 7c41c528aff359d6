//! Links by which people come into a group without being added one by one.

use hubbub_domain::ids::{ConversationId, InvitationId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::member::MemberRole;
use hubbub_domain::unit_of_work::Repositories;

use super::dto::{GroupInvitationPreview, InvitingGroup};
use super::error::GroupError;
use super::service::{GroupService, authorise_manager};
use crate::chat::dto::ConversationSummary;
use crate::invitations::dto::{CreatedInvitation, InvitationDto};
use crate::invitations::{NewInvitation, code_hash};

impl GroupService {
    /// Makes an invitation to a group or channel. Its code is answered here and nowhere else.
    pub async fn create_invitation(
        &self,
        actor: UserId,
        id: ConversationId,
        wanted: NewInvitation,
    ) -> Result<CreatedInvitation, GroupError> {
        let now = self.clock.now();
        let (invitation, code) = wanted.issue(Some(id), actor, now, self.ids.as_ref())?;
        let (mut change, _) = self.change_as_manager(actor, id).await?;
        let invitations = change.unit.invitations();
        if invitations.list_usable(Some(id), now).await?.len() >= Self::MAX_INVITATIONS {
            return Err(GroupError::TooManyInvitations);
        }
        invitations.add(&invitation).await?;
        change.commit(self.events.as_ref()).await?;
        Ok(CreatedInvitation::new(&invitation, code, "/g/"))
    }

    /// The invitations to a group that can still be used, the newest first.
    pub async fn list_invitations(
        &self,
        actor: UserId,
        id: ConversationId,
    ) -> Result<Vec<InvitationDto>, GroupError> {
        let mut view = self.store.read().await?;
        authorise_manager(view.as_mut(), actor, id).await?;
        let usable = view
            .invitations()
            .list_usable(Some(id), self.clock.now())
            .await?;
        Ok(usable.iter().map(InvitationDto::from).collect())
    }

    /// Withdraws an invitation to a group. Withdrawing it again changes nothing.
    pub async fn revoke_invitation(
        &self,
        actor: UserId,
        id: ConversationId,
        invitation_id: InvitationId,
    ) -> Result<(), GroupError> {
        let (mut change, _) = self.change_as_manager(actor, id).await?;
        let invitations = change.unit.invitations();
        let mut invitation = invitations
            .find(invitation_id)
            .await?
            .filter(|invitation| invitation.conversation_id == Some(id))
            .ok_or(GroupError::InvitationNotFound)?;
        invitation.revoked_at.get_or_insert(self.clock.now());
        invitations.update(&invitation).await?;
        Ok(change.commit(self.events.as_ref()).await?)
    }

    /// What somebody who holds a link may know before accepting it.
    pub async fn preview_invitation(
        &self,
        code: &str,
    ) -> Result<GroupInvitationPreview, GroupError> {
        let mut view = self.store.read().await?;
        let (invitation, id) = find_invitation(view.as_mut(), code).await?;
        if !invitation.is_usable(self.clock.now()) {
            return Err(GroupError::InvitationNotFound);
        }
        let group = view.conversations().find(id).await?;
        let group = group.ok_or(GroupError::InvitationNotFound)?;
        let inviter = view.users().find(invitation.created_by).await?;
        Ok(GroupInvitationPreview {
            conversation: InvitingGroup::new(&group),
            invited_by: inviter
                .map_or_else(String::new, |user| user.display_name.as_str().to_owned()),
            expires_at: invitation.expires_at,
        })
    }

    /// Comes in by a link. Who is a member already changes nothing and uses nothing up, whatever has become of the link.
    pub async fn accept_invitation(
        &self,
        actor: UserId,
        code: &str,
    ) -> Result<ConversationSummary, GroupError> {
        // Which group it leads to never changes. It is asked for ahead, because the group's lock is taken before the invitation's.
        let (_, id) = {
            let mut view = self.store.read().await?;
            find_invitation(view.as_mut(), code).await?
        };
        let mut change = self.change(actor, id).await?;
        let user = change.get_user(actor).await?;
        if change.find_stay(actor).await?.is_none() {
            if change.is_banned(actor).await? {
                return Err(GroupError::BannedOneself);
            }
            let (mut invitation, _) = find_invitation(change.unit.as_mut(), code).await?;
            if !invitation.is_usable(self.clock.now()) {
                return Err(GroupError::InvitationNotFound);
            }
            invitation.uses += 1;
            change.unit.invitations().update(&invitation).await?;
            change.admit(&user, MemberRole::Member).await?;
        }
        self.finish_with_summary(change, actor).await
    }
}

/// The invitation to a group with that code, and the group; one to register is none.
async fn find_invitation(
    view: &mut dyn Repositories,
    code: &str,
) -> Result<(Invitation, ConversationId), GroupError> {
    let hash = code_hash(code.trim());
    let invitation = view.invitations().find_by_code(&hash).await?;
    invitation
        .and_then(|invitation| invitation.conversation_id.map(|id| (invitation, id)))
        .ok_or(GroupError::InvitationNotFound)
}
