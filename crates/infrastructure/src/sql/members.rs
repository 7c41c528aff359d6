use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{MembershipRepository, Result};
use hubbub_domain::user::{User, Username};
use uuid::Uuid;

use super::records::{MemberRecord, MembershipRecord, corrupt, stay_columns};
use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl MembershipRepository for SqlUnitOfWork {
    /// After a conflict the unit of work goes on.
    async fn add(&mut self, membership: &Membership, user_rev: UserRev) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO memberships (conversation_id, user_id, role, from_rev, to_rev,
                                      visible_from_seq, rev, user_rev, joined_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT DO NOTHING",
        )
        .bind(membership.conversation_id.as_uuid())
        .bind(membership.user_id.as_uuid())
        .bind(membership.role.as_str())
        .bind(membership.from_rev.get())
        .bind(membership.to_rev.map(Rev::get))
        .bind(membership.visible_from_seq.get())
        .bind(membership.rev.get())
        .bind(user_rev.get())
        .bind(membership.joined_at.unix_micros());
        self.session.insert(added).await
    }

    async fn update(&mut self, membership: &Membership, user_rev: Option<UserRev>) -> Result<()> {
        let updated = Statement::new(
            "UPDATE memberships
             SET role = $4, to_rev = $5, rev = $6, user_rev = COALESCE($7, user_rev)
             WHERE conversation_id = $1 AND user_id = $2 AND from_rev = $3",
        )
        .bind(membership.conversation_id.as_uuid())
        .bind(membership.user_id.as_uuid())
        .bind(membership.from_rev.get())
        .bind(membership.role.as_str())
        .bind(membership.to_rev.map(Rev::get))
        .bind(membership.rev.get())
        .bind(user_rev.map(UserRev::get));
        self.session.execute(updated).await?;
        Ok(())
    }

    async fn find_most_senior(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Option<Membership>> {
        let senior = Statement::new(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND to_rev IS NULL
             ORDER BY CASE role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 WHEN 'member' THEN 2 ELSE 3 END,
                      from_rev
             LIMIT 1",
        )
        .bind(conversation.as_uuid());
        let record = self.session.fetch_optional::<MembershipRecord>(senior);
        record.await?.map(Membership::try_from).transpose()
    }

    async fn find_open(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<Membership>> {
        let open = Statement::new(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND user_id = $2 AND to_rev IS NULL",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid());
        let record = self.session.fetch_optional::<MembershipRecord>(open);
        record.await?.map(Membership::try_from).transpose()
    }

    async fn list_open(
        &mut self,
        conversation: ConversationId,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<(User, Membership)>> {
        let open = Statement::new(concat!(
            "SELECT u.id, u.username, u.display_name, u.role, u.created_at, ",
            stay_columns!(),
            " FROM memberships m JOIN users u ON u.id = m.user_id
              WHERE m.conversation_id = $1 AND m.to_rev IS NULL AND u.username > $2
              ORDER BY u.username LIMIT $3"
        ))
        .bind(conversation.as_uuid())
        .bind(after.map_or("", Username::as_str))
        .bind(limit);
        let records = self.session.fetch_all::<MemberRecord>(open).await?;
        records
            .into_iter()
            .map(|record| {
                let user = User::try_from(record.user)?;
                let stay = record.stay.stay_of(conversation, user.id)?;
                Ok((user, stay))
            })
            .collect()
    }

    async fn list_stays(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Vec<Membership>> {
        let stays = Statement::new(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND user_id = $2 ORDER BY from_rev",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid());
        let records = self.session.fetch_all::<MembershipRecord>(stays).await?;
        records.into_iter().map(Membership::try_from).collect()
    }

    async fn list_departures(
        &mut self,
        conversation: ConversationId,
        after: Rev,
    ) -> Result<Vec<(UserId, Rev)>> {
        // A departure is the last change of its stay, so those of the index that are after `after` are enough.
        let departures = Statement::new(
            "SELECT user_id, to_rev FROM memberships
             WHERE conversation_id = $1 AND rev > $2 AND rev > from_rev AND to_rev > $2
             ORDER BY rev",
        )
        .bind(conversation.as_uuid())
        .bind(after.get());
        let departures = self.session.fetch_all::<(Uuid, i64)>(departures).await?;
        Ok(departures
            .into_iter()
            .map(|(user, rev)| (UserId::from_uuid(user), Rev::new(rev)))
            .collect())
    }

    async fn list_named(
        &mut self,
        conversation: ConversationId,
        names: &[Username],
    ) -> Result<Vec<(Username, UserId)>> {
        let called = Statement::new(
            "WITH called (username) AS ({rows})
             SELECT u.username, u.id
             FROM called
             JOIN users u ON u.username = called.username
             JOIN memberships m ON m.user_id = u.id AND m.conversation_id = $1 AND m.to_rev IS NULL",
        )
        .bind(conversation.as_uuid())
        .rows(Rows::new().column(names.iter().map(|name| name.as_str().to_owned())));
        let called = self.session.fetch_all::<(String, Uuid)>(called).await?;
        called
            .into_iter()
            .map(|(name, id)| {
                let name = Username::parse(&name).map_err(|_| corrupt("username"))?;
                Ok((name, UserId::from_uuid(id)))
            })
            .collect()
    }
}
