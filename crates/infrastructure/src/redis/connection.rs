use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};

/// After how long an answer is given up.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// How long to wait at most between two tries to reach a Redis that is away.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(1);
/// How many commands may wait for their turn to be written.
const PIPELINE: usize = 1_000;

/// A connection for commands that many can use at once. It is made when the first command needs it and made again, for ever, when it
/// breaks; a command that meets a Redis that is away fails.
pub fn connect_lazily(url: &str) -> Result<ConnectionManager, RedisError> {
    let options = ConnectionManagerConfig::new()
        .set_number_of_retries(usize::MAX)
        .set_max_delay(MAX_RETRY_DELAY)
        .set_response_timeout(Some(ANSWER_TIMEOUT))
        .set_connection_timeout(Some(ANSWER_TIMEOUT))
        .set_pipeline_buffer_size(PIPELINE);
    ConnectionManager::new_lazy_with_config(Client::open(url)?, options)
}
