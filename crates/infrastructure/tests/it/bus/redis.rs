//! The bus over a real Redis: two nodes of one installation, and what may happen to the Redis between them.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::ports::{BusHealth, EventBus, Topic};
use hubbub_domain::ids::{Epoch, NodeId};
use hubbub_domain::repository::ServerKey;
use hubbub_infrastructure::redis::{RedisBusOptions, RedisEventBus};
use hubbub_testkit::RedisServer;
use tokio::sync::mpsc::channel;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::events::{conversation, typing};
use super::{Network, Node, SOON, bus_conformance_tests};

/// A node that works until it is dropped.
struct RedisNode {
    node: Node,
    bus: RedisEventBus,
    running: AbortHandle,
}

impl RedisNode {
    /// One that works, whether or not Redis does.
    #[expect(clippy::disallowed_methods, reason = "it ends with the node")]
    fn start(options: &RedisBusOptions) -> Self {
        let bus = RedisEventBus::new(options).unwrap();
        let (hand_over, hears) = channel(50_000);
        bus.subscribe(move |event| hand_over.try_send(event).expect("there is room"));
        let running = tokio::spawn(bus.clone().run()).abort_handle();
        let node = Node {
            bus: Arc::new(bus.clone()),
            hears,
        };
        Self { node, bus, running }
    }

    async fn healthy(options: &RedisBusOptions) -> Self {
        let node = Self::start(options);
        node.node.is(BusHealth::Healthy).await;
        node
    }
}

impl Drop for RedisNode {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Two nodes and the Redis between them.
struct Pair {
    // Before the server: fields are dropped in this order.
    speaker: RedisNode,
    listener: RedisNode,
    server: RedisServer,
}

impl Pair {
    async fn on(server: RedisServer) -> Self {
        Self {
            speaker: RedisNode::healthy(&options(&server, 1)).await,
            listener: RedisNode::healthy(&options(&server, 2)).await,
            server,
        }
    }

    /// The listener follows a conversation, and hears what is said in it.
    async fn follow(&mut self) {
        let topics = [Topic::Conversation(conversation(1))];
        self.listener.node.bus.follow(&topics).await.unwrap();
        self.speak_and_hear(0).await;
    }

    async fn speak_and_hear(&mut self, number: u128) {
        self.speaker.node.bus.publish(typing(1, number));
        let listener = &mut self.listener.node;
        listener.hears_exactly(&typing(1, number)).await;
    }

    /// Both have noticed that something was wrong, and that it no longer is.
    async fn recovered_from(&self, before: [u64; 2]) {
        for (node, before) in [&self.speaker, &self.listener].into_iter().zip(before) {
            node.node.is_interrupted_after(before).await;
            node.node.is(BusHealth::Healthy).await;
        }
    }

    fn interruptions(&self) -> [u64; 2] {
        [&self.speaker, &self.listener].map(|node| node.node.interruptions())
    }
}

impl Network for Pair {
    async fn new() -> Self {
        Self::on(RedisServer::start().await.unwrap()).await
    }

    fn speaker(&self) -> Arc<dyn EventBus> {
        self.speaker.node.bus.clone()
    }

    fn listener(&mut self) -> &mut Node {
        &mut self.listener.node
    }
}

bus_conformance_tests!(Pair);

fn key(byte: u8) -> ServerKey {
    ServerKey {
        id: "a-key".to_owned(),
        secret: [byte; 32],
    }
}

fn options(server: &RedisServer, node: u128) -> RedisBusOptions {
    RedisBusOptions {
        url: server.url(),
        node: NodeId::from_uuid(Uuid::from_u128(node)),
        epoch: Epoch::from_uuid(Uuid::from_u128(7)),
        key: key(1),
    }
}

/// Waits for a count that changes by itself.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, waiting).await.expect(what);
}

#[tokio::test]
async fn a_redis_that_is_killed_and_comes_back_empty_is_an_interruption() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let before = pair.interruptions();

    pair.server.kill().await.unwrap();
    pair.speaker.node.is(BusHealth::Degraded).await;
    pair.listener.node.is(BusHealth::Degraded).await;
    // Nobody is kept waiting, and what one says oneself is heard.
    let began = Instant::now();
    pair.speaker.node.bus.publish(typing(1, 1));
    let confirmed = pair.listener.node.bus.follow(&[Topic::Everybody]).await;
    assert!(confirmed.is_err());
    assert!(began.elapsed() < SOON / 2);
    pair.speaker.node.hears.try_recv().unwrap();

    pair.server.restart_empty().await.unwrap();
    pair.recovered_from(before).await;
    while pair.listener.node.hears.try_recv().is_ok() {}
    pair.speak_and_hear(2).await;
    pair.speaker
        .node
        .bus
        .publish(super::events::every_kind()[3].clone());
    pair.listener.node.hears().await;
}

#[tokio::test]
async fn a_frozen_redis_is_noticed_although_no_connection_ends() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let before = pair.interruptions();

    pair.server.pause().unwrap();
    pair.speaker.node.is(BusHealth::Degraded).await;
    pair.listener.node.is(BusHealth::Degraded).await;
    pair.server.resume().unwrap();

    pair.recovered_from(before).await;
    pair.speak_and_hear(1).await;
}

