use std::sync::OnceLock;

use hubbub_application::events::Event;
use hubbub_application::ports::EventBus;

type Subscriber = Box<dyn Fn(Event) + Send + Sync>;

/// Hands each event straight to its one subscriber, in the task that publishes it: nothing is queued and nothing is lost.
#[derive(Default)]
pub struct InProcessEventBus {
    subscriber: OnceLock<Subscriber>,
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

impl EventBus for InProcessEventBus {
    fn publish(&self, event: Event) {
        if let Some(subscriber) = self.subscriber.get() {
            subscriber(event);
        }
    }
}
