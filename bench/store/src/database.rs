//! The databases under measurement, each private to this program.

use std::rc::Rc;
use std::str::FromStr as _;
use std::sync::Arc;

use hubbub_application::chat::{ChatService, LogWriter, WriterOptions};
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::in_process::InProcessEventBus;
use hubbub_infrastructure::postgres::{PgOptions, PgStore};
use hubbub_infrastructure::security::{RandomIds, SystemClock};
use hubbub_infrastructure::sqlite::SqliteStore;
use hubbub_testkit::{PostgresCluster, TestDir};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, query_scalar, raw_sql};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Failure;

/// Which database it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// As it is called on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// As it is called.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// A database with default settings that Hubbub stores into, and that this program reaches past it as well.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) chat: Arc<ChatService>,
    pub(crate) own: Own,
    /// Ends with the database.
    _writers: JoinSet<()>,
    _folder: Option<TestDir>,
}

/// The driver, with nothing of Hubbub between.
#[derive(Clone)]
pub(crate) enum Own {
    Postgres {
        pool: PgPool,
        connect: Box<PgConnectOptions>,
        cluster: Rc<PostgresCluster>,
    },
    Sqlite(SqlitePool),
}

impl Database {
    pub(crate) async fn start(kind: Kind, writers: Option<usize>) -> Result<Self, Failure> {
        match kind {
            Kind::Postgres => Self::postgres(writers).await,
            Kind::Sqlite => Self::sqlite().await,
        }
    }

    async fn postgres(writers: Option<usize>) -> Result<Self, Failure> {
        let cluster = PostgresCluster::start().await?;
        let url = cluster.create_database().await?;
        let store = PgStore::open(&url, PgOptions::default()).await?;
        let connect = PgConnectOptions::from_str(&url)?;
        let own = Own::Postgres {
            pool: PgPool::connect_with(connect.clone()).await?,
            connect: Box::new(connect),
            cluster: Rc::new(cluster),
        };
        let default = WriterOptions::default();
        let writers = WriterOptions {
            writers: writers.unwrap_or(default.writers),
            ..default
        };
        Ok(Self::over(
            Kind::Postgres,
            Arc::new(store),
            writers,
            own,
            None,
        ))
    }

    async fn sqlite() -> Result<Self, Failure> {
        let folder = TestDir::new("bench-store")?;
        let file = folder.path().join("hubbub.db");
        let store = SqliteStore::open(&file).await?;
        // As the store opens it.
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options);
        let own = Own::Sqlite(pool.await?);
        let writers = WriterOptions {
            writers: 1,
            ..WriterOptions::default()
        };
        Ok(Self::over(
            Kind::Sqlite,
            Arc::new(store),
            writers,
            own,
            Some(folder),
        ))
    }

    fn over(
        kind: Kind,
        store: Arc<dyn Store>,
        options: WriterOptions,
        own: Own,
        folder: Option<TestDir>,
    ) -> Self {
        let clock = Arc::new(SystemClock);
        let events = Arc::new(InProcessEventBus::new());
        let (writer, runners) =
            LogWriter::new(store.clone(), clock.clone(), events.clone(), options);
        let mut writers = JoinSet::new();
        for runner in runners {
            writers.spawn(runner.run());
        }
        let chat = ChatService::new(store, clock, Arc::new(RandomIds), events, writer);
        Self {
            kind,
            chat: Arc::new(chat),
            own,
            _writers: writers,
            _folder: folder,
        }
    }

    /// Runs statements that are the same for both databases, but for `{uuid}` and `{hash}`, which make a random id and an empty hash.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Failure> {
        let [uuid, hash] = match self.own {
            Own::Postgres { .. } => ["gen_random_uuid()", "decode(repeat('00', 32), 'hex')"],
            Own::Sqlite(_) => ["randomblob(16)", "zeroblob(32)"],
        };
        let sql = AssertSqlSafe(sql.replace("{uuid}", uuid).replace("{hash}", hash));
        match &self.own {
            Own::Postgres { pool, .. } => {
                raw_sql(sql).execute(pool).await?;
            }
            Own::Sqlite(pool) => {
                raw_sql(sql).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// The ids that a statement selects.
    pub(crate) async fn ids(&self, sql: &'static str) -> Result<Vec<Uuid>, Failure> {
        Ok(match &self.own {
            Own::Postgres { pool, .. } => query_scalar(sql).fetch_all(pool).await?,
            Own::Sqlite(pool) => query_scalar(sql).fetch_all(pool).await?,
        })
    }

    /// Has everything written to its place and counted, as it happens from time to time anyway.
    pub(crate) async fn tidy(&self) -> Result<(), Failure> {
        match &self.own {
            Own::Postgres { cluster, pool, .. } => {
                raw_sql("ANALYZE").execute(pool).await?;
                cluster.execute(&cluster.url(), "CHECKPOINT").await?;
            }
            Own::Sqlite(pool) => {
                let checkpoint = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)");
                checkpoint.execute(pool).await?;
            }
        }
        Ok(())
    }
}
