//! Brings queued hints to Redis, many in one round trip, and drops what cannot be sent in time.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, Pipeline, RedisResult, ServerErrorKind};
use tokio::time::{interval, sleep, timeout};

use super::Shared;
use super::queue::{Batch, Hint};
use super::wire::Content;

/// From the first packet to a usable connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
/// How long Redis may take to accept what is published.
const PUBLISH_LIMIT: Duration = Duration::from_millis(500);
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(200);
/// How often the node speaks to itself.
const CANARY: Duration = Duration::from_secs(1);

/// Sends until the queue is closed and empty.
pub(super) async fn run(shared: &Shared, client: &Client) {
    let mut server = None;
    loop {
        match connect(client).await {
            Ok((connection, run_id)) => {
                let is_another = server.as_ref().is_some_and(|before| *before != run_id);
                if is_another {
                    tracing::warn!("the bus has reached another Redis, or one that was restarted");
                    shared.reconnect.notify_one();
                }
                server = Some(run_id);
                if let Err(error) = send_all(shared, connection).await {
                    tracing::warn!(error = %error.category(), "hints cannot be published");
                } else {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!(error = %error.category(), "Redis cannot be reached to publish");
                let expired = shared.queue.expire();
                if expired > 0 {
                    shared.dropped(expired);
                }
            }
        }
        if shared.queue.is_closed() {
            return;
        }
        sleep(RETRY).await;
    }
}

/// Speaks to this node itself once a second, and as soon as everything is listened to, for ever.
pub(super) async fn say_canaries(shared: &Shared) {
    let mut ticks = interval(CANARY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.canary_wanted.notified() => {}
        }
        shared.say_canary();
    }
}

/// A connection, and what tells the server's current run from every other.
async fn connect(client: &Client) -> RedisResult<(MultiplexedConnection, String)> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(PUBLISH_LIMIT));
    let connecting = async {
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut info = redis::cmd("INFO");
        let info: RedisResult<String> = info.arg("server").query_async(&mut connection).await;
        let run_id = match info {
            Ok(info) => run_id_in(&info),
            // Whoever may only publish and subscribe is not told.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => {
                String::new()
            }
            Err(error) => return Err(error),
        };
        Ok((connection, run_id))
    };
    let connected = timeout(CONNECT_LIMIT, connecting).await;
    connected.unwrap_or_else(|_| Err(too_slow()))
}

fn run_id_in(info: &str) -> String {
    let mut lines = info.lines();
    let run_id = lines.find_map(|line| line.strip_prefix("run_id:"));
    run_id.unwrap_or_default().trim().to_owned()
}

async fn send_all(shared: &Shared, mut connection: MultiplexedConnection) -> RedisResult<()> {
    while let Some(Batch { hints, expired }) = shared.queue.next().await {
        if expired > 0 {
            shared.dropped(expired);
        }
        if hints.is_empty() {
            continue;
        }
        let sending = timeout(PUBLISH_LIMIT, publish(&hints, &mut connection));
        match sending.await.unwrap_or_else(|_| Err(too_slow())) {
            Ok(()) => _ = shared.counters.published.add(hints.len()),
            Err(error) => {
                // Some of them may have been said; saying them again would be no better than leaving it.
                shared.dropped(hints.len());
                return Err(error);
            }
        }
    }
    Ok(())
}

async fn publish(hints: &[Hint], connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let mut pipeline = Pipeline::with_capacity(hints.len());
    for Hint { channel, frame } in hints {
        pipeline.cmd("PUBLISH").arg(channel).arg(frame).ignore();
    }
    pipeline.query_async(connection).await
}

fn too_slow() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

impl Shared {
    fn say_canary(&self) {
        let number = self.status.next_canary();
        let channel = self.channels.of_node(self.node);
        let frame = self.codec.encode(&channel, &Content::Canary(number));
        // One that does not fit is missed, which is what it is for.
        self.queue.push(Hint { channel, frame });
    }
}
