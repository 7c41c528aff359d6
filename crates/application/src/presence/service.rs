use std::sync::Arc;

use hubbub_domain::ids::UserId;
use hubbub_domain::unit_of_work::Store;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, watch};

use super::local::{Departure, Local};
use super::status::Unsaid;
use super::store::PresenceStore;
use crate::ports::{Clock, EventBus, RateLimiter};

/// Keeps account of who is connected to this node, tells of it, and says who may watch whom. Connections are named by a string.
///
/// Something must call [`beat`](Self::beat) about once a second, and [`report`](Self::report) whenever
/// [`has_news`](Self::has_news) says so.
pub struct PresenceService {
    pub(super) database: Arc<dyn Store>,
    pub(super) store: Arc<dyn PresenceStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Arc<dyn EventBus>,
    pub(super) limits: Arc<dyn RateLimiter>,
    pub(super) local: Mutex<Local>,
    pub(super) unsaid: Mutex<Unsaid>,
    /// What is said of this node is said in order.
    pub(super) turn: Semaphore,
    pub(super) news: Notify,
    pub(super) knowledge: watch::Sender<Knowledge>,
}

/// Whether this node knows who is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Whether it can be asked.
    pub is_lost: bool,
    /// Whether absence says nothing at the moment.
    pub(super) is_settling: bool,
    /// Another number means that changes may have been missed: what is shown is to be read again.
    pub generation: u64,
}

impl PresenceService {
    /// How many people one connection may watch.
    pub const MAX_WATCHED: usize = 200;

    /// A service over the given ports. The node is not known to others before [`enter`](Self::enter).
    pub fn new(
        database: Arc<dyn Store>,
        store: Arc<dyn PresenceStore>,
        clock: Arc<dyn Clock>,
        events: Arc<dyn EventBus>,
        limits: Arc<dyn RateLimiter>,
    ) -> Self {
        Self {
            database,
            store,
            clock,
            events,
            limits,
            local: Mutex::default(),
            unsaid: Mutex::default(),
            turn: Semaphore::new(1),
            news: Notify::new(),
            knowledge: watch::Sender::default(),
        }
    }

    /// A connection of the user has opened.
    pub fn connected(&self, user: UserId, connection: &str) {
        let now = self.clock.now();
        self.local.lock().connect(user, connection, now);
        self.news.notify_one();
    }

    /// A connection has ended. It may have ended before.
    pub fn disconnected(&self, connection: &str, why: Departure) {
        self.local.lock().disconnect(connection, why);
        self.news.notify_one();
    }

    /// The user has signed out on a device whose connection may have ended before: there is nobody to wait for.
    pub fn signed_out(&self, user: UserId) {
        self.local.lock().sign_out(user);
        self.news.notify_one();
    }

    /// Somebody did something at a device, or, with `is_active` false, has left it.
    pub fn input(&self, connection: &str, is_active: bool) {
        let now = self.clock.now();
        if self.local.lock().input(connection, is_active, now) {
            self.news.notify_one();
        }
    }

    /// Waits until there is something to [`report`](Self::report).
    pub async fn has_news(&self) {
        self.news.notified().await;
    }

    /// Whether this node knows who is there, and when what it shows is to be read again.
    pub fn knowledge(&self) -> watch::Receiver<Knowledge> {
        self.knowledge.subscribe()
    }

    /// Changes may have been missed, because hints were lost: what is shown is to be read again.
    pub fn doubt(&self) {
        self.knowledge
            .send_modify(|knowledge| knowledge.generation += 1);
    }
}
