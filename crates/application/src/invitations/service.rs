use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::{InvitationId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::permission;
use hubbub_domain::repository::UserRepository;
use hubbub_domain::unit_of_work::Store;
use sha2::{Digest as _, Sha256};

use super::dto::{CreatedInvitation, InvitationDto, InvitationPreview};
use crate::error::{StorageError, service_error};
use crate::ports::{Clock, IdGenerator};

/// Makes, lists and withdraws invitations.
pub struct InvitationService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// What an invitation is to allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewInvitation {
    /// How long it works: 1 to 8,760 hours; a week if not given.
    pub expires_in_hours: Option<u32>,
    /// How many people may use it: 1 to 1,000; one if not given.
    pub max_uses: Option<u32>,
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
    #[error("an invitation works for 1 to 8,760 hours and for 1 to 1,000 people")]
    OutOfRange,
}

service_error!(InvitationError {
    Self::Forbidden => (Forbidden, "forbidden"),
    Self::NotFound => (NotFound, "not_found"),
    Self::OutOfRange => (Invalid, "limit_exceeded"),
});

/// What is stored of an invitation's code.
pub fn code_hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

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
        let hours = wanted.expires_in_hours.unwrap_or(168);
        let max_uses = wanted.max_uses.unwrap_or(1);
        if !(1..=8_760).contains(&hours) || !(1..=1_000).contains(&max_uses) {
            return Err(InvitationError::OutOfRange);
        }
        let now = self.clock.now();
        let code = URL_SAFE_NO_PAD.encode(&self.ids.secret()[..16]);
        let invitation = Invitation {
            conversation_id: None,
            id: InvitationId::from_uuid(self.ids.uuid()),
            code_hash: code_hash(&code),
            created_by: actor,
            created_at: now,
            expires_at: now.plus(Duration::from_secs(u64::from(hours) * 3_600)),
            max_uses: i64::from(max_uses),
            uses: 0,
            revoked_at: None,
        };
        let mut unit = self.store.begin().await?;
        authorise(unit.users(), actor).await?;
        unit.invitations().add(&invitation).await?;
        unit.commit().await?;
        Ok(CreatedInvitation {
            id: invitation.id,
            path: format!("/join/{code}"),
            code,
            expires_at: invitation.expires_at,
            max_uses: invitation.max_uses,
            uses: 0,
        })
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
            .filter(|invitation| invitation.is_usable(self.clock.now()))
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
