use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::error::RepositoryError;
use hubbub_domain::repository::OptimisticLog;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use time::OffsetDateTime;
use tokio::time::timeout;

use super::log::PgLog;
use super::node_lock::{NodeLock, Serving};
use super::safety;
use crate::PoolUsage;
use crate::sql::{PgSession, Session, SqlUnitOfWork, of_postgres};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a unit of work waits for a connection before the database counts as unavailable.
pub(super) const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long without use a connection is tried before it is used, and how long that may take.
pub(super) const TRY_AFTER: Duration = Duration::from_secs(1);
const TRY_TIMEOUT: Duration = Duration::from_secs(3);

/// Limits that the server keeps for us on every connection that serves.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "5s"),
    ("statement_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
];
/// How statements are planned. What we ask for is a row or a range in the order of an index, ended by a limit.
///
/// - The plan for any values is good for all of ours. By default a batch is planned anew each time, as its length is known then.
/// - A plan that is kept must be good for the tables as they will be. A new one is empty, and reading it whole would look cheap.
/// - A bitmap reads the whole range first, and for a prepared statement the planner thinks that ranges are short.
/// - A page at another place is not dear, as on a disk that must turn.
/// - Nothing that we ask is worth a compiler.
const PLANNER: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
];
/// A migration may take long, but waits for the locks of those who serve only so long.
const MIGRATION_LIMITS: [(&str, &str); 2] = [("lock_timeout", "60s"), ("statement_timeout", "0")];

/// How PostgreSQL is used.
#[derive(Clone, Copy, Debug)]
pub struct PgOptions {
    /// How many connections there are at most.
    pub max_connections: u32,
    /// Whether a server that may lose what it has acknowledged is used with a warning, and not refused.
    pub allow_unsafe_settings: bool,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self {
            max_connections: 20,
            allow_unsafe_settings: false,
        }
    }
}

/// A database in PostgreSQL.
pub struct PgStore {
    pool: PgPool,
    connect: PgConnectOptions,
}

/// What can be said of a server.
#[derive(Clone, Debug)]
pub struct PgExamination {
    /// Its version, as it tells it.
    pub version: String,
    /// The settings, with their values, under which a power cut could take away what was acknowledged.
    pub unsafe_settings: Vec<String>,
    /// Its time.
    pub now: Timestamp,
}

impl PgExamination {
    /// How far the clocks are from each other, and whether ours, which shows `own`, is ahead.
    pub fn ahead_by(&self, own: Timestamp) -> (Duration, bool) {
        (own.since(self.now).max(self.now.since(own)), own > self.now)
    }
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PgStoreError {
    /// The address is not one.
    #[error("it is not an address like postgres://user:password@host:5432/database")]
    Address(#[source] sqlx::Error),
    /// It cannot be reached, or does not let us in.
    #[error("PostgreSQL cannot be reached or refuses the connection")]
    Connect(#[source] sqlx::Error),
    /// The server is too old.
    #[error("PostgreSQL {0} is too old; version 14 or newer is needed")]
    TooOld(String),
    /// Not every text could be stored.
    #[error("its encoding is {0}; make the database with ENCODING 'UTF8'")]
    Encoding(String),
    /// What was acknowledged could be lost.
    #[error(
        "PostgreSQL runs with {}, so a power cut could take acknowledged messages away; correct the server's settings, or \
         accept the risk with storage.allow_unsafe_settings",
        .0.join(", ")
    )]
    Unsafe(Vec<String>),
    /// Its tables cannot be brought up to date.
    #[error("its tables cannot be brought up to date")]
    Migrate(#[source] MigrateError),
    /// Another node serves it.
    #[error(
        "another running Hubbub serves it; without Redis one node alone may, since nothing would tell the people on one node \
         what is sent on the other; stop that one first"
    )]
    InUse,
    /// A node that hears nobody serves it.
    #[error(
        "another running Hubbub serves it without Redis, and would not hear of what is sent here; stop that one first, or start it with \
         HUBBUB_REDIS_URL too"
    )]
    ServedAlone,
    /// Another node has served it while this one could not reach it.
    #[error("another Hubbub has served it while this one could not reach it; start this one again")]
    ServedMeanwhile,
}

