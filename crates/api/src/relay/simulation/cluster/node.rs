//! A node: the real relay and its detectors, between a database that takes its time and the simulated bus.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use hubbub_application::chat::ChatError;
use hubbub_application::chat::dto::Heads;
use hubbub_application::events::{ConversationEvent, Digest, Event, UserEvent};
use hubbub_application::ports::{BusHealth, EventBus};
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, LogHeads};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dice::Dice;
use super::{Defect, Weather};
use crate::relay::simulation::database::Database;
use crate::relay::simulation::wires::Wires;
use crate::relay::source::{Reading, Source};
use crate::relay::{Committed, Relay, Surroundings};

/// What all nodes share.
pub(super) struct World {
    pub(super) database: Mutex<Database>,
    pub(super) is_database_away: Mutex<bool>,
    pub(super) nodes: Mutex<Vec<Arc<Node>>>,
    pub(super) dice: Mutex<Dice>,
    pub(super) weather: Weather,
    pub(super) defect: Defect,
    pub(super) tasks: TaskTracker,
}

/// One life of a node.
pub(super) struct Node {
    pub(super) relay: Relay<usize>,
    pub(super) wires: Arc<Wires>,
    pub(super) committed: Arc<Committed>,
    pub(super) is_frozen: Arc<watch::Sender<bool>>,
    /// How many of a hundred hints to or from this node get lost.
    pub(super) loss: Mutex<usize>,
    pub(super) health: watch::Sender<BusHealth>,
    pub(super) interruptions: watch::Sender<u64>,
    pub(super) stopping: CancellationToken,
}

impl Node {
    pub(super) fn start(world: &Arc<World>) -> Arc<Self> {
        let is_frozen = Arc::new(watch::Sender::new(false));
        let wires = Arc::new(Wires::default());
        let source = NodeSource {
            world: world.clone(),
            is_frozen: is_frozen.clone(),
        };
        let bus = Arc::new(NodeBus {
            world: world.clone(),
            own: OnceLock::new(),
        });
        let node = Arc::new(Self {
            relay: Relay::new(Arc::new(source), wires.clone(), world.tasks.clone()),
            wires,
            committed: Arc::new(Committed::new(bus.clone())),
            is_frozen,
            loss: Mutex::new(0),
            health: watch::Sender::new(BusHealth::Healthy),
            interruptions: watch::Sender::new(0),
            stopping: CancellationToken::new(),
        });
        let _ = bus.own.set(Arc::downgrade(&node));
        let watching = node.relay.clone().watch(Surroundings {
            committed: node.committed.clone(),
            health: node.health.subscribe(),
            interruptions: node.interruptions.subscribe(),
            stopping: node.stopping.clone(),
        });
        let frozen = node.is_frozen.subscribe();
        world.tasks.spawn(unless_frozen(frozen, watching));
        node
    }

    pub(super) fn is_dead(&self) -> bool {
        self.stopping.is_cancelled()
    }

    pub(super) fn is_frozen(&self) -> bool {
        *self.is_frozen.borrow()
    }

    pub(super) fn crash(&self) {
        self.wires.is_cut.store(true, Ordering::Relaxed);
        self.stopping.cancel();
        self.is_frozen.send_replace(false);
    }

    /// A hint arrives. What comes to a node that stands still waits there.
    async fn receive(&self, event: Event) {
        thawed(&self.is_frozen).await;
        if !self.is_dead() {
            self.relay.receive(event);
        }
    }
}

/// A node's way to the others. What it says, it hears itself at once.
struct NodeBus {
    world: Arc<World>,
    own: OnceLock<Weak<Node>>,
}

impl EventBus for NodeBus {
    fn publish(&self, event: Event) {
        let Some(own) = self.own.get().and_then(Weak::upgrade) else {
            return;
        };
        let is_digest = matches!(event, Event::Digest(_));
        if is_digest && self.world.defect == Defect::NoDigest {
            return;
        }
        own.relay.receive(event.clone());
        let others = self.world.nodes.lock().clone();
        for other in others {
            if Arc::ptr_eq(&own, &other) || other.is_dead() {
                continue;
            }
            let mut dice = self.world.dice.lock();
            let loss = (*own.loss.lock()).max(*other.loss.lock());
            let may_be_lost = !is_digest || self.world.weather == Weather::Foul;
            let copies = match dice.below(100) {
                thrown if may_be_lost && thrown < loss => 0,
                thrown if thrown >= 90 => 2,
                _ => 1,
            };
            for _ in 0..copies {
                let delay = dice.millis(0, 200);
                let (other, event) = (other.clone(), event.clone());
                self.world.tasks.spawn(async move {
                    tokio::time::sleep(delay).await;
                    other.receive(event).await;
                });
            }
        }
    }
}

/// What a node reads: as of some moment while it asks, and later than that when it stands still.
struct NodeSource {
    world: Arc<World>,
    is_frozen: Arc<watch::Sender<bool>>,
}

impl NodeSource {
    fn delay(&self) -> Duration {
        self.world.dice.lock().millis(0, 20)
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Database) -> T + Send + 'a,
    ) -> Reading<'a, T> {
        Box::pin(async move {
            tokio::time::sleep(self.delay()).await;
            let answer = if *self.world.is_database_away.lock() {
                Err(away())
            } else {
                Ok(read(&self.world.database.lock()))
            };
            tokio::time::sleep(self.delay()).await;
            thawed(&self.is_frozen).await;
            answer
        })
    }
}

fn away() -> ChatError {
    RepositoryError::new(RepositoryErrorKind::Unavailable, "away").into()
}

impl Source for NodeSource {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        self.read(move |database| database.heads(user))
    }

    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        _: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        self.read(move |database| database.steps_after(id, rev))
    }

    fn user_steps_after(&self, user: UserId, rev: UserRev, _: i64) -> Reading<'_, Vec<UserEvent>> {
        self.read(move |database| database.user_steps_after(user, rev))
    }

    fn changed_since(&self, cursor: Option<ChangeCursor>, _: i64) -> Reading<'_, ChangedSince> {
        let is_swept = self.world.defect != Defect::NoSweep;
        self.read(move |database| {
            let changed = database.changed_since(cursor);
            if is_swept {
                return changed;
            }
            ChangedSince {
                heads: LogHeads::default(),
                ..changed
            }
        })
    }

    fn stand_at<'a>(
        &'a self,
        conversations: &'a [ConversationId],
        users: &'a [UserId],
    ) -> Reading<'a, Digest> {
        self.read(move |database| database.stand_at(conversations, users))
    }
}

async fn thawed(is_frozen: &watch::Sender<bool>) {
    let mut is_frozen = is_frozen.subscribe();
    let waited = is_frozen.wait_for(|is_frozen| !is_frozen).await;
    waited.expect("the sender is here");
}

/// Lets a task run only while its node does.
async fn unless_frozen(mut is_frozen: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    let mut task = std::pin::pin!(task);
    loop {
        if is_frozen.wait_for(|is_frozen| !is_frozen).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            frozen = is_frozen.wait_for(|is_frozen| *is_frozen) => if frozen.is_err() { return },
            () = &mut task => return,
        }
    }
}
