//! A hub from outside of its methods.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::clients::Clients;
use crate::core::Core;
use crate::error::CloseReason;
use crate::groups::Groups;
use crate::handle::ConnectionHandle;
use crate::outbox::Origin;

/// A handle for sending, grouping and closing from anywhere. Cheap to clone.
#[derive(Clone)]
pub struct HubContext {
    core: Arc<Core>,
}

impl HubContext {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Whom one can send to.
    pub fn clients(&self) -> Clients<'_> {
        Clients::new(&self.core)
    }

    /// Membership in groups.
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(&self.core)
    }

    /// An open connection of this process.
    pub fn connection(&self, connection_id: &str) -> Option<ConnectionHandle> {
        self.core
            .open
            .find(connection_id)
            .map(|connection| ConnectionHandle::new(connection, Origin::Anyone))
    }

    /// The open connections of a user in this process.
    pub fn connections_of_user(&self, user_id: &str) -> Vec<ConnectionHandle> {
        let members = self.core.users.members(user_id);
        members
            .iter()
            .map(|connection| ConnectionHandle::new(Arc::clone(connection), Origin::Anyone))
            .collect()
    }

    /// Calls `visit` for every open connection of this process.
    pub fn for_each_connection(&self, mut visit: impl FnMut(ConnectionHandle)) {
        self.core.open.for_each(|connection| {
            visit(ConnectionHandle::new(
                Arc::clone(connection),
                Origin::Anyone,
            ));
        });
    }

    /// How many connections of this process are open.
    pub fn connection_count(&self) -> usize {
        self.core.open.len()
    }

    /// Stops the hub gently: new connections are refused with 503, and the clients are told to reconnect, evenly spread over
    /// `window`, so that the nodes that take them over are not overrun. Returns when every connection and every running hub method has
    /// ended; bound it with a timeout if you must.
    pub async fn drain(&self, window: Duration) {
        self.core.start_draining();
        let mut connections = Vec::new();
        self.core
            .by_token
            .for_each(|connection| connections.push(Arc::clone(connection)));
        let share = window / u32::try_from(connections.len().max(1)).unwrap_or(u32::MAX);
        let start = Instant::now();
        for (index, connection) in (0u32..).zip(connections) {
            if connection.give_up() {
                continue;
            }
            tokio::time::sleep_until(start + share * index).await;
            ConnectionHandle::new(connection, Origin::Anyone)
                .close(CloseReason::normal().allow_reconnect(true));
        }
        self.core.tasks.close();
        self.core.tasks.wait().await;
    }
}

impl std::fmt::Debug for HubContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubContext")
            .field("connections", &self.connection_count())
            .finish_non_exhaustive()
    }
}
