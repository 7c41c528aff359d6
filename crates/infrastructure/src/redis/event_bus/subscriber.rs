//! Hears what other nodes say, on one connection that is made anew for ever.
//!
//! A connection that is dead without saying so is noticed by a ping, which a client library does not send by itself. What was
//! said between two connections is lost, so each new one counts as an interruption.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt as _;
use hubbub_application::ports::Topic;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, Msg};
use tokio::time::{sleep, timeout};

use super::Shared;
use super::subscriptions::Changes;

/// From the first packet to a usable connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
/// How long Redis may take to confirm one batch.
const CONFIRM_LIMIT: Duration = Duration::from_secs(2);
/// How often the connection is tried, and how long the answer may take.
const PING: Duration = Duration::from_secs(1);
const PING_LIMIT: Duration = Duration::from_secs(1);
/// Between two attempts to connect: the first at once, then twice as long each time.
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(1);
/// How many topics one command names.
const BATCH: usize = 500;

/// Why a connection was given up.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("Redis has closed the connection")]
    Closed,
    #[error("Redis does not answer a ping")]
    Silent,
    #[error("Redis does not confirm what is subscribed")]
    Unconfirmed,
    #[error("it may be that of another Redis than the one that is published to")]
    Elsewhere,
    #[error("it could not be made: {0}")]
    NotMade(String),
}

/// Listens for ever.
pub(super) async fn run(shared: &Shared, client: &Client) -> Infallible {
    let mut retry = FIRST_RETRY;
    loop {
        let connecting = timeout(CONNECT_LIMIT, client.get_async_pubsub()).await;
        let lost = match connecting {
            Ok(Ok(connection)) => {
                retry = FIRST_RETRY;
                let (sink, stream) = connection.split();
                let lost = listen(shared, sink, stream).await;
                shared.subscriptions.disconnected();
                shared.status.unlinked();
                tracing::warn!(reason = %lost, "the bus between nodes was interrupted");
                lost
            }
            Ok(Err(error)) => Lost::NotMade(error.category().to_owned()),
            Err(_) => Lost::NotMade("no answer in time".to_owned()),
        };
        tracing::debug!(reason = %lost, "connecting to Redis again");
        sleep(retry).await;
        retry = LAST_RETRY.min(retry * 2);
    }
}

/// Returns when the connection is no longer worth anything.
async fn listen(shared: &Shared, sink: PubSubSink, stream: PubSubStream) -> Lost {
    tokio::select! {
        lost = hear(shared, stream) => lost,
        lost = keep_in_line(shared, sink.clone()) => lost,
        lost = ping(sink) => lost,
        () = shared.reconnect.notified() => Lost::Elsewhere,
    }
}

async fn hear(shared: &Shared, mut stream: PubSubStream) -> Lost {
    while let Some(message) = stream.next().await {
        hear_one(shared, &message);
        // What has piled up does not keep the ping waiting.
        tokio::task::coop::consume_budget().await;
    }
    Lost::Closed
}

fn hear_one(shared: &Shared, message: &Msg) {
    match message.get_channel::<String>() {
        Ok(channel) => shared.hear(&channel, message.get_payload_bytes()),
        Err(error) => tracing::debug!(%error, "a message came on a channel without a name"),
    }
}

async fn ping(mut sink: PubSubSink) -> Lost {
    loop {
        sleep(PING).await;
        match timeout(PING_LIMIT, sink.ping::<redis::Value>()).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return Lost::Closed,
            Err(_) => return Lost::Silent,
        }
    }
}

/// Subscribes to all that is wanted, then to what becomes wanted, and ends what no longer is.
async fn keep_in_line(shared: &Shared, sink: PubSubSink) -> Lost {
    let mut line = Line {
        shared,
        sink,
        heard: HashSet::new(),
    };
    match line.bring_up().await {
        Ok(never) => match never {},
        Err(lost) => lost,
    }
}

struct Line<'a> {
    shared: &'a Shared,
    sink: PubSubSink,
    heard: HashSet<Topic>,
}

impl Line<'_> {
    async fn bring_up(&mut self) -> Result<Infallible, Lost> {
        let Self { shared, .. } = *self;
        let own = shared.channels.of_node(shared.node);
        confirmed(self.sink.subscribe(own)).await?;
        let wanted = shared.subscriptions.connected();
        self.begin(&wanted).await?;
        shared.status.linked();
        shared.canary_wanted.notify_one();
        loop {
            let Changes { begun, ended } = shared.subscriptions.changes(&self.heard);
            self.begin(&begun).await?;
            self.end(&ended).await?;
            if begun.is_empty() && ended.is_empty() {
                shared.subscriptions.changed().await;
            }
        }
    }

    async fn begin(&mut self, topics: &[Topic]) -> Result<(), Lost> {
        for batch in topics.chunks(BATCH) {
            confirmed(self.sink.subscribe(self.channels(batch))).await?;
            self.heard.extend(batch);
            if self.shared.subscriptions.confirmed(batch) {
                self.shared.status.interrupt();
            }
        }
        Ok(())
    }

    async fn end(&mut self, topics: &[Topic]) -> Result<(), Lost> {
        for batch in topics.chunks(BATCH) {
            confirmed(self.sink.unsubscribe(self.channels(batch))).await?;
            for topic in batch {
                self.heard.remove(topic);
            }
        }
        Ok(())
    }

    fn channels(&self, topics: &[Topic]) -> Vec<String> {
        let topics = topics.iter();
        topics
            .map(|&topic| self.shared.channels.of(topic))
            .collect()
    }
}

async fn confirmed(request: impl Future<Output = redis::RedisResult<()>>) -> Result<(), Lost> {
    match timeout(CONFIRM_LIMIT, request).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Lost::Closed),
        Err(_) => Err(Lost::Unconfirmed),
    }
}
