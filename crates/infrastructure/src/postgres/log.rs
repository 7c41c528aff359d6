use std::time::Instant;

use async_trait::async_trait;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{Append, OptimisticLog, PostKey, Result, Sighting, Stored};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Error, Postgres};
use tokio::time::timeout;

use super::store::{TRY_AFTER, TURN_TIMEOUT};
use crate::sql::{PgSession, Session, SqlUnitOfWork, of_postgres};

/// One statement each, which is a transaction of its own: one way to the server and back.
///
/// A busy writer keeps its connection. The pool tries each that it gets back, which would be another two ways.
pub(super) struct PgLog {
    pool: PgPool,
    kept: Option<(PoolConnection<Postgres>, Instant)>,
}

impl PgLog {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, kept: None }
    }

    /// The connection that was kept, or one that the pool has tried. It is kept again only after it has answered.
    async fn take(&mut self) -> Result<SqlUnitOfWork> {
        let kept = self.kept.take();
        let fresh = kept.filter(|(_, used_at)| used_at.elapsed() < TRY_AFTER);
        let connection = if let Some((connection, _)) = fresh {
            connection
        } else {
            let acquired = timeout(TURN_TIMEOUT * 2, self.pool.acquire()).await;
            let acquired = acquired.unwrap_or(Err(Error::PoolTimedOut));
            acquired.map_err(of_postgres)?
        };
        let session = PgSession::alone(connection);
        Ok(SqlUnitOfWork::new(Session::Postgres(session)))
    }

    fn keep(&mut self, unit: SqlUnitOfWork) {
        let connection = unit.into_connection();
        self.kept = connection.map(|connection| (connection, Instant::now()));
    }
}

#[async_trait]
impl OptimisticLog for PgLog {
    async fn sight(&mut self, posts: &[PostKey]) -> Result<Sighting> {
        let mut unit = self.take().await?;
        let sighting = unit.sight(posts).await?;
        self.keep(unit);
        Ok(sighting)
    }

    async fn append_if_unmoved(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored> {
        let mut unit = self.take().await?;
        let stored = unit.append_if_unmoved(seen, append).await?;
        self.keep(unit);
        Ok(stored)
    }
}
