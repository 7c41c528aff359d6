use async_trait::async_trait;
use hubbub_domain::ids::Epoch;
use hubbub_domain::repository::{Result, ServerKey, ServerRepository};
use hubbub_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::records::bytes;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl ServerRepository for SqlUnitOfWork {
    /// Of two first starts at once, the second waits here for the first to end and finds what it has stored.
    async fn initialise(&mut self, epoch: Epoch, setup_code: &str, now: Timestamp) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO server (only_row, epoch, setup_code, created_at) VALUES (1, $1, $2, $3)
             ON CONFLICT (only_row) DO NOTHING",
        )
        .bind(epoch.as_uuid())
        .bind(setup_code)
        .bind(now.unix_micros());
        self.session.execute(added).await?;
        Ok(())
    }

    async fn epoch(&mut self) -> Result<Epoch> {
        let found = Statement::new("SELECT epoch FROM server");
        let (epoch,) = self.session.fetch_one::<(Uuid,)>(found).await?;
        Ok(Epoch::from_uuid(epoch))
    }

    async fn find_setup_code(&mut self) -> Result<Option<String>> {
        let found = Statement::new("SELECT setup_code FROM server");
        let row = self.session.fetch_optional::<(Option<String>,)>(found);
        Ok(row.await?.and_then(|(code,)| code))
    }

    async fn remove_setup_code(&mut self) -> Result<bool> {
        let removed =
            Statement::new("UPDATE server SET setup_code = NULL WHERE setup_code IS NOT NULL");
        Ok(self.session.execute(removed).await? == 1)
    }

    async fn key_or_insert(&mut self, purpose: &str, key: ServerKey) -> Result<ServerKey> {
        let added = Statement::new(
            "INSERT INTO server_keys (purpose, id, secret) VALUES ($1, $2, $3)
             ON CONFLICT (purpose) DO NOTHING",
        )
        .bind(purpose)
        .bind(key.id)
        .bind(&key.secret[..]);
        self.session.execute(added).await?;
        let found =
            Statement::new("SELECT id, secret FROM server_keys WHERE purpose = $1").bind(purpose);
        let (id, secret) = self.session.fetch_one::<(String, Vec<u8>)>(found).await?;
        Ok(ServerKey {
            id,
            secret: bytes(&secret, "key")?,
        })
    }
}
