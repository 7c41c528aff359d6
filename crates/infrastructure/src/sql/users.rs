use async_trait::async_trait;
use hubbub_domain::change::UserChange;
use hubbub_domain::ids::UserId;
use hubbub_domain::numbers::UserRev;
use hubbub_domain::repository::{Result, UserRepository};
use hubbub_domain::user::{DisplayName, PasswordHash, User, Username};
use sqlx::FromRow;
use uuid::Uuid;

use super::records::UserRecord;
use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

mod changes;

#[derive(FromRow)]
struct CredentialsRecord {
    #[sqlx(flatten)]
    user: UserRecord,
    password_hash: String,
}

#[async_trait]
impl UserRepository for SqlUnitOfWork {
    /// After a conflict the unit of work goes on.
    async fn add(&mut self, user: &User, password: &PasswordHash) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO users (id, username, display_name, display_key, role, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        )
        .bind(user.id.as_uuid())
        .bind(user.username.as_str())
        .bind(user.display_name.as_str())
        .bind(display_key(&user.display_name))
        .bind(user.role.as_str())
        .bind(password.as_phc())
        .bind(user.created_at.unix_micros());
        self.session.insert(added).await
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>> {
        let found = Statement::new(
            "SELECT id, username, display_name, role, created_at FROM users WHERE id = $1",
        )
        .bind(id.as_uuid());
        let record = self.session.fetch_optional::<UserRecord>(found).await?;
        record.map(User::try_from).transpose()
    }

    async fn find_credentials(
        &mut self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>> {
        let found = Statement::new(
            "SELECT id, username, display_name, role, created_at, password_hash
             FROM users WHERE username = $1",
        )
        .bind(username.as_str());
        let record = self.session.fetch_optional::<CredentialsRecord>(found);
        record
            .await?
            .map(|record| {
                let hash = PasswordHash::from_phc(record.password_hash);
                Ok((User::try_from(record.user)?, hash))
            })
            .transpose()
    }

    async fn list(
        &mut self,
        query: &str,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<User>> {
        // Both sides are in lower case already, so it does not matter that only SQLite's `LIKE` takes A for a.
        let page = Statement::new(
            r"SELECT id, username, display_name, role, created_at FROM users
              WHERE username > $1
                AND (username LIKE $2 ESCAPE '\' OR display_key LIKE $2 ESCAPE '\')
              ORDER BY username LIMIT $3",
        )
        .bind(after.map_or("", Username::as_str))
        .bind(containing(query))
        .bind(limit);
        let records = self.session.fetch_all::<UserRecord>(page).await?;
        records.into_iter().map(User::try_from).collect()
    }

    async fn rename(&mut self, id: UserId, name: &DisplayName) -> Result<()> {
        let renamed =
            Statement::new("UPDATE users SET display_name = $2, display_key = $3 WHERE id = $1")
                .bind(id.as_uuid())
                .bind(name.as_str())
                .bind(display_key(name));
        self.session.execute(renamed).await?;
        Ok(())
    }

    async fn find_rev(&mut self, id: UserId) -> Result<Option<UserRev>> {
        let found = Statement::new("SELECT user_rev FROM users WHERE id = $1").bind(id.as_uuid());
        let row = self.session.fetch_optional::<(i64,)>(found).await?;
        Ok(row.map(|(rev,)| UserRev::new(rev)))
    }

    async fn next_rev(&mut self, id: UserId) -> Result<UserRev> {
        let next = Statement::new(
            "UPDATE users SET user_rev = user_rev + 1 WHERE id = $1 RETURNING user_rev",
        )
        .bind(id.as_uuid());
        let (rev,) = self.session.fetch_one::<(i64,)>(next).await?;
        self.moves.users([id]);
        Ok(UserRev::new(rev))
    }

    async fn list_changes(
        &mut self,
        id: UserId,
        after: UserRev,
        limit: i64,
    ) -> Result<Vec<UserChange>> {
        self.user_changes(id, after, limit).await
    }

    async fn has_private_receipts(&mut self, id: UserId) -> Result<bool> {
        let found =
            Statement::new("SELECT private_receipts FROM users WHERE id = $1").bind(id.as_uuid());
        let row = self.session.fetch_optional::<(bool,)>(found).await?;
        Ok(row.is_some_and(|(is_private,)| is_private))
    }

    async fn set_private_receipts(
        &mut self,
        id: UserId,
        is_private: bool,
        user_rev: UserRev,
    ) -> Result<()> {
        let set = Statement::new(
            "UPDATE users SET private_receipts = $2, receipts_user_rev = $3 WHERE id = $1",
        )
        .bind(id.as_uuid())
        .bind(is_private)
        .bind(user_rev.get());
        self.session.execute(set).await?;
        Ok(())
    }

    async fn list_sharing(&mut self, id: UserId, others: &[UserId]) -> Result<Vec<UserId>> {
        let sharing = Statement::new(
            "WITH others (id) AS ({rows})
             SELECT others.id FROM others
             WHERE EXISTS (
                SELECT 1 FROM memberships own
                JOIN memberships theirs ON theirs.conversation_id = own.conversation_id
                WHERE own.user_id = $1 AND own.to_rev IS NULL
                  AND theirs.user_id = others.id AND theirs.to_rev IS NULL)",
        )
        .bind(id.as_uuid())
        .rows(Rows::new().column(others.iter().map(|other| other.as_uuid())));
        let rows = self.session.fetch_all::<(Uuid,)>(sharing).await?;
        Ok(rows
            .into_iter()
            .map(|(id,)| UserId::from_uuid(id))
            .collect())
    }

    async fn list_partners(&mut self, id: UserId, limit: i64) -> Result<Vec<UserId>> {
        let partners = Statement::new(
            "SELECT CASE c.direct_low WHEN $1 THEN c.direct_high ELSE c.direct_low END
             FROM memberships m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.user_id = $1 AND m.to_rev IS NULL AND c.direct_low IS NOT NULL
             ORDER BY c.last_activity_at DESC, c.id LIMIT $2",
        )
        .bind(id.as_uuid())
        .bind(limit);
        let rows = self.session.fetch_all::<(Uuid,)>(partners).await?;
        Ok(rows
            .into_iter()
            .map(|(id,)| UserId::from_uuid(id))
            .collect())
    }
}

fn display_key(name: &DisplayName) -> String {
    name.as_str().to_lowercase()
}

/// A pattern for `LIKE` that finds the text anywhere and takes its special characters for themselves.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
