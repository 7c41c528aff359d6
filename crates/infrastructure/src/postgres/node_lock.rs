use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, query_scalar};
use tokio::time::{Instant, sleep, timeout};

use super::store::PgStoreError;

/// Names the lock within the database: "hubbub" in ASCII.
const KEY: i64 = 0x68_75_62_62_75_62;
/// How often it is looked whether the lock is still ours.
const PING: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a node that has just ended, or whose machine is gone, may still seem to hold the lock.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(100);

/// The right to serve a database alone, which lasts as long as the connection that it is held on.
pub struct NodeLock {
    connection: PgConnection,
}

impl NodeLock {
    pub(super) async fn take(options: &PgConnectOptions) -> Result<Self, PgStoreError> {
        // So that the server lets go of the lock soon after our machine has vanished without a word.
        let options = options.clone().options([
            ("tcp_keepalives_idle", "2"),
            ("tcp_keepalives_interval", "1"),
            ("tcp_keepalives_count", "3"),
        ]);
        let mut connection = options.connect().await.map_err(PgStoreError::Connect)?;
        let give_up = Instant::now() + PATIENCE;
        loop {
            let taken = query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)").bind(KEY);
            let taken = taken.fetch_one(&mut connection).await;
            if taken.map_err(PgStoreError::Connect)? {
                return Ok(Self { connection });
            }
            if Instant::now() >= give_up {
                return Err(PgStoreError::InUse);
            }
            sleep(RETRY).await;
        }
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