impl PgStore {
    /// Connects to the database at a `postgres://` address, checks that the server can be trusted with messages, and brings
    /// the tables up to date. Of several nodes that start at once, one does so and the others wait for it.
    pub async fn open(url: &str, options: PgOptions) -> Result<Self, PgStoreError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(PgStoreError::Address)?
            .application_name("hubbub");
        prepare(&connect, options).await?;
        let connect = connect.options(LIMITS).options(PLANNER);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(TURN_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, usage| {
                Box::pin(async move {
                    if usage.idle_for > TRY_AFTER {
                        answers(connection).await?;
                    }
                    Ok(true)
                })
            })
            // Also rolls back what was not committed, which a server that is gone must not make us wait for.
            .after_release(|connection, _| {
                Box::pin(async move { answers(connection).await.map(|()| true) })
            })
            .connect_with(connect.clone())
            .await
            .map_err(PgStoreError::Connect)?;
        Ok(Self { pool, connect })
    }

    /// Looks at the server of a database without changing anything.
    pub async fn examine(url: &str) -> Result<PgExamination, PgStoreError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(PgStoreError::Address)?
            .application_name("hubbub doctor");
        let mut connection = open(&connect).await?;
        let version = safety::check_server(&mut connection).await?;
        let unsafe_settings = safety::unsafe_settings(&mut connection).await?;
        let now = sqlx::query_scalar::<_, OffsetDateTime>("SELECT clock_timestamp()")
            .fetch_one(&mut connection)
            .await
            .map_err(PgStoreError::Connect)?;
        let _ = connection.close().await;
        Ok(PgExamination {
            version,
            unsafe_settings,
            now: now.into(),
        })
    }

    /// Takes the right to serve this database, or says that another node has it.
    pub async fn lock_node(&self, serving: Serving) -> Result<NodeLock, PgStoreError> {
        NodeLock::take(&self.connect, serving).await
    }

    /// Where the database is, without secrets.
    pub fn place(&self) -> String {
        let (host, port) = (self.connect.get_host(), self.connect.get_port());
        let user = self.connect.get_username();
        let database = self.connect.get_database().unwrap_or(user);
        match self.connect.get_socket() {
            Some(socket) => format!("PostgreSQL at {}, database {database}", socket.display()),
            None => format!("PostgreSQL at {host}:{port}, database {database}"),
        }
    }

    /// How much its connections are used.
    pub fn usage(&self) -> PoolUsage {
        PoolUsage::of(&self.pool)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn session(
        &self,
        begin: &'static str,
        may_write: bool,
    ) -> Result<SqlUnitOfWork, RepositoryError> {
        let tx = timeout(TURN_TIMEOUT * 2, self.pool.begin_with(begin)).await;
        let tx = tx.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let session = PgSession::new(tx.map_err(of_postgres)?, may_write);
        Ok(SqlUnitOfWork::new(Session::Postgres(session)))
    }
}

/// Checks the server and brings the tables up to date, on a connection of its own.
async fn prepare(connect: &PgConnectOptions, options: PgOptions) -> Result<(), PgStoreError> {
    let connect = connect.clone().options(MIGRATION_LIMITS);
    let mut connection = open(&connect).await?;
    safety::check_server(&mut connection).await?;
    let risks = safety::unsafe_settings(&mut connection).await?;
    if !risks.is_empty() {
        if !options.allow_unsafe_settings {
            return Err(PgStoreError::Unsafe(risks));
        }
        tracing::warn!(
            settings = risks.join(", "),
            "a power cut could take acknowledged messages away, which is allowed by storage.allow_unsafe_settings"
        );
    }
    let migrated = MIGRATIONS.run(&mut connection).await;
    migrated.map_err(PgStoreError::Migrate)?;
    #[cfg(feature = "broken-no-unique-key")]
    sqlx::raw_sql(
        "ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_sender_id_client_id_key",
    )
    .execute(&mut connection)
    .await
    .map_err(PgStoreError::Connect)?;
    // Everything is done; a farewell that fails changes nothing.
    let _ = connection.close().await;
    Ok(())
}

async fn open(connect: &PgConnectOptions) -> Result<PgConnection, PgStoreError> {
    let connection = timeout(CONNECT_TIMEOUT, connect.connect()).await;
    let connection = connection.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    connection.map_err(PgStoreError::Connect)
}

async fn answers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let answer = timeout(TRY_TIMEOUT, connection.ping()).await;
    answer.unwrap_or(Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

#[async_trait]
impl Store for PgStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, RepositoryError> {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        Ok(Box::new(self.session(begin, true).await?))
    }

    async fn read(&self) -> Result<Box<dyn Repositories>, RepositoryError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(Box::new(self.session(begin, false).await?))
    }

    fn optimistic_log(&self) -> Option<Box<dyn OptimisticLog>> {
        Some(Box::new(PgLog::new(self.pool.clone())))
    }
}
