//! What this node wants to hear from the others, and whether it does.
//!
//! Interest in a topic comes and goes with connections, and changes faster than a backplane can follow. So each topic whose wish and state differ has one
//! task, which asks the backplane for one change after the other until they agree.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{BackplaneError, ErasedBackplane, Topic};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

type Confirmed = Result<(), BackplaneError>;

pub(crate) struct Subscriptions {
    backplane: Arc<dyn ErasedBackplane>,
    /// How long the backplane may take for one change.
    timeout: Duration,
    topics: Mutex<HashMap<OwnedTopic, Subscription>>,
    tasks: TaskTracker,
    stopped: CancellationToken,
}

/// One topic that is wanted, or was.
#[derive(Default)]
struct Subscription {
    is_wanted: bool,
    /// The backplane has confirmed it, and was not asked to give it up.
    is_confirmed: bool,
    has_task: bool,
    /// Those who wait for the outcome of the next attempt.
    waiting: Vec<oneshot::Sender<Confirmed>>,
    /// Cuts the pause after a failure short.
    pausing: Option<Arc<Notify>>,
}

/// What a topic's task does next.
enum Step {
    Subscribe,
    Unsubscribe,
    Rest,
}

impl Subscription {
    fn hurry(&self) {
        if let Some(pausing) = &self.pausing {
            pausing.notify_one();
        }
    }
}

impl Subscriptions {
    pub(crate) fn new(
        backplane: Arc<dyn ErasedBackplane>,
        timeout: Duration,
        stopped: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            backplane,
            timeout,
            topics: Mutex::default(),
            tasks: TaskTracker::new(),
            stopped,
        })
    }

    /// Notes that the node has its first connection of a topic, or has lost its last one, and returns. Calls for one topic come in order.
    pub(crate) fn want(self: &Arc<Self>, topic: Topic<'_>, is_wanted: bool) {
        let topic = OwnedTopic::from(topic);
        let mut topics = self.topics.lock();
        let subscription = topics.entry(topic.clone()).or_default();
        subscription.is_wanted = is_wanted;
        subscription.hurry();
        if !std::mem::replace(&mut subscription.has_task, true) {
            let (this, stopped) = (Arc::clone(self), self.stopped.clone());
            self.tasks.spawn(async move {
                stopped.run_until_cancelled(this.settle(&topic)).await;
            });
        }
    }

    /// Waits until the backplane has confirmed that this node hears a topic, or has failed to. A topic that nobody wants any more needs no
    /// confirmation.
    pub(crate) async fn confirmed(&self, topic: Topic<'_>) -> Confirmed {
        let answered = {
            let mut topics = self.topics.lock();
            let Some(subscription) = topics.get_mut(&OwnedTopic::from(topic)) else {
                return Ok(());
            };
            if subscription.is_confirmed {
                return Ok(());
            }
            let (answer, answered) = oneshot::channel();
            subscription.waiting.push(answer);
            subscription.hurry();
            answered
        };
        answered.await.unwrap_or(Ok(()))
    }

    /// Makes the backplane's state of a topic what it should be.
    async fn settle(&self, topic: &OwnedTopic) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.next_step(topic) {
                Step::Rest => return,
                Step::Unsubscribe => {
                    if let Err(error) = self.bounded(self.backplane.unsubscribe(topic.into())).await
                    {
                        tracing::debug!(%error, "the backplane did not give up a topic");
                    }
                }
                Step::Subscribe => {
                    let outcome = self.bounded(self.backplane.subscribe(topic.into())).await;
                    if let Some(pausing) = self.attempted(topic, &outcome) {
                        let _ = tokio::time::timeout(pause, pausing.notified()).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }

    async fn bounded(&self, change: impl Future<Output = Confirmed>) -> Confirmed {
        tokio::time::timeout(self.timeout, change)
            .await
            .unwrap_or(Err(BackplaneError::TimedOut))
    }

    fn next_step(&self, topic: &OwnedTopic) -> Step {
        let mut topics = self.topics.lock();
        let Entry::Occupied(mut entry) = topics.entry(topic.clone()) else {
            return Step::Rest;
        };
        let subscription = entry.get_mut();
        subscription.pausing = None;
        match (subscription.is_wanted, subscription.is_confirmed) {
            (true, false) => Step::Subscribe,
            (false, true) => {
                // Whoever wants it from now on waits for a new one.
                subscription.is_confirmed = false;
                Step::Unsubscribe
            }
            (true, true) => {
                subscription.has_task = false;
                Step::Rest
            }
            (false, false) => {
                entry.remove();
                Step::Rest
            }
        }
    }

    /// Tells those who wait. After a failure, returns what ends the pause before the next attempt.
    fn attempted(&self, topic: &OwnedTopic, outcome: &Confirmed) -> Option<Arc<Notify>> {
        let mut topics = self.topics.lock();
        let subscription = topics.get_mut(topic)?;
        subscription.is_confirmed = outcome.is_ok();
        for waiting in std::mem::take(&mut subscription.waiting) {
            // Whoever waited may have given up.
            let _ = waiting.send(outcome.clone());
        }
        let error = outcome.as_ref().err()?;
        if !subscription.is_wanted {
            return None;
        }
        tracing::debug!(%error, "the backplane does not confirm a topic");
        let pausing = Arc::<Notify>::default();
        subscription.pausing = Some(Arc::clone(&pausing));
        Some(pausing)
    }
}

/// A [`Topic`] that can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum OwnedTopic {
    Group(Arc<str>),
    User(Arc<str>),
    Connection(Arc<str>),
}

impl From<Topic<'_>> for OwnedTopic {
    fn from(topic: Topic<'_>) -> Self {
        match topic {
            Topic::Group(name) => Self::Group(name.into()),
            Topic::User(id) => Self::User(id.into()),
            Topic::Connection(id) => Self::Connection(id.into()),
        }
    }
}

impl<'a> From<&'a OwnedTopic> for Topic<'a> {
    fn from(topic: &'a OwnedTopic) -> Self {
        match topic {
            OwnedTopic::Group(name) => Self::Group(name),
            OwnedTopic::User(id) => Self::User(id),
            OwnedTopic::Connection(id) => Self::Connection(id),
        }
    }
}
