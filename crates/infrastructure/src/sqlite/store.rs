use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::repository::{
    ConversationRepository, InvitationRepository, MembershipRepository, MessageRepository,
    ReadMarkerRepository, ServerRepository, SessionRepository, UserRepository,
};
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a unit of work waits for its turn before the database counts as unavailable.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// The database in one SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// Why the database file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or created.
    #[error("the database file cannot be opened")]
    Open(#[source] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("the database's tables cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

impl SqliteStore {
    /// Opens the database file, makes it if there is none, and brings its tables up to date.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(TURN_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await;
        let writer = writer.map_err(StoreError::Open)?;
        MIGRATIONS.run(&writer).await.map_err(StoreError::Migrate)?;
        let read_only = options.create_if_missing(false).pragma("query_only", "ON");
        let readers = pool(READERS).connect_with(read_only).await;
        Ok(Self {
            writer,
            readers: readers.map_err(StoreError::Open)?,
        })
    }

    /// A database in memory, for tests. All units of work and reads take turns on one connection.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .foreign_keys(true);
        let only = pool(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(StoreError::Open)?;
        MIGRATIONS.run(&only).await.map_err(StoreError::Migrate)?;
        Ok(Self {
            writer: only.clone(),
            readers: only,
        })
    }

    /// Closes all connections, which moves what is in the WAL into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_TIMEOUT)
        // The file is local: a connection that worked once works.
        .test_before_acquire(false)
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, RepositoryError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await;
        Ok(Box::new(SqliteUnitOfWork {
            tx: tx.map_err(failed)?,
        }))
    }

    async fn read(&self) -> Result<Box<dyn Repositories>, RepositoryError> {
        let tx = self.readers.begin().await.map_err(failed)?;
        Ok(Box::new(SqliteUnitOfWork { tx }))
    }
}

/// One transaction; implements every repository.
pub(super) struct SqliteUnitOfWork {
    pub(super) tx: Transaction<'static, Sqlite>,
}

impl Repositories for SqliteUnitOfWork {
    fn server(&mut self) -> &mut dyn ServerRepository {
        self
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepository {
        self
    }

    fn conversations(&mut self) -> &mut dyn ConversationRepository {
        self
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        self
    }

    fn messages(&mut self) -> &mut dyn MessageRepository {
        self
    }

    fn read_markers(&mut self) -> &mut dyn ReadMarkerRepository {
        self
    }
}

#[async_trait]
impl UnitOfWork for SqliteUnitOfWork {
    async fn commit(self: Box<Self>) -> Result<(), RepositoryError> {
        self.tx.commit().await.map_err(failed)
    }
}

/// Maps what the driver says to the closed kinds. What a taken key means is for the operation that met it to say.
pub(super) fn failed(error: sqlx::Error) -> RepositoryError {
    /// Primary result codes of SQLite that a later try may not meet: busy, locked, read-only, I/O error, full, cannot open.
    const PASSING: [&str; 6] = ["5", "6", "8", "10", "13", "14"];
    let kind = match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            RepositoryErrorKind::Conflict
        }
        sqlx::Error::Database(database) => {
            let primary = database
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .map(|extended| (extended & 0xff).to_string());
            if primary.is_some_and(|code| PASSING.contains(&code.as_str())) {
                RepositoryErrorKind::Unavailable
            } else {
                RepositoryErrorKind::Corrupt
            }
        }
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed => RepositoryErrorKind::Unavailable,
        _ => RepositoryErrorKind::Corrupt,
    };
    RepositoryError::new(kind, error)
}
