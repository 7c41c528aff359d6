//! What all connections of a hub share, whatever the hub's state type.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backplane::{BackplaneError, ErasedBackplane, LocalNode, Subscriptions, Topic};
use crate::client_results::ClientResults;
use crate::clock::Clock;
use crate::connection::Connection;
use crate::observer::HubObserver;
use crate::options::{HubOptions, TransportKind};
use crate::registry::{ConnectionTable, MemberTable};

pub(crate) struct Core {
    pub(crate) options: HubOptions,
    pub(crate) clock: Clock,
    /// Every connection by its token, from negotiation on.
    pub(crate) by_token: ConnectionTable,
    /// How many of them are not gone yet.
    live: AtomicUsize,
    /// Connections that completed their handshake, by id.
    pub(crate) open: ConnectionTable,
    pub(crate) groups: MemberTable,
    pub(crate) users: MemberTable,
    pub(crate) client_results: ClientResults,
    pub(crate) backplane: Option<Arc<dyn ErasedBackplane>>,
    /// What the backplane is asked to bring here.
    subscriptions: Option<Arc<Subscriptions>>,
    pub(crate) observer: Option<Box<dyn HubObserver>>,
    /// Connections and hub methods.
    pub(crate) tasks: TaskTracker,
    heartbeat: TaskTracker,
    draining: AtomicBool,
    beating: AtomicBool,
    stopped: CancellationToken,
}

impl Core {
    pub(crate) fn new(
        options: HubOptions,
        backplane: Option<Arc<dyn ErasedBackplane>>,
        observer: Option<Box<dyn HubObserver>>,
    ) -> Arc<Self> {
        let stopped = CancellationToken::new();
        let subscriptions = backplane.as_ref().map(|backplane| {
            let timeout = options.backplane_timeout;
            Subscriptions::new(Arc::clone(backplane), timeout, stopped.clone())
        });
        let core = Arc::new(Self {
            options,
            clock: Clock::default(),
            by_token: ConnectionTable::default(),
            live: AtomicUsize::new(0),
            open: ConnectionTable::default(),
            groups: MemberTable::default(),
            users: MemberTable::default(),
            client_results: ClientResults::default(),
            backplane,
            subscriptions,
            observer,
            tasks: TaskTracker::new(),
            heartbeat: TaskTracker::new(),
            draining: AtomicBool::new(false),
            beating: AtomicBool::new(false),
            stopped,
        });
        if let Some(backplane) = &core.backplane {
            backplane.attach(LocalNode::new(Arc::clone(&core)));
        }
        core
    }

    /// Notes that this node has its first connection of a topic, or has lost its last one.
    pub(crate) fn set_interest(&self, topic: Topic<'_>, is_interested: bool) {
        if let Some(subscriptions) = &self.subscriptions {
            subscriptions.want(topic, is_interested);
        }
    }

    /// Waits until what other nodes send to a topic reaches this node.
    pub(crate) async fn hears(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        match &self.subscriptions {
            Some(subscriptions) => subscriptions.confirmed(topic).await,
            None => Ok(()),
        }
    }

    /// Waits until other nodes reach a new connection, but not for long: its own node serves it in any case.
    pub(crate) async fn reachable(&self, connection: &Connection) {
        let user_id = connection.user_id();
        let reached = async {
            if let Some(user_id) = &user_id {
                self.hears(Topic::User(user_id)).await?;
            }
            self.hears(Topic::Connection(&connection.id)).await
        };
        let outcome = tokio::time::timeout(self.options.backplane_open_timeout, reached).await;
        if let Err(error) = outcome.unwrap_or(Err(BackplaneError::TimedOut)) {
            tracing::debug!(connection.id = %connection.id, %error, "other nodes do not reach the connection yet");
        }
    }

    /// Starts the heartbeat with the first request. It stops when the hub is gone.
    pub(crate) fn ensure_heartbeat(self: &Arc<Self>) {
        if !self.beating.swap(true, Ordering::Relaxed) {
            self.clock.advance();
            let core = Arc::downgrade(self);
            self.heartbeat
                .spawn(crate::heartbeat::run(core, self.stopped.clone()));
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Makes a connection known by its token unless one is; returns the one that is known now.
    pub(crate) fn track(&self, connection: Arc<Connection>) -> Arc<Connection> {
        self.by_token
            .get_or_insert(connection.token, connection, || {
                self.live.fetch_add(1, Ordering::Relaxed);
            })
    }

    /// A connection that was tracked is gone, though it may still be remembered.
    pub(crate) fn uncount(&self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many connections there are, negotiated ones included.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Makes a connection known to senders; its handshake is complete.
    pub(crate) fn open(&self, connection: &Arc<Connection>) {
        if let Some(user_id) = &connection.user_id() {
            self.users.insert(user_id, connection, || {
                self.set_interest(Topic::User(user_id), true);
            });
        }
        self.open.insert(connection.id, Arc::clone(connection));
        self.set_interest(Topic::Connection(&connection.id), true);
    }

    /// Forgets a connection. The last words to a long polling client wait until it fetches them.
    pub(crate) fn close(&self, connection: &Arc<Connection>) {
        // A stateless token that is still fresh must not open a second connection.
        let is_kept = connection.transport() == Some(TransportKind::LongPolling)
            || self.options.stateless_negotiation.is_some();
        if !is_kept {
            self.by_token.remove(&connection.token);
        }
        self.open.remove(&connection.id);
        self.set_interest(Topic::Connection(&connection.id), false);
        if let Some(user_id) = &connection.user_id() {
            self.users.remove(user_id, connection, || {
                self.set_interest(Topic::User(user_id), false);
            });
        }
        connection.leave_all_groups();
        connection.report_end();
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.stopped.cancel();
    }
}
