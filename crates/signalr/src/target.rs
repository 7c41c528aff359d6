//! Selected connections, and what can be done with them.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use crate::backplane::{Destination, Envelope};
use crate::calls::CallNumber;
use crate::client_results::{self, InvokeError};
use crate::connection::Connection;
use crate::core::Core;
use crate::error::SendError;
use crate::outbox::Origin;
use crate::prepared::{Once, Outgoing, PreparedMessage};
use crate::protocol::{Arguments, HubProtocol};

/// Ids or names; few, as a rule.
pub(crate) type Names<'a> = SmallVec<[&'a str; 4]>;

/// Which connections a message is for.
pub(crate) enum Selection<'a> {
    AllExcept(Names<'a>),
    Caller(&'a Arc<Connection>),
    Connections(Names<'a>),
    GroupExcept(&'a str, Names<'a>),
    Groups(Names<'a>),
    Users(Names<'a>),
}

/// Selected connections, whose methods can be called.
#[must_use = "selecting receivers sends nothing"]
pub struct Target<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) selection: Selection<'a>,
    pub(crate) origin: Origin,
}

impl Target<'_> {
    /// Calls a method of the selected clients without waiting for an answer.
    ///
    /// The call is encoded once per protocol and queued: this never waits for a peer. A connection that is too slow to take what it is sent is
    /// closed, see [`OutboxLimits`](crate::OutboxLimits), and hinders nobody else. The method's name is sent as given: some clients
    /// compare it with regard to case.
    ///
    /// # Errors
    /// One of several [groups](crate::Clients::groups) has an empty name: then nobody receives anything. Or an argument cannot be serialised: then nobody
    /// receives anything whose protocol cannot carry it.
    /// With a [backplane](crate::backplane), also that it did not take the call for other nodes: see [`SendError::backplane`]. Nothing else is an error.
    pub fn send<A: Arguments>(&self, method: &str, arguments: A) -> Result<(), SendError> {
        self.deliver(&Once::new(method, &arguments))
    }

    /// Sends a prepared message.
    ///
    /// # Errors
    /// The same as those of [`send`](Self::send).
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), SendError> {
        self.deliver(message)
    }

    fn deliver(&self, message: &dyn Outgoing) -> Result<(), SendError> {
        if let Selection::Groups(names) = &self.selection
            && names.iter().any(|name| name.is_empty())
        {
            return Err(SendError::empty_group_name());
        }
        let mut delivery = Delivery {
            message,
            origin: self.origin,
            failure: None,
        };
        self.deliver_here(&mut delivery);
        if let Some(backplane) = &self.core.backplane
            && let Some((destination, excluded)) = self.elsewhere()
        {
            let protocols = self.core.options.protocols;
            let json = delivery.encode(protocols.json, HubProtocol::Json);
            let messagepack = delivery.encode(protocols.messagepack, HubProtocol::MessagePack);
            let published = backplane.publish(Envelope {
                destination,
                excluded,
                json,
                messagepack,
            });
            if let Err(error) = published {
                delivery
                    .failure
                    .get_or_insert_with(|| SendError::unpublished(error));
            }
        }
        delivery.failure.map_or(Ok(()), Err)
    }

    /// Delivers to the connections of this node.
    fn deliver_here(&self, delivery: &mut Delivery<'_>) {
        match &self.selection {
            Selection::Caller(connection) => delivery.to(connection),
            Selection::AllExcept(excluded) => self.core.open.for_each(|connection| {
                if !excluded.contains(&connection.id.as_str()) {
                    delivery.to(connection);
                }
            }),
            Selection::Connections(ids) => {
                ids.iter()
                    .filter_map(|id| self.core.open.find(id))
                    .for_each(|connection| delivery.to(&connection));
            }
            Selection::GroupExcept(name, excluded) => {
                for connection in self.core.groups.members(name).iter() {
                    if !excluded.contains(&connection.id.as_str()) {
                        delivery.to(connection);
                    }
                }
            }
            Selection::Groups(names) => {
                for name in names {
                    let members = self.core.groups.members(name);
                    members.iter().for_each(|member| delivery.to(member));
                }
            }
            Selection::Users(ids) => {
                for id in ids {
                    self.core
                        .users
                        .members(id)
                        .iter()
                        .for_each(|connection| delivery.to(connection));
                }
            }
        }
    }

    /// Whom other nodes may have. A connection of this node is never looked for elsewhere.
    fn elsewhere(&self) -> Option<(Destination, Vec<String>)> {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        Some(match &self.selection {
            Selection::Caller(_) => return None,
            Selection::AllExcept(excluded) => (Destination::All, owned(excluded)),
            Selection::Connections(ids) => {
                let missing = ids.iter().filter(|id| self.core.open.find(id).is_none());
                let missing: Vec<_> = missing.map(|&id| id.to_owned()).collect();
                if missing.is_empty() {
                    return None;
                }
                (Destination::Connections(missing), Vec::new())
            }
            Selection::GroupExcept(name, excluded) => {
                (Destination::Groups(owned(&[name])), owned(excluded))
            }
            Selection::Groups(names) => (Destination::Groups(owned(names)), Vec::new()),
            Selection::Users(ids) => (Destination::Users(owned(ids)), Vec::new()),
        })
    }
}

