use std::sync::Arc;

use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::{InvitationId, UserId};
use hubbub_domain::permission;
use hubbub_domain::repository::UserRepository;
use hubbub_domain::unit_of_work::Store;

use super::dto::{CreatedInvitation, InvitationDto, InvitationPreview};
use super::issue::{InvitationOutOfRange, NewInvitation, code_hash, is_to_register};
use crate::error::{StorageError, service_error};
use crate::ports::{Clock, IdGenerator};

/// Makes, lists and withdraws invitations.
pub struct InvitationService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// How inviting people can fail.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The caller is no administrator.
    #[error("only administrators may invite people")]
    Forbidden,
    /// There is no such invitation, or it can no longer be used.
    #[error("this invitation does not exist or can no longer be used")]
    NotFound,
    /// More than an invitation may allow.
    #[error(transparent)]
    OutOfRange(#[from] InvitationOutOfRange),
}

service_error!(InvitationError {
    Self::Forbidden => (Forbidden, "forbidden"),
    Self::NotFound => (NotFound, "not_found"),
    Self::OutOfRange(_) => (Invalid, "limit_exceeded"),
});

impl InvitationService {
    /// A service over the given ports.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { store, clock, ids }
    }

    /// Makes an invitation. Its code is answered here and nowhere else.
    pub async fn create(
        &self,
        actor: UserId,
        wanted: NewInvitation,
    ) -> Result<CreatedInvitation, InvitationError> {
        let now = self.clock.now();
        let (invitation, code) = wanted.issue(None, actor, now, self.ids.as_ref())?;
        let mut unit = self.store.begin().await?;
        authorise(unit.users(), actor).await?;
        unit.invitations().add(&invitation).await?;
        unit.commit().await?;
        Ok(CreatedInvitation::new(&invitation, code, "/join/"))
    }

    /// The invitations that can still be used, the newest first.
    pub async fn list(&self, actor: UserId) -> Result<Vec<InvitationDto>, InvitationError> {
        let mut view = self.store.read().await?;
        authorise(view.users(), actor).await?;
        let usable = view
            .invitations()
            .list_usable(None, self.clock.now())
            .await?;
        Ok(usable.iter().map(InvitationDto::from).collect())
    }

    /// Withdraws an invitation. Withdrawing it again changes nothing.
    pub async fn revoke(&self, actor: UserId, id: InvitationId) -> Result<(), InvitationError> {
        let mut unit = self.store.begin().await?;
        authorise(unit.users(), actor).await?;
        let mut invitation = unit
            .invitations()
            .find(id)
            .await?
            .filter(|invitation| invitation.conversation_id.is_none())
            .ok_or(InvitationError::NotFound)?;
        invitation.revoked_at.get_or_insert(self.clock.now());
        unit.invitations().update(&invitation).await?;
        Ok(unit.commit().await?)
    }

    /// What somebody who holds a link may know before registering.
    pub async fn preview(&self, code: &str) -> Result<InvitationPreview, InvitationError> {
        let mut view = self.store.read().await?;
        let invitation = view
            .invitations()
            .find_by_code(&code_hash(code))
            .await?
            .filter(|invitation| is_to_register(invitation, self.clock.now()))
            .ok_or(InvitationError::NotFound)?;
        let inviter = view.users().find(invitation.created_by).await?;
        Ok(InvitationPreview {
            invited_by: inviter
                .map_or_else(String::new, |user| user.display_name.as_str().to_owned()),
            expires_at: invitation.expires_at,
        })
    }
}

async fn authorise(users: &mut dyn UserRepository, actor: UserId) -> Result<(), InvitationError> {
    match users.find(actor).await? {
        Some(user) if permission::may_invite_people(user.role) => Ok(()),
        _ => Err(InvitationError::Forbidden),
    }
}
