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

    /// Adds a connection, of this node or another, to a group. It has taken effect when this returns. An unknown connection and one that
    /// is a member already are nothing to worry about.
    ///
    /// # Errors
    /// The connection is not here and the other nodes could not be asked.
    pub async fn add(self, connection_id: &str, group: &str) -> Result<(), BackplaneError> {
        self.change(connection_id, group, true).await
    }

    /// Removes a connection, of this node or another, from a group. It has taken effect when this returns.
    ///
    /// # Errors
    /// The connection is not here and the other nodes could not be asked.
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
            timeout: self.core.options.backplane_timeout,
        };
        if LocalNode::new(Arc::clone(self.core)).apply(&change) {
            return Ok(());
        }
        match &self.core.backplane {
            Some(backplane) => backplane.change_group(change).await,
            None => Ok(()),
        }
    }
}
