use std::time::Duration;

use hubbub_application::ports::IdGenerator as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, query, query_scalar};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::store::PgStoreError;
use crate::security::RandomIds;

/// Names the lock within the database: "hubbub" in ASCII.
const KEY: i64 = 0x68_75_62_62_75_62;
/// How often it is looked whether the lock is still ours.
const PING: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a node that has just ended, or whose machine is gone, may still seem to hold the lock.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(100);

/// How long to wait before a server that cannot be reached is tried again.
const RECONNECT: Duration = Duration::from_millis(500);

/// With whom a node serves a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// With nobody: it would not hear of what others store.
    Alone,
    /// With others that serve together.
    Together,
}

/// The right to serve a database, alone or together, which lasts as long as the connection that it is held on.
pub struct NodeLock {
    serving: Serving,
    /// Who we are, to know after a loss whether another node has served meanwhile.
    node: Uuid,
    options: PgConnectOptions,
    connection: PgConnection,
}

impl NodeLock {
    pub(super) async fn take(
        options: &PgConnectOptions,
        serving: Serving,
    ) -> Result<Self, PgStoreError> {
        // So that the server lets go of the lock soon after our machine has vanished without a word.
        let options = options.clone().options([
            ("tcp_keepalives_idle", "2"),
            ("tcp_keepalives_interval", "1"),
            ("tcp_keepalives_count", "3"),
        ]);
        let node = RandomIds.uuid();
        let mut connection = locked(&options, serving).await?;
        sign(&mut connection, node).await?;
        Ok(Self {
            serving,
            node,
            options,
            connection,
        })
    }

    /// Takes the lock again after it was lost, for instance because the server was started anew; waits for the server as long as
    /// it cannot be reached. Fails if another node has served the database meanwhile and this one serves alone: it would not know what
    /// it missed.
    pub async fn retake(&mut self) -> Result<(), PgStoreError> {
        loop {
            match self.try_retake().await {
                Err(PgStoreError::Connect(_)) => sleep(RECONNECT).await,
                result => return result,
            }
        }
    }

    async fn try_retake(&mut self) -> Result<(), PgStoreError> {
        let mut connection = locked(&self.options, self.serving).await?;
        if self.serving == Serving::Together {
            sign(&mut connection, self.node).await?;
            self.connection = connection;
            return Ok(());
        }
        let last = query_scalar::<_, Uuid>("SELECT id FROM serving_node")
            .fetch_one(&mut connection)
            .await
            .map_err(PgStoreError::Connect)?;
        if last != self.node {
            return Err(PgStoreError::ServedMeanwhile);
        }
        self.connection = connection;
        Ok(())
    }

    /// Returns when the lock is lost: from then on another node may serve the database. Answers why.
    pub async fn lost(&mut self) -> sqlx::Error {
        loop {
            sleep(PING).await;
            match timeout(PING_TIMEOUT, self.connection.ping()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error,
                Err(_) => return sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            }
        }
    }
}

/// Says who has served last.
async fn sign(connection: &mut PgConnection, node: Uuid) -> Result<(), PgStoreError> {
    query(
        "INSERT INTO serving_node (only_row, id) VALUES (TRUE, $1)
         ON CONFLICT (only_row) DO UPDATE SET id = excluded.id",
    )
    .bind(node)
    .execute(connection)
    .await
    .map(drop)
    .map_err(PgStoreError::Connect)
}

/// A connection that holds the lock.
async fn locked(
    options: &PgConnectOptions,
    serving: Serving,
) -> Result<PgConnection, PgStoreError> {
    let take = match serving {
        Serving::Alone => "SELECT pg_try_advisory_lock($1)",
        Serving::Together => "SELECT pg_try_advisory_lock_shared($1)",
    };
    let mut connection = options.connect().await.map_err(PgStoreError::Connect)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        let taken = query_scalar::<_, bool>(take).bind(KEY);
        let taken = taken.fetch_one(&mut connection).await;
        if taken.map_err(PgStoreError::Connect)? {
            return Ok(connection);
        }
        if Instant::now() >= give_up {
            return Err(match serving {
                Serving::Alone => PgStoreError::InUse,
                Serving::Together => PgStoreError::ServedAlone,
            });
        }
        sleep(RETRY).await;
    }
}
