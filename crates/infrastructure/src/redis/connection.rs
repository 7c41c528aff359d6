use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};

/// After how long an answer is given up.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// How long to wait at most between two tries to reach a Redis that is away.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(1);
/// How many commands may wait for their turn to be written.
const PIPELINE: usize = 1_000;

/// It is not the address of a Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not an address like redis://user:password@host:6379")]
pub struct BadRedisUrl;

/// A connection for commands that many can use at once. It is made when the first command needs it and made again, for ever, when it
/// breaks; a command that meets a Redis that is away fails.
pub fn connect_lazily(url: &str) -> Result<ConnectionManager, BadRedisUrl> {
    let options = ConnectionManagerConfig::new()
        .set_number_of_retries(usize::MAX)
        .set_max_delay(MAX_RETRY_DELAY)
        .set_response_timeout(Some(ANSWER_TIMEOUT))
        .set_connection_timeout(Some(ANSWER_TIMEOUT))
        .set_pipeline_buffer_size(PIPELINE);
    let client = Client::open(url).map_err(|_| BadRedisUrl)?;
    ConnectionManager::new_lazy_with_config(client, options).map_err(|_| BadRedisUrl)
}

/// Why a Redis is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// The address is not one.
    #[error(transparent)]
    Address(#[from] BadRedisUrl),
    /// It does not answer.
    #[error("Redis cannot be reached or refuses the connection")]
    Away(#[source] RedisError),
}

/// Asks whether a Redis is there, once. Answers how long that took, without connecting.
pub async fn ping(url: &str) -> Result<Duration, PingError> {
    let client = Client::open(url).map_err(|_| BadRedisUrl)?;
    let connecting = client.get_multiplexed_async_connection();
    let connection = tokio::time::timeout(ANSWER_TIMEOUT * 4, connecting).await;
    let late = |_| {
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::TimedOut,
        )))
    };
    let mut connection = connection.unwrap_or_else(late).map_err(PingError::Away)?;
    let began = Instant::now();
    redis::cmd("PING")
        .exec_async(&mut connection)
        .await
        .map_err(PingError::Away)?;
    Ok(began.elapsed())
}
