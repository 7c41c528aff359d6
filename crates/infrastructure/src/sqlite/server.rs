use async_trait::async_trait;
use hubbub_domain::ids::Epoch;
use hubbub_domain::repository::{Result, ServerKey, ServerRepository};
use hubbub_domain::timestamp::Timestamp;
use sqlx::query;
use uuid::Uuid;

use super::store::{SqliteUnitOfWork, failed};
use crate::records::bytes;

#[async_trait]
impl ServerRepository for SqliteUnitOfWork {
    async fn initialise(&mut self, epoch: Epoch, setup_code: &str, now: Timestamp) -> Result<()> {
        query(
            "INSERT INTO server (only_row, epoch, setup_code, created_at) VALUES (1, $1, $2, $3)
             ON CONFLICT (only_row) DO NOTHING",
        )
        .bind(epoch.as_uuid())
        .bind(setup_code)
        .bind(now.unix_micros())
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn epoch(&mut self) -> Result<Epoch> {
        sqlx::query_scalar::<_, Uuid>("SELECT epoch FROM server")
            .fetch_one(&mut *self.tx)
            .await
            .map(Epoch::from_uuid)
            .map_err(failed)
    }

    async fn find_setup_code(&mut self) -> Result<Option<String>> {
        sqlx::query_scalar::<_, Option<String>>("SELECT setup_code FROM server")
            .fetch_optional(&mut *self.tx)
            .await
            .map(Option::flatten)
            .map_err(failed)
    }

    async fn remove_setup_code(&mut self) -> Result<bool> {
        query("UPDATE server SET setup_code = NULL WHERE setup_code IS NOT NULL")
            .execute(&mut *self.tx)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(failed)
    }

    async fn key_or_insert(&mut self, purpose: &str, key: ServerKey) -> Result<ServerKey> {
        query(
            "INSERT INTO server_keys (purpose, id, secret) VALUES ($1, $2, $3)
             ON CONFLICT (purpose) DO NOTHING",
        )
        .bind(purpose)
        .bind(&key.id)
        .bind(&key.secret[..])
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        let (id, secret) = sqlx::query_as::<_, (String, Vec<u8>)>(
            "SELECT id, secret FROM server_keys WHERE purpose = $1",
        )
        .bind(purpose)
        .fetch_one(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(ServerKey {
            id,
            secret: bytes(&secret, "key")?,
        })
    }
}
