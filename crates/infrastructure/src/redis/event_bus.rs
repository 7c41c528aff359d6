//! The bus between nodes, over Redis Pub/Sub.
//!
//! Redis forgets what nobody hears at the moment it is said, and so do the connections to it when they break. That is enough for
//! hints, as long as every loss is noticed: by this node hearing itself ([`status`]), by pings, and by counting each new connection as
//! an interruption. Start reading at [`RedisEventBus`].

mod channels;
mod counters;
mod frame;
mod publisher;
mod queue;
mod status;
mod subscriber;
mod subscriptions;
mod wire;

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hubbub_application::events::Event;
use hubbub_application::ports::{BusHealth, BusUnavailable, EventBus, Topic};
use hubbub_domain::ids::{Epoch, NodeId};
use hubbub_domain::repository::ServerKey;
use redis::Client;
use tokio::sync::{Notify, watch};

use super::connection::BadRedisUrl;
use channels::Channels;
pub use counters::BusCounters;
use frame::{Frame, FrameCodec};
use queue::{Hint, Queue};
use status::Status;
use subscriptions::Subscriptions;
use wire::Content;

type Subscriber = Box<dyn Fn(Event) + Send + Sync>;

/// What a node needs to take part.
pub struct RedisBusOptions {
    /// Where Redis is: `redis://user:password@host:6379`, or `rediss://` with TLS.
    pub url: String,
    /// Who speaks.
    pub node: NodeId,
    /// The history of the database that is spoken of.
    pub epoch: Epoch,
    /// What only the nodes of this installation know.
    pub key: ServerKey,
}

impl fmt::Debug for RedisBusOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the address, which may hold a password, nor the key.
        f.debug_struct("RedisBusOptions")
            .field("node", &self.node)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// One node's place on the bus. Clones are the same.
///
/// It is degraded until it has reached Redis, and works without it: local delivery never waits for anything.
#[derive(Clone)]
pub struct RedisEventBus {
    shared: Arc<Shared>,
    client: Client,
}

struct Shared {
    node: NodeId,
    codec: FrameCodec,
    channels: Channels,
    subscriber: OnceLock<Subscriber>,
    queue: Queue,
    subscriptions: Subscriptions,
    status: Status,
    counters: BusCounters,
    /// Told when the subscriber should leave its connection for another one.
    reconnect: Notify,
    /// Told when it is worth hearing oneself before the next second.
    canary_wanted: Notify,
}

impl RedisEventBus {
    /// A place on the bus that does nothing until it [runs](Self::run).
    pub fn new(options: &RedisBusOptions) -> Result<Self, BadRedisUrl> {
        let client = Client::open(options.url.as_str()).map_err(|_| BadRedisUrl)?;
        let shared = Shared {
            node: options.node,
            codec: FrameCodec::new(options.epoch, options.node, &options.key),
            channels: Channels::new(&options.key),
            subscriber: OnceLock::new(),
            queue: Queue::default(),
            subscriptions: Subscriptions::default(),
            status: Status::default(),
            counters: BusCounters::default(),
            reconnect: Notify::new(),
            canary_wanted: Notify::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            client,
        })
    }

    /// Names the subscriber, which must not block. There is one for the life of the bus; a second one is ignored.
    pub fn subscribe(&self, subscriber: impl Fn(Event) + Send + Sync + 'static) {
        if self.shared.subscriber.set(Box::new(subscriber)).is_err() {
            tracing::warn!("the bus has a subscriber already");
        }
    }

    /// Connects, speaks and listens until [`close`](Self::close), whatever happens to Redis.
    pub async fn run(self) {
        let Self { shared, client } = &self;
        tokio::select! {
            () = publisher::run(shared, client) => {}
            () = publisher::say_canaries(shared) => {}
            never = subscriber::run(shared, client) => match never {},
        }
    }

    /// Takes no more hints, and lets [`run`](Self::run) end once those that wait are sent, or cannot be.
    pub fn close(&self) {
        self.shared.queue.close();
    }

    /// What it has done so far.
    pub fn counters(&self) -> &BusCounters {
        &self.shared.counters
    }
}

#[async_trait]
impl EventBus for RedisEventBus {
    fn publish(&self, event: Event) {
        self.shared.say(&event);
        self.shared.deliver(event);
    }

    async fn follow(&self, topics: &[Topic]) -> Result<(), BusUnavailable> {
        self.shared.subscriptions.follow(topics).await
    }

    fn unfollow(&self, topics: &[Topic]) {
        self.shared.subscriptions.unfollow(topics);
    }

    fn health(&self) -> watch::Receiver<BusHealth> {
        self.shared.status.health()
    }

    fn interruptions(&self) -> watch::Receiver<u64> {
        self.shared.status.interruptions()
    }
}

impl Shared {
    fn say(&self, event: &Event) {
        // Before the work of encoding it.
        if !self.queue.has_room() {
            return self.dropped(1);
        }
        let content = Content::from(event);
        for topic in Topic::all_of(event) {
            let channel = self.channels.of(topic);
            let frame = self.codec.encode(&channel, &content);
            if !self.queue.push(Hint { channel, frame }) {
                self.dropped(1);
            }
        }
    }

    fn hear(&self, channel: &str, frame: &[u8]) {
        let Frame { sender, content } = match self.codec.decode(channel, frame) {
            Ok(frame) => frame,
            Err(reason) => {
                let count = self.counters.bad.add(1);
                // A flood of them does not become a flood of lines.
                if count.is_power_of_two() {
                    tracing::warn!(count, %reason, "a message on the bus was not taken");
                }
                return;
            }
        };
        match content.into_event() {
            Err(canary) if sender == self.node => self.status.heard(canary),
            // Whatever this node says was delivered here before it was sent.
            Ok(event) if sender != self.node => {
                self.counters.received.add(1);
                self.deliver(event);
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn deliver(&self, event: Event) {
        if let Some(subscriber) = self.subscriber.get() {
            subscriber(event);
        }
    }

    fn dropped(&self, hints: usize) {
        self.counters.dropped.add(hints);
        self.status.hints_lost();
    }
}
