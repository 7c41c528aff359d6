//! Membership in groups.

use std::sync::Arc;

use crate::backplane::{BackplaneError, GroupChange, LocalNode};
use crate::core::Core;

/// Adds connections to groups and removes them.
///
/// A group exists as long as it has members; names are case-sensitive. A connection leaves its groups when it ends, and a client
/// that comes back is a new connection.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    core: &'a Arc<Core>,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(core: &'a Arc<Core>) -> Self {
        Self { core }
    }

    /// Adds a connection, of this node or another, to a group. When this returns the connection is reached by whoever sends to the group, on
    /// whatever node. An unknown connection and one that is a member already are nothing to worry about.
    ///
    /// # Errors
    /// Never without a [backplane](crate::backplane). With one: it did not confirm within
    /// [`HubOptions::backplane_timeout`](crate::HubOptions::backplane_timeout) that the connection's node hears the group. A connection that
    /// was no member before is none then.
    pub async fn add(self, connection_id: &str, group: &str) -> Result<(), BackplaneError> {
        self.change(connection_id, group, true).await
    }

    /// Removes a connection, of this node or another, from a group. It has taken effect when this returns.
    ///
    /// # Errors
    /// The connection is not here, and the other nodes could not be asked within
    /// [`HubOptions::backplane_timeout`](crate::HubOptions::backplane_timeout).
    pub async fn remove(self, connection_id: &str, group: &str) -> Result<(), BackplaneError> {
        self.change(connection_id, group, false).await
    }

    async fn change(
        self,
        connection_id: &str,
        group: &str,
        joins: bool,
    ) -> Result<(), BackplaneError> {
        let change = GroupChange {
            connection_id: connection_id.to_owned(),
            group: group.to_owned(),
            joins,
        };
        if let Some(applied) = LocalNode::new(Arc::clone(self.core)).apply(&change) {
            return applied.await;
        }
        let Some(backplane) = &self.core.backplane else {
            return Ok(());
        };
        let patience = self.core.options.backplane_timeout;
        tokio::time::timeout(patience, backplane.change_group(change))
            .await
            .unwrap_or(Err(BackplaneError::TimedOut))
    }
}