/// One selected connection: its methods can be called, and their results awaited.
#[must_use = "selecting a receiver sends nothing"]
pub struct SingleTarget<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) call: Option<Call<'a>>,
}

/// The invocation in which a client is asked for a result.
pub(crate) struct Call<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    pub(crate) number: Option<CallNumber>,
    pub(crate) is_connecting: bool,
}

impl<'a> std::ops::Deref for SingleTarget<'a> {
    type Target = Target<'a>;

    fn deref(&self) -> &Target<'a> {
        &self.target
    }
}

impl SingleTarget<'_> {
    /// Calls a method of the client and waits for its result. Stop waiting by dropping the future, for example with a timeout.
    ///
    /// While a hub method waits here, the next invocation of its caller may start: the answer could not be read otherwise.
    ///
    /// # Errors
    /// The client answered with an error or a result of another type, is not connected, or disconnected meanwhile.
    ///
    /// SignalR Hub Protocol: *Invocations*.
    pub async fn invoke<R: DeserializeOwned>(
        &self,
        method: &str,
        arguments: impl Arguments + Send,
    ) -> Result<R, InvokeError> {
        if let Some(call) = &self.call {
            if call.is_connecting {
                return Err(InvokeError::NotAllowed);
            }
            if let Some(number) = call.number {
                call.connection.calls.release_slot(number);
                call.connection.wake();
            }
        }
        let id = match &self.target.selection {
            Selection::Caller(connection) => connection.id.as_str(),
            Selection::Connections(ids) => ids.first().copied().unwrap_or_default(),
            _ => unreachable!("a single target selects one connection"),
        };
        let core = self.target.core;
        let answer = if let Some(connection) = core.open.find(id) {
            client_results::ask(&connection, method, &arguments)?
                .answer()
                .await?
        } else {
            let call = client_results::remote_call(core, id, method, &arguments)?;
            client_results::ask_elsewhere(core, call).await?
        };
        answer.read()
    }
}

/// One message on its way to many connections.
struct Delivery<'a> {
    message: &'a dyn Outgoing,
    origin: Origin,
    failure: Option<SendError>,
}

impl Delivery<'_> {
    fn encode(&mut self, is_enabled: bool, protocol: HubProtocol) -> Option<Bytes> {
        match is_enabled.then(|| self.message.frame(protocol))? {
            Ok(frame) => Some(frame.bytes),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    fn to(&mut self, connection: &Arc<Connection>) {
        let Some(protocol) = connection.protocol() else {
            return;
        };
        match self.message.frame(protocol) {
            Ok(frame) => connection.push(frame, self.origin),
            Err(error) => self.failure = Some(error),
        }
    }
}

/// Sends to one connection.
pub(crate) fn send_to(
    connection: &Arc<Connection>,
    message: &dyn Outgoing,
    origin: Origin,
) -> Result<(), SendError> {
    let mut delivery = Delivery {
        message,
        origin,
        failure: None,
    };
    delivery.to(connection);
    delivery.failure.map_or(Ok(()), Err)
}
