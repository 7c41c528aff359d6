//! What every bus must do, written once over the port. An adapter joins by implementing [`Network`] and calling
//! [`bus_conformance_tests`].

mod events;
mod in_process;
mod redis;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hubbub_application::events::Event;
use hubbub_application::ports::{BusHealth, EventBus, Topic};
use tokio::sync::mpsc::{Receiver, error::TryRecvError};
use tokio::time::timeout;

use events::{conversation, every_kind, same, typing, user};

/// A limit that no test means to run into.
const SOON: Duration = Duration::from_secs(20);

/// A node on the bus, and what its subscriber is handed.
pub(crate) struct Node {
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) hears: Receiver<Event>,
}

impl Node {
    pub(crate) async fn is(&self, health: BusHealth) {
        let mut now = self.bus.health();
        let reached = timeout(SOON, now.wait_for(|now| *now == health)).await;
        reached.expect("the health changes soon").unwrap();
    }

    /// Waits until it was interrupted more often than `before`.
    pub(crate) async fn is_interrupted_after(&self, before: u64) {
        let mut count = self.bus.interruptions();
        let counted = timeout(SOON, count.wait_for(|count| *count > before)).await;
        counted.expect("an interruption is counted soon").unwrap();
    }

    pub(crate) fn interruptions(&self) -> u64 {
        *self.bus.interruptions().borrow()
    }

    /// The next event.
    pub(crate) async fn hears(&mut self) -> Event {
        let heard = timeout(SOON, self.hears.recv()).await;
        heard.expect("something is heard soon").unwrap()
    }

    pub(crate) async fn hears_exactly(&mut self, expected: &Event) {
        let heard = self.hears().await;
        assert!(same(&heard, expected), "{heard:?} is not {expected:?}");
    }

    pub(crate) fn has_heard_nothing(&mut self) {
        let heard = self.hears.try_recv();
        assert!(matches!(heard, Err(TryRecvError::Empty)), "{heard:?}");
    }
}

/// Nodes that can hear each other, gone when it is dropped. A network may have a single node, which then is both.
pub(crate) trait Network: Sized {
    fn new() -> impl Future<Output = Self>;
    /// Who speaks in a test.
    fn speaker(&self) -> Arc<dyn EventBus>;
    /// Who listens.
    fn listener(&mut self) -> &mut Node;
}

pub(crate) async fn it_becomes_healthy(mut network: impl Network) {
    network.listener().is(BusHealth::Healthy).await;
}

pub(crate) async fn every_kind_of_event_arrives_as_it_was_said(mut network: impl Network) {
    let said = every_kind();
    // The first place where each is told; a join has another one.
    let topics: Vec<_> = said
        .iter()
        .filter_map(|said| Topic::all_of(said).next())
        .collect();
    let confirmed = network.listener().bus.follow(&topics).await;
    confirmed.expect("the bus works");
    for event in &said {
        network.speaker().publish(event.clone());
        network.listener().hears_exactly(event).await;
    }
    network.listener().has_heard_nothing();
}

pub(crate) async fn who_joins_hears_so_without_listening_to_the_conversation(
    mut network: impl Network,
) {
    let joins = |event: &Event| Topic::all_of(event).count() == 2;
    let join = every_kind().into_iter().find(joins).expect("there is one");
    network
        .listener()
        .bus
        .follow(&[Topic::User(user(6))])
        .await
        .unwrap();
    network.speaker().publish(join.clone());
    network.listener().hears_exactly(&join).await;
}

pub(crate) async fn what_one_node_says_is_heard_in_its_order(mut network: impl Network) {
    let topics = [Topic::Conversation(conversation(1))];
    network.listener().bus.follow(&topics).await.unwrap();
    for number in 0..2_000 {
        network.speaker().publish(typing(1, number));
    }
    for number in 0..2_000 {
        network.listener().hears_exactly(&typing(1, number)).await;
    }
}

pub(crate) async fn a_node_hears_itself_at_once_and_once(mut network: impl Network) {
    let topics = [Topic::Conversation(conversation(1))];
    let node = network.listener();
    node.bus.follow(&topics).await.unwrap();
    node.bus.publish(typing(1, 1));
    // Without waiting for anything.
    let heard = node.hears.try_recv().expect("it is delivered at once");
    assert!(same(&heard, &typing(1, 1)));
    network.speaker().publish(typing(1, 2));
    network.listener().hears_exactly(&typing(1, 2)).await;
}

pub(crate) async fn a_topic_is_heard_until_it_is_given_up_as_often_as_it_was_followed(
    mut network: impl Network,
) {
    let topics = [
        Topic::Conversation(conversation(1)),
        Topic::User(user(1)),
        Topic::Conversation(conversation(1)),
    ];
    let bus = network.listener().bus.clone();
    bus.follow(&topics).await.unwrap();
    bus.unfollow(&topics[..2]);
    bus.follow(&[Topic::Everybody]).await.unwrap();
    network.speaker().publish(typing(1, 1));
    network.listener().hears_exactly(&typing(1, 1)).await;
}

pub(crate) async fn giving_up_what_was_never_followed_changes_nothing(mut network: impl Network) {
    let topics = [Topic::Conversation(conversation(1))];
    let bus = network.listener().bus.clone();
    bus.unfollow(&topics);
    bus.follow(&topics).await.unwrap();
    network.speaker().publish(typing(1, 1));
    network.listener().hears_exactly(&typing(1, 1)).await;
}

pub(crate) async fn many_topics_are_followed_in_one_go(mut network: impl Network) {
    let topics: Vec<_> = (0..2_000)
        .map(|number| Topic::Conversation(conversation(number)))
        .collect();
    network.listener().bus.follow(&topics).await.unwrap();
    for number in [0, 777, 1_999] {
        network.speaker().publish(typing(number, 1));
        network.listener().hears_exactly(&typing(number, 1)).await;
    }
}

/// Makes one test of every case for one kind of bus.
macro_rules! bus_conformance_tests {
    ($network:ty) => {
        crate::bus::bus_conformance_tests!(@cases $network: [
            it_becomes_healthy, every_kind_of_event_arrives_as_it_was_said, what_one_node_says_is_heard_in_its_order,
            who_joins_hears_so_without_listening_to_the_conversation,
            a_node_hears_itself_at_once_and_once, a_topic_is_heard_until_it_is_given_up_as_often_as_it_was_followed,
            giving_up_what_was_never_followed_changes_nothing, many_topics_are_followed_in_one_go,
        ]);
    };
    (@cases $network:ty: [$($case:ident),+ $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::bus::$case(<$network as crate::bus::Network>::new().await).await;
            }
        )+
    };
}

pub(crate) use bus_conformance_tests;
