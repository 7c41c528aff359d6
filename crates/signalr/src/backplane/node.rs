//! A node as its backplane sees it.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::{
    BackplaneError, BackplaneFuture, ClientAnswer, Destination, Envelope, GroupChange, RemoteCall,
};
use crate::client_results::{self, InvokeError};
use crate::connection::Connection;
use crate::core::Core;
use crate::outbox::{Frame, Origin};
use crate::protocol::HubProtocol;

/// The connections of this process, for what comes from other nodes.
#[derive(Clone)]
pub struct LocalNode {
    core: Arc<Core>,
}

/// A [`LocalNode`] that does not keep its hub alive.
#[derive(Clone)]
pub struct WeakLocalNode {
    core: Weak<Core>,
}

impl WeakLocalNode {
    /// The node, unless its hub is gone.
    pub fn upgrade(&self) -> Option<LocalNode> {
        self.core.upgrade().map(|core| LocalNode { core })
    }
}

impl LocalNode {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// What a backplane should keep, since the hub keeps the backplane.
    pub fn downgrade(&self) -> WeakLocalNode {
        WeakLocalNode {
            core: Arc::downgrade(&self.core),
        }
    }

    /// Delivers a message of another node to the connections of this one.
    pub fn deliver(&self, envelope: &Envelope) {
        let delivery = Delivery { envelope };
        match &envelope.destination {
            Destination::All => self
                .core
                .open
                .for_each(|connection| delivery.to(connection)),
            Destination::Connections(ids) => {
                ids.iter()
                    .filter_map(|id| self.core.open.find(id))
                    .for_each(|connection| delivery.to(&connection));
            }
            Destination::Users(ids) => {
                for id in ids {
                    self.core
                        .users
                        .members(id)
                        .iter()
                        .for_each(|connection| delivery.to(connection));
                }
            }
            Destination::Groups(names) => {
                for name in names {
                    let members = self.core.groups.members(name);
                    members.iter().for_each(|member| delivery.to(member));
                }
            }
        }
    }

    /// Applies a change of another node; `None` if the connection is not here. The future is over when the change has taken effect, subscription
    /// included, or has failed and was taken back.
    pub fn apply(
        &self,
        change: &GroupChange,
    ) -> Option<BackplaneFuture<Result<(), BackplaneError>>> {
        let connection = self.core.open.find(&change.connection_id)?;
        if change.joins {
            let group = change.group.clone();
            return Some(Box::pin(connection.join_group_everywhere(group)));
        }
        // Whether a member is reached is decided here: nobody else need know.
        connection.leave_group(&change.group);
        Some(Box::pin(std::future::ready(Ok(()))))
    }

    /// Calls a connection of this node for another one; `None` if the connection is not here.
    pub fn invoke(
        &self,
        call: &RemoteCall,
    ) -> Option<BackplaneFuture<Result<ClientAnswer, BackplaneError>>> {
        let connection = self.core.open.find(&call.connection_id)?;
        let asked = client_results::ask(&connection, &call.method, call);
        Some(Box::pin(async move {
            let answered = async { asked?.answer().await };
            answered.await.map_err(|error| match error {
                InvokeError::NotFound(id) => BackplaneError::UnknownConnection(id),
                InvokeError::Disconnected(id) => BackplaneError::Disconnected(id),
                other => BackplaneError::Unavailable(other.to_string()),
            })
        }))
    }
}

impl std::fmt::Debug for LocalNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalNode").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for WeakLocalNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeakLocalNode").finish_non_exhaustive()
    }
}

struct Delivery<'a> {
    envelope: &'a Envelope,
}

impl Delivery<'_> {
    fn to(&self, connection: &Arc<Connection>) {
        if self
            .envelope
            .excluded
            .iter()
            .any(|id| **id == *connection.id)
        {
            return;
        }
        let bytes: &Option<Bytes> = match connection.protocol() {
            Some(HubProtocol::Json) => &self.envelope.json,
            Some(HubProtocol::MessagePack) => &self.envelope.messagepack,
            None => return,
        };
        if let Some(bytes) = bytes {
            connection.push(Frame::sequenced(bytes.clone()), Origin::Anyone);
        }
    }
}
