//! A backplane of the kind that a message broker makes: subscriptions by topic, a queue towards each node, answers as messages.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::backplane::subscriptions::OwnedTopic;
use crate::backplane::{
    Backplane, BackplaneError, ClientAnswer, Destination, Envelope, GroupChange, LocalNode,
    RemoteCall, Topic, WeakLocalNode,
};

/// Messages beyond this many are refused, and their senders told.
const QUEUE: usize = 1024;

#[derive(Clone, Default)]
pub(super) struct Broker {
    nodes: Arc<Mutex<Vec<Attached>>>,
}

struct Attached {
    topics: HashSet<OwnedTopic>,
    queue: mpsc::Sender<Message>,
}

enum Message {
    Envelope(Envelope),
    Change(GroupChange, oneshot::Sender<Result<(), BackplaneError>>),
    Call(
        RemoteCall,
        oneshot::Sender<Result<ClientAnswer, BackplaneError>>,
    ),
}

pub(super) struct BrokerBackplane {
    broker: Broker,
    place: OnceLock<usize>,
    tasks: TaskTracker,
}

impl Broker {
    pub(super) fn node(&self) -> BrokerBackplane {
        BrokerBackplane {
            broker: self.clone(),
            place: OnceLock::new(),
            tasks: TaskTracker::new(),
        }
    }
}

impl Attached {
    fn wants(&self, destination: &Destination) -> bool {
        let any = |names: &[String], topic: fn(&str) -> Topic<'_>| {
            names
                .iter()
                .any(|name| self.topics.contains(&OwnedTopic::from(topic(name))))
        };
        match destination {
            Destination::All => true,
            Destination::Groups(names) => any(names, |name| Topic::Group(name)),
            Destination::Users(ids) => any(ids, |id| Topic::User(id)),
            Destination::Connections(ids) => any(ids, |id| Topic::Connection(id)),
        }
    }
}

impl BrokerBackplane {
    fn change_topics(&self, change: impl FnOnce(&mut HashSet<OwnedTopic>)) {
        let place = *self.place.get().expect("the node is attached");
        change(&mut self.broker.nodes.lock()[place].topics);
    }

    /// The queue of the node that has a connection.
    fn owner(&self, connection_id: &str) -> Option<mpsc::Sender<Message>> {
        let topic = OwnedTopic::from(Topic::Connection(connection_id));
        let nodes = self.broker.nodes.lock();
        let owner = nodes.iter().find(|node| node.topics.contains(&topic))?;
        Some(owner.queue.clone())
    }
}

fn lost<E>(_: E) -> BackplaneError {
    BackplaneError::Unavailable("the other node is gone".to_owned())
}

async fn work_off(mut queue: mpsc::Receiver<Message>, node: WeakLocalNode, answers: TaskTracker) {
    while let Some(message) = queue.recv().await {
        let Some(node) = node.upgrade() else { return };
        match message {
            Message::Envelope(envelope) => node.deliver(&envelope),
            // Waiting for either here would hold up everything behind it.
            Message::Change(change, answer) => {
                answers.spawn(async move {
                    if let Some(applied) = node.apply(&change) {
                        let _ = answer.send(applied.await);
                    }
                });
            }
            Message::Call(call, answer) => {
                answers.spawn(async move {
                    let answered = match node.invoke(&call) {
                        Some(answered) => answered.await,
                        None => Err(BackplaneError::UnknownConnection(call.connection_id)),
                    };
                    let _ = answer.send(answered);
                });
            }
        }
    }
}

impl Backplane for BrokerBackplane {
    fn attach(&self, node: LocalNode) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let mut nodes = self.broker.nodes.lock();
        self.place.set(nodes.len()).expect("attached once");
        nodes.push(Attached {
            topics: HashSet::new(),
            queue,
        });
        self.tasks
            .spawn(work_off(messages, node.downgrade(), self.tasks.clone()));
    }

    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError> {
        let nodes = self.broker.nodes.lock();
        for (place, node) in nodes.iter().enumerate() {
            if Some(&place) != self.place.get() && node.wants(&envelope.destination) {
                let message = Message::Envelope(envelope.clone());
                node.queue.try_send(message).map_err(lost)?;
            }
        }
        Ok(())
    }

    async fn subscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        tokio::task::yield_now().await;
        self.change_topics(|topics| assert!(topics.insert(topic.into()), "{topic:?} twice"));
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn unsubscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        tokio::task::yield_now().await;
        self.change_topics(|topics| assert!(topics.remove(&topic.into()), "{topic:?} never"));
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn change_group(&self, change: GroupChange) -> Result<(), BackplaneError> {
        let Some(owner) = self.owner(&change.connection_id) else {
            return Ok(());
        };
        let (answer, answered) = oneshot::channel();
        let message = Message::Change(change, answer);
        owner.send(message).await.map_err(lost)?;
        answered.await.map_err(lost)?
    }

    async fn invoke(&self, call: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
        let Some(owner) = self.owner(&call.connection_id) else {
            return Err(BackplaneError::UnknownConnection(call.connection_id));
        };
        let (answer, answered) = oneshot::channel();
        let message = Message::Call(call, answer);
        owner.send(message).await.map_err(lost)?;
        answered.await.map_err(lost)?
    }
}
