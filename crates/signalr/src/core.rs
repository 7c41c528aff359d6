//! What all connections of a hub share, whatever the hub's state type.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backplane::{Backplane, LocalNode, Topic};
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
    /// Connections that completed their handshake, by id.
    pub(crate) open: ConnectionTable,
    pub(crate) groups: MemberTable,
    pub(crate) users: MemberTable,
    pub(crate) client_results: ClientResults,
    pub(crate) backplane: Option<Box<dyn Backplane>>,
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
        backplane: Option<Box<dyn Backplane>>,
        observer: Option<Box<dyn HubObserver>>,
    ) -> Arc<Self> {
        let core = Arc::new(Self {
            options,
            clock: Clock::default(),
            by_token: ConnectionTable::default(),
            open: ConnectionTable::default(),
            groups: MemberTable::default(),
            users: MemberTable::default(),
            client_results: ClientResults::default(),
            backplane,
            observer,
            tasks: TaskTracker::new(),
            heartbeat: TaskTracker::new(),
            draining: AtomicBool::new(false),
            beating: AtomicBool::new(false),
            stopped: CancellationToken::new(),
        });
        if let Some(backplane) = &core.backplane {
            backplane.attach(LocalNode::new(Arc::clone(&core)));
        }
        core
    }

    /// Tells the backplane what this node is interested in.
    pub(crate) fn set_interest(&self, topic: Topic<'_>, is_interested: bool) {
        if let Some(backplane) = &self.backplane {
            backplane.set_interest(topic, is_interested);
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

    /// Makes a connection known by its token.
    pub(crate) fn track(&self, connection: &Arc<Connection>) {
        self.by_token
            .insert(connection.token, Arc::clone(connection));
    }

    /// Makes a connection known by its token unless one is; returns the one that is known now.
    pub(crate) fn track_new(&self, connection: Arc<Connection>) -> Arc<Connection> {
        self.by_token.get_or_insert(connection.token, connection)
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
