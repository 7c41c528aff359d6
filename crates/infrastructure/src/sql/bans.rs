use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Ban;
use hubbub_domain::repository::{BanRepository, Result};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::{User, Username};
use sqlx::FromRow;
use uuid::Uuid;

use super::records::UserRecord;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[derive(FromRow)]
struct BanRecord {
    #[sqlx(flatten)]
    user: UserRecord,
    banned_by: Uuid,
    banned_at: i64,
}

#[async_trait]
impl BanRepository for SqlUnitOfWork {
    async fn add(&mut self, ban: &Ban) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO bans (conversation_id, user_id, banned_by, banned_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
        )
        .bind(ban.conversation_id.as_uuid())
        .bind(ban.user_id.as_uuid())
        .bind(ban.banned_by.as_uuid())
        .bind(ban.banned_at.unix_micros());
        self.session.execute(added).await?;
        Ok(())
    }

    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<Option<Ban>> {
        let found = Statement::new(
            "SELECT banned_by, banned_at FROM bans WHERE conversation_id = $1 AND user_id = $2",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid());
        let row = self.session.fetch_optional::<(Uuid, i64)>(found).await?;
        Ok(row.map(|(banned_by, banned_at)| Ban {
            conversation_id: conversation,
            user_id: user,
            banned_by: UserId::from_uuid(banned_by),
            banned_at: Timestamp::from_unix_micros(banned_at),
        }))
    }

    async fn remove(&mut self, conversation: ConversationId, user: UserId) -> Result<bool> {
        let removed =
            Statement::new("DELETE FROM bans WHERE conversation_id = $1 AND user_id = $2")
                .bind(conversation.as_uuid())
                .bind(user.as_uuid());
        Ok(self.session.execute(removed).await? == 1)
    }

    async fn list(
        &mut self,
        conversation: ConversationId,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<(User, Ban)>> {
        let page = Statement::new(
            "SELECT u.id, u.username, u.display_name, u.role, u.created_at, b.banned_by, b.banned_at
             FROM bans b JOIN users u ON u.id = b.user_id
             WHERE b.conversation_id = $1 AND u.username > $2
             ORDER BY u.username LIMIT $3",
        )
        .bind(conversation.as_uuid())
        .bind(after.map_or("", Username::as_str))
        .bind(limit);
        let records = self.session.fetch_all::<BanRecord>(page).await?;
        records
            .into_iter()
            .map(|record| {
                let user = User::try_from(record.user)?;
                let ban = Ban {
                    conversation_id: conversation,
                    user_id: user.id,
                    banned_by: UserId::from_uuid(record.banned_by),
                    banned_at: Timestamp::from_unix_micros(record.banned_at),
                };
                Ok((user, ban))
            })
            .collect()
    }
}
