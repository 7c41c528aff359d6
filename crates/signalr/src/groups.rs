//! Membership in groups.

use std::sync::Arc;

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

    /// Adds a connection of this process to a group; does nothing if there is no such connection or it is a member.
    pub fn add(self, connection_id: &str, group: &str) {
        if let Some(connection) = self.core.open.find(connection_id) {
            connection.join_group(group);
        }
    }

    /// Removes a connection of this process from a group; does nothing if it is not a member.
    pub fn remove(self, connection_id: &str, group: &str) {
        if let Some(connection) = self.core.open.find(connection_id) {
            connection.leave_group(group);
        }
    }
}
