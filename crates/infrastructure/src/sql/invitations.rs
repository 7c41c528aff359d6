use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, InvitationId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::repository::{InvitationRepository, Result};
use hubbub_domain::timestamp::Timestamp;

use super::records::InvitationRecord;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

/// Invitations that can still be used, narrowed by where they lead.
macro_rules! usable_invitations {
    ($narrowed:literal) => {
        concat!(
            "SELECT id, conversation_id, code_hash, created_by, created_at, expires_at, max_uses, uses,
                    revoked_at
             FROM invitations
             WHERE revoked_at IS NULL AND expires_at > $1 AND uses < max_uses AND ",
            $narrowed,
            " ORDER BY created_at DESC LIMIT 1000"
        )
    };
}

#[async_trait]
impl InvitationRepository for SqlUnitOfWork {
    async fn add(&mut self, invitation: &Invitation) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO invitations (id, conversation_id, code_hash, created_by, created_at, expires_at,
                                      max_uses, uses, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(invitation.id.as_uuid())
        .bind(invitation.conversation_id.map(ConversationId::as_uuid))
        .bind(&invitation.code_hash[..])
        .bind(invitation.created_by.as_uuid())
        .bind(invitation.created_at.unix_micros())
        .bind(invitation.expires_at.unix_micros())
        .bind(invitation.max_uses)
        .bind(invitation.uses)
        .bind(invitation.revoked_at.map(Timestamp::unix_micros));
        self.session.execute(added).await?;
        Ok(())
    }

    async fn find_by_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<Invitation>> {
        let found = Statement::new(
            "SELECT id, conversation_id, code_hash, created_by, created_at, expires_at, max_uses, uses, revoked_at
             FROM invitations WHERE code_hash = $1",
        )
        .bind(&code_hash[..])
        .locking();
        let record = self.session.fetch_optional::<InvitationRecord>(found);
        record.await?.map(Invitation::try_from).transpose()
    }

    async fn find(&mut self, id: InvitationId) -> Result<Option<Invitation>> {
        // Locked too: who withdraws an invitation stores its uses with it.
        let found = Statement::new(
            "SELECT id, conversation_id, code_hash, created_by, created_at, expires_at, max_uses, uses, revoked_at
             FROM invitations WHERE id = $1",
        )
        .bind(id.as_uuid())
        .locking();
        let record = self.session.fetch_optional::<InvitationRecord>(found);
        record.await?.map(Invitation::try_from).transpose()
    }

    async fn update(&mut self, invitation: &Invitation) -> Result<()> {
        let updated =
            Statement::new("UPDATE invitations SET uses = $2, revoked_at = $3 WHERE id = $1")
                .bind(invitation.id.as_uuid())
                .bind(invitation.uses)
                .bind(invitation.revoked_at.map(Timestamp::unix_micros));
        self.session.execute(updated).await?;
        Ok(())
    }

    async fn list_usable(
        &mut self,
        conversation: Option<ConversationId>,
        now: Timestamp,
    ) -> Result<Vec<Invitation>> {
        let usable = Statement::new(match conversation {
            Some(_) => usable_invitations!("conversation_id = $2"),
            None => usable_invitations!("conversation_id IS NULL"),
        });
        let mut usable = usable.bind(now.unix_micros());
        if let Some(conversation) = conversation {
            usable = usable.bind(conversation.as_uuid());
        }
        let records = self.session.fetch_all::<InvitationRecord>(usable).await?;
        records.into_iter().map(Invitation::try_from).collect()
    }

    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        let ended = Statement::new(
            "DELETE FROM invitations WHERE id IN (
                SELECT id FROM invitations
                WHERE expires_at < $1 OR revoked_at < $1
                    OR (uses >= max_uses AND created_at < $1)
                LIMIT $2)",
        )
        .bind(before.unix_micros())
        .bind(limit);
        self.session.execute(ended).await
    }
}