#[tokio::test]
async fn killed_subscriptions_are_made_again() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let before = pair.interruptions();

    let killed = pair.server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(killed.await.unwrap(), "2");

    pair.recovered_from(before).await;
    pair.speak_and_hear(1).await;
}

#[tokio::test]
async fn a_subscriber_that_redis_cuts_off_for_being_slow_comes_back() {
    let limit = ("client-output-buffer-limit", "pubsub 1mb 1mb 1");
    let server = RedisServer::builder().setting(limit.0, limit.1);
    let mut pair = Pair::on(server.start().await.unwrap()).await;
    pair.follow().await;
    let before = pair.interruptions();

    // As large as a hint never is: Redis cannot even begin to send it before the buffer is too full.
    let node = NodeId::from_uuid(Uuid::from_u128(2));
    let channel = format!("hubbub:a-key:node:{}", node.as_uuid().simple());
    let script = "return redis.call('PUBLISH', KEYS[1], string.rep('x', 8388608))";
    let words = ["EVAL", script, "1", &channel];
    assert_eq!(pair.server.command(&words).await.unwrap(), "1");

    pair.listener.node.is_interrupted_after(before[1]).await;
    pair.listener.node.is(BusHealth::Healthy).await;
    assert_eq!(pair.interruptions()[0], before[0], "the other one goes on");
    pair.speak_and_hear(1).await;
}

#[tokio::test]
async fn what_is_forged_is_counted_and_not_heard() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let channel = format!("hubbub:a-key:conversation:{}", Uuid::from_u128(1).simple());
    let before = pair.listener.bus.counters().bad();

    let words = ["PUBLISH", &channel, r#"{"Typing":{}}"#];
    let heard = pair.server.command(&words);
    assert_eq!(heard.await.unwrap(), "1", "the listener is on that channel");

    let counters = pair.listener.bus.counters();
    until("it is counted", || counters.bad() == before + 1).await;
    pair.listener.node.has_heard_nothing();
    pair.speak_and_hear(1).await;
}

#[tokio::test]
async fn nodes_of_another_key_or_another_history_are_not_heard() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let other_key = RedisBusOptions {
        key: key(2),
        ..options(&pair.server, 3)
    };
    let other_history = RedisBusOptions {
        epoch: Epoch::from_uuid(Uuid::from_u128(8)),
        ..options(&pair.server, 4)
    };
    for (count, stranger) in [(1, other_key), (2, other_history)] {
        let stranger = RedisNode::healthy(&stranger).await;
        stranger.node.bus.publish(typing(1, 1));
        let counters = pair.listener.bus.counters();
        until("it is counted", || counters.bad() == count).await;
    }
    pair.listener.node.has_heard_nothing();
    pair.speak_and_hear(2).await;
}

#[tokio::test]
async fn a_node_that_starts_before_redis_is_degraded_until_redis_is_there() {
    let mut server = RedisServer::start().await.unwrap();
    server.kill().await.unwrap();
    let node = RedisNode::start(&options(&server, 1));
    let topics = [Topic::Everybody];
    assert!(node.node.bus.follow(&topics).await.is_err());
    assert_eq!(*node.node.bus.health().borrow(), BusHealth::Degraded);

    server.restart_empty().await.unwrap();

    node.node.is(BusHealth::Healthy).await;
    assert!(node.node.bus.follow(&topics).await.is_ok());
}

#[tokio::test]
async fn more_hints_than_can_wait_are_dropped_and_counted() {
    let pair = Pair::new().await;
    pair.server.pause().unwrap();
    for number in 0..20_000 {
        pair.speaker.node.bus.publish(typing(1, number));
    }
    let counters = pair.speaker.bus.counters();
    assert!(counters.dropped() > 5_000, "{counters:?}");
    assert_eq!(
        *pair.speaker.node.bus.health().borrow(),
        BusHealth::Degraded
    );
    pair.server.resume().unwrap();
    pair.speaker.node.is(BusHealth::Healthy).await;
}

#[tokio::test]
async fn what_nobody_follows_any_more_is_not_subscribed_any_more() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    let topics = [Topic::Conversation(conversation(1))];
    pair.listener.node.bus.unfollow(&topics);

    let channel = format!("hubbub:a-key:conversation:{}", Uuid::from_u128(1).simple());
    let subscribers = async {
        let words = ["PUBSUB", "NUMSUB", channel.as_str()];
        while pair.server.command(&words).await.unwrap() != format!("{channel}\n0") {}
    };
    timeout(SOON, subscribers).await.expect("it is given up");
}

#[tokio::test]
async fn what_waits_is_sent_before_the_end() {
    let mut pair = Pair::new().await;
    pair.follow().await;
    for number in 0..1_000 {
        pair.speaker.node.bus.publish(typing(1, number));
    }
    pair.speaker.bus.close();
    for number in 0..1_000 {
        pair.listener.node.hears_exactly(&typing(1, number)).await;
    }
    until("it ends", || pair.speaker.running.is_finished()).await;
}
