use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{Append, OptimisticLog, PostKey, Sighting, Stored};
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};
use sqlx::migrate::Migrator;
use sqlx::query_scalar;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::PoolUsage;
use crate::sql::{Session, SqlUnitOfWork, of_sqlite};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a unit of work waits for its turn before the database counts as unavailable.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// How much of the file each connection may keep in memory: minus so many KiB.
const CACHE: &str = "-32768";
/// After how many pages of 4 KiB the WAL is moved into the file.
const CHECKPOINT: &str = "4000";
/// How many statements each connection keeps prepared. Those of a batch are some for each length of a piece.
const STATEMENTS: usize = 300;

/// A commit is on disk when it is done, and how SQLite says that.
#[cfg(not(feature = "relaxed-sqlite"))]
const SYNCHRONOUS: (SqliteSynchronous, i64) = (SqliteSynchronous::Full, 2);
/// A commit gets to the disk at some time. For the control of the power-loss suite.
#[cfg(feature = "relaxed-sqlite")]
const SYNCHRONOUS: (SqliteSynchronous, i64) = (SqliteSynchronous::Normal, 1);
#[cfg(all(feature = "relaxed-sqlite", not(debug_assertions)))]
compile_error!(
    "relaxed-sqlite acknowledges messages that a power cut takes away; no release has it"
);

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
    /// What was committed could be lost.
    #[error(
        "SQLite keeps its journal as {journal_mode} with synchronous at {synchronous} where wal and 2 were asked for, so a power \
         cut could take stored messages away; put the data on a local disk"
    )]
    Unsafe {
        /// The journal mode that SQLite uses.
        journal_mode: String,
        /// The level of synchronisation that SQLite uses.
        synchronous: i64,
    },
}

impl SqliteStore {
    /// Opens the database file, makes it if there is none, and brings its tables up to date.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SYNCHRONOUS.0)
            .foreign_keys(true)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT)
            .statement_cache_capacity(STATEMENTS)
            .busy_timeout(TURN_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await;
        let writer = writer.map_err(StoreError::Open)?;
        verify(&writer).await?;
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

    /// How much its connections are used: the one that writes, and those that read.
    pub fn usage(&self) -> PoolUsage {
        PoolUsage::of(&self.writer) + PoolUsage::of(&self.readers)
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

/// SQLite answers a pragma that it cannot follow, as on a network drive, with success and what it does instead.
async fn verify(writer: &SqlitePool) -> Result<(), StoreError> {
    let journal_mode = query_scalar::<_, String>("PRAGMA journal_mode").fetch_one(writer);
    let journal_mode = journal_mode.await.map_err(StoreError::Open)?;
    let synchronous = query_scalar::<_, i64>("PRAGMA synchronous").fetch_one(writer);
    let synchronous = synchronous.await.map_err(StoreError::Open)?;
    if journal_mode == "wal" && synchronous >= SYNCHRONOUS.1 {
        Ok(())
    } else {
        Err(StoreError::Unsafe {
            journal_mode,
            synchronous,
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, RepositoryError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let session = Session::Sqlite(tx.map_err(of_sqlite)?);
        Ok(Box::new(SqlUnitOfWork::new(session)))
    }

    async fn read(&self) -> Result<Box<dyn Repositories>, RepositoryError> {
        let tx = self.readers.begin().await.map_err(of_sqlite)?;
        Ok(Box::new(SqlUnitOfWork::new(Session::Sqlite(tx))))
    }

    fn optimistic_log(&self) -> Option<Box<dyn OptimisticLog>> {
        Some(Box::new(SqliteLog {
            writer: self.writer.clone(),
            readers: self.readers.clone(),
        }))
    }
}

/// Two transactions: one that reads, beside whoever writes, and one that writes if nobody has.
struct SqliteLog {
    writer: SqlitePool,
    readers: SqlitePool,
}

#[async_trait]
impl OptimisticLog for SqliteLog {
    async fn sight(&mut self, posts: &[PostKey]) -> Result<Sighting, RepositoryError> {
        let tx = self.readers.begin().await.map_err(of_sqlite)?;
        SqlUnitOfWork::new(Session::Sqlite(tx)).sight(posts).await
    }

    async fn append_if_unmoved(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored, RepositoryError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let mut unit = SqlUnitOfWork::new(Session::Sqlite(tx.map_err(of_sqlite)?));
        let stored = unit.append_if_unmoved(seen, append).await?;
        if !stored.conversations.is_empty() {
            Box::new(unit).commit().await?;
        }
        Ok(stored)
    }
}
