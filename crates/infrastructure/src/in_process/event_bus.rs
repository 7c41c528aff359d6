use std::sync::OnceLock;

use async_trait::async_trait;
use hubbub_application::events::Event;
use hubbub_application::ports::{BusHealth, BusUnavailable, EventBus, Topic};
use tokio::sync::watch;

type Subscriber = Box<dyn Fn(Event) + Send + Sync>;

/// The bus of a node that is alone: hands each event straight to its one subscriber, in the task that publishes it. Nothing is
/// queued, nothing is lost, and there is nobody else to hear.
pub struct InProcessEventBus {
    subscriber: OnceLock<Subscriber>,
    health: watch::Sender<BusHealth>,
    interruptions: watch::Sender<u64>,
}

impl Default for InProcessEventBus {
    fn default() -> Self {
        Self {
            subscriber: OnceLock::new(),
            health: watch::Sender::new(BusHealth::Healthy),
            interruptions: watch::Sender::new(0),
        }
    }
}

impl InProcessEventBus {
    /// A bus that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the subscriber, which must not block. There is one for the life of the bus; a second one is ignored.
    pub fn subscribe(&self, subscriber: impl Fn(Event) + Send + Sync + 'static) {
        if self.subscriber.set(Box::new(subscriber)).is_err() {
            tracing::warn!("the in-process bus has a subscriber already");
        }
    }
}

#[async_trait]
impl EventBus for InProcessEventBus {
    fn publish(&self, event: Event) {
        if let Some(subscriber) = self.subscriber.get() {
            subscriber(event);
        }
    }

    async fn follow(&self, _: &[Topic]) -> Result<(), BusUnavailable> {
        Ok(())
    }

    fn unfollow(&self, _: &[Topic]) {}

    fn health(&self) -> watch::Receiver<BusHealth> {
        self.health.subscribe()
    }

    fn interruptions(&self) -> watch::Receiver<u64> {
        self.interruptions.subscribe()
    }
}
