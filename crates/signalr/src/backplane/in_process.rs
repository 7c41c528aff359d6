//! Hubs of one process as nodes of one hub.

use std::sync::Arc;

use parking_lot::RwLock;

use super::{
    Backplane, BackplaneError, ClientAnswer, Envelope, GroupChange, LocalNode, RemoteCall, Topic,
    WeakLocalNode,
};

/// Joins hubs of one process: give each a clone of the same backplane.
///
/// It loses nothing and is immediate. Useful for tests, and for a program that serves the same hub in several runtimes.
pub struct InProcessBackplane {
    bus: Arc<RwLock<Vec<WeakLocalNode>>>,
    /// This node's place on the bus.
    place: std::sync::OnceLock<usize>,
}

impl InProcessBackplane {
    /// A bus without nodes.
    pub fn new() -> Self {
        Self {
            bus: Arc::default(),
            place: std::sync::OnceLock::new(),
        }
    }

    /// The nodes but this one.
    fn others(&self) -> Vec<LocalNode> {
        let own = self.place.get().copied();
        let bus = self.bus.read();
        bus.iter()
            .enumerate()
            .filter(|(place, _)| Some(*place) != own)
            .filter_map(|(_, node)| node.upgrade())
            .collect()
    }
}

impl Default for InProcessBackplane {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for InProcessBackplane {
    /// Another node's access to the same bus.
    fn clone(&self) -> Self {
        Self {
            bus: Arc::clone(&self.bus),
            place: std::sync::OnceLock::new(),
        }
    }
}

impl std::fmt::Debug for InProcessBackplane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcessBackplane")
            .field("nodes", &self.bus.read().len())
            .finish_non_exhaustive()
    }
}

impl Backplane for InProcessBackplane {
    fn attach(&self, node: LocalNode) {
        let mut bus = self.bus.write();
        let place = bus.len();
        assert!(
            self.place.set(place).is_ok(),
            "a backplane belongs to one hub: give each hub its own clone"
        );
        bus.push(node.downgrade());
    }

    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError> {
        self.others()
            .iter()
            .for_each(|node| node.deliver(&envelope));
        Ok(())
    }

    /// Every node is given everything, and looks for itself whether it has receivers.
    async fn subscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
        Ok(())
    }

    async fn unsubscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
        Ok(())
    }

    async fn change_group(&self, change: GroupChange) -> Result<(), BackplaneError> {
        let applied = self.others().iter().find_map(|node| node.apply(&change));
        match applied {
            Some(applied) => applied.await,
            None => Ok(()),
        }
    }

    async fn invoke(&self, call: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
        let answer = self.others().iter().find_map(|node| node.invoke(&call));
        match answer {
            Some(answer) => answer.await,
            None => Err(BackplaneError::UnknownConnection(call.connection_id)),
        }
    }
}
