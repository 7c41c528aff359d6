use std::future::Future;
use std::time::Duration;

use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::repository::Result;
use sqlx::error::BoxDynError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, PgConnection, Postgres, Sqlite, Transaction, query_as_with, query_with};

use super::failure::{of_postgres, of_sqlite, unavailable};
use super::statement::Statement;

/// After how long an answer of PostgreSQL is given up. Longer than every limit that the server keeps itself, so only a
/// connection that leads nowhere meets it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// One transaction in one of the databases.
pub(crate) enum Session {
    /// Writes if it was begun so; the database sees to it.
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(PgSession),
}

/// A row that both drivers can read.
pub(crate) trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl Session {
    /// The first row, if there is one.
    pub(crate) async fn fetch_optional<T: Record>(
        &mut self,
        statement: Statement,
    ) -> Result<Option<T>> {
        match self {
            Self::Sqlite(tx) => {
                let bound = statement.for_sqlite().map_err(unfit)?;
                query_as_with(bound.text, bound.arguments)
                    .persistent(bound.is_reused)
                    .fetch_optional(&mut **tx)
                    .await
                    .map_err(of_sqlite)
            }
            Self::Postgres(session) => {
                let bound = statement.for_postgres(session.may_write).map_err(unfit)?;
                let query = query_as_with(bound.text, bound.arguments);
                let answer = query.fetch_optional(session.link.connection());
                answered(&mut session.has_failed, answer).await
            }
        }
    }

    /// All rows.
    pub(crate) async fn fetch_all<T: Record>(&mut self, statement: Statement) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(tx) => {
                let mut all = Vec::new();
                for piece in statement.into_pieces() {
                    let bound = piece.for_sqlite().map_err(unfit)?;
                    let rows = query_as_with(bound.text, bound.arguments)
                        .persistent(bound.is_reused)
                        .fetch_all(&mut **tx);
                    all.extend(rows.await.map_err(of_sqlite)?);
                }
                Ok(all)
            }
            Self::Postgres(session) => {
                let bound = statement.for_postgres(session.may_write).map_err(unfit)?;
                let query = query_as_with(bound.text, bound.arguments);
                let answer = query.fetch_all(session.link.connection());
                answered(&mut session.has_failed, answer).await
            }
        }
    }

    /// The one row that there is. None is a defect.
    pub(crate) async fn fetch_one<T: Record>(&mut self, statement: Statement) -> Result<T> {
        self.fetch_optional(statement).await?.ok_or_else(missing)
    }

    /// How many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64> {
        match self {
            Self::Sqlite(tx) => {
                let mut changed = 0;
                for piece in statement.into_pieces() {
                    let bound = piece.for_sqlite().map_err(unfit)?;
                    let done = query_with(bound.text, bound.arguments)
                        .persistent(bound.is_reused)
                        .execute(&mut **tx);
                    changed += done.await.map_err(of_sqlite)?.rows_affected();
                }
                Ok(changed)
            }
            Self::Postgres(session) => {
                let bound = statement.for_postgres(session.may_write).map_err(unfit)?;
                let query = query_with(bound.text, bound.arguments);
                let answer = query.execute(session.link.connection());
                let done = answered(&mut session.has_failed, answer).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Adds one row by a statement that ends with `ON CONFLICT DO NOTHING`. A taken key is a conflict, after which the
    /// transaction goes on.
    pub(crate) async fn insert(&mut self, statement: Statement) -> Result<()> {
        match self.execute(statement).await? {
            0 => Err(taken()),
            _ => Ok(()),
        }
    }

    /// Whether what must not change until the transaction ends is to be locked: it writes, and others write at the same time.
    pub(crate) fn must_lock(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(session) => session.may_write,
        }
    }

    /// Makes everything durable.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(of_sqlite),
            // PostgreSQL would answer the commit of a transaction in which a statement has failed with success, and roll back.
            Self::Postgres(session) if session.has_failed => Err(RepositoryError::new(
                RepositoryErrorKind::Corrupt,
                "a statement of this transaction has failed, so nothing of it can be kept",
            )),
            Self::Postgres(session) => session.commit().await,
        }
    }
}

/// A transaction in PostgreSQL, or one for each statement.
pub(crate) struct PgSession {
    link: PgLink,
    may_write: bool,
    has_failed: bool,
}

enum PgLink {
    Transaction(Transaction<'static, Postgres>),
    Alone(PoolConnection<Postgres>),
}

impl PgSession {
    /// A transaction that was just begun.
    pub(crate) fn new(tx: Transaction<'static, Postgres>, may_write: bool) -> Self {
        Self {
            link: PgLink::Transaction(tx),
            may_write,
            has_failed: false,
        }
    }

    /// Statements that each are a transaction, durable when answered.
    pub(crate) fn alone(connection: PoolConnection<Postgres>) -> Self {
        Self {
            link: PgLink::Alone(connection),
            may_write: true,
            has_failed: false,
        }
    }

    /// The connection, unless it has a transaction.
    pub(super) fn into_connection(self) -> Option<PoolConnection<Postgres>> {
        match self.link {
            PgLink::Transaction(_) => None,
            PgLink::Alone(connection) => Some(connection),
        }
    }

    async fn commit(self) -> Result<()> {
        match self.link {
            PgLink::Transaction(tx) => answered(&mut false, tx.commit()).await,
            PgLink::Alone(_) => Ok(()),
        }
    }
}

impl PgLink {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Transaction(tx) => tx,
            Self::Alone(connection) => connection,
        }
    }
}

/// Waits for PostgreSQL's answer, but not for ever.
async fn answered<T>(
    has_failed: &mut bool,
    answer: impl Future<Output = std::result::Result<T, sqlx::Error>>,
) -> Result<T> {
    let result = match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(of_postgres),
        Err(_) => Err(unavailable("PostgreSQL does not answer")),
    };
    *has_failed |= result.is_err();
    result
}

/// A row that must be there is not.
pub(super) fn missing() -> RepositoryError {
    RepositoryError::new(RepositoryErrorKind::Corrupt, "a row is missing")
}

/// What was to be added is there already, or something else under one of its keys.
pub(super) fn taken() -> RepositoryError {
    RepositoryError::new(RepositoryErrorKind::Conflict, "a unique key is taken")
}

/// A value that the driver cannot send.
fn unfit(error: BoxDynError) -> RepositoryError {
    RepositoryError::new(RepositoryErrorKind::Corrupt, error)
}
