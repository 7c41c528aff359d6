use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hubbub_domain::ids::{ConversationId, InvitationId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::timestamp::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::ports::IdGenerator;

/// What an invitation is to allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewInvitation {
    /// How long it works: 1 to 8,760 hours; a week if not given.
    pub expires_in_hours: Option<u32>,
    /// How many people may use it: 1 to 1,000; one if not given.
    pub max_uses: Option<u32>,
}

/// More than an invitation may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an invitation works for 1 to 8,760 hours and for 1 to 1,000 people")]
pub struct InvitationOutOfRange;

impl NewInvitation {
    /// The invitation to that group, or to register, and its code.
    pub(crate) fn issue(
        self,
        conversation_id: Option<ConversationId>,
        by: UserId,
        now: Timestamp,
        ids: &dyn IdGenerator,
    ) -> Result<(Invitation, String), InvitationOutOfRange> {
        let hours = self.expires_in_hours.unwrap_or(168);
        let max_uses = self.max_uses.unwrap_or(1);
        if !(1..=8_760).contains(&hours) || !(1..=1_000).contains(&max_uses) {
            return Err(InvitationOutOfRange);
        }
        let code = URL_SAFE_NO_PAD.encode(&ids.secret()[..16]);
        let invitation = Invitation {
            id: InvitationId::from_uuid(ids.uuid()),
            conversation_id,
            code_hash: code_hash(&code),
            created_by: by,
            created_at: now,
            expires_at: now.plus(Duration::from_secs(u64::from(hours) * 3_600)),
            max_uses: i64::from(max_uses),
            uses: 0,
            revoked_at: None,
        };
        Ok((invitation, code))
    }
}

/// What is stored of an invitation's code.
pub fn code_hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// Whether somebody may make an account by that invitation now. One to a group is as good as none.
pub(crate) fn is_to_register(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.conversation_id.is_none() && invitation.is_usable(now)
}
