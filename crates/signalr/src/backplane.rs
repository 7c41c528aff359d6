//! Several nodes as one hub.
//!
//! A hub keeps its own connections and writes to them directly. What is meant for connections of other nodes goes through a [`Backplane`]:
//! sends to everybody, groups, users and single connections, changes of group membership, and calls whose result somebody waits for.
//! [`InProcessBackplane`] joins hubs of one process.
//!
//! # What is acknowledged
//!
//! | when this returns | this has happened |
//! |---|---|
//! | [`Groups::add`](crate::Groups::add) of a connection of this node | the connection is a member, and the backplane has confirmed that it hears the group |
//! | [`Groups::add`](crate::Groups::add) of a connection of another node | the same, over there |
//! | [`Groups::remove`](crate::Groups::remove) | the connection, wherever it is, is a member no more |
//! | [`ConnectionHandle::join_group`](crate::ConnectionHandle::join_group) | the connection is a member for this node; other nodes reach it soon |
//! | a send | the members of this node have it in their queues, and the backplane has taken it for the others |
//!
//! # When the backplane fails
//!
//! The hub waits for a confirmation no longer than [`HubOptions::backplane_timeout`](crate::HubOptions::backplane_timeout). A membership that
//! could not be confirmed in time is taken back, and `add` says so with a [`BackplaneError`]: either all nodes know of a member or none does. A new
//! connection is not refused: it is opened after
//! [`HubOptions::backplane_open_timeout`](crate::HubOptions::backplane_open_timeout), and reached from its own node alone at first. Whatever this node
//! still wants to hear it asks for again, after 1 s and then at doubling intervals of up to 32 s. A send that the backplane does not take has reached
//! the connections of this node, and returns [`SendError::backplane`](crate::SendError::backplane).
//!
//! # Writing one
//!
//! Implement [`Backplane`], and let the feature `conformance` of this crate check it: `signalr_hub::backplane_conformance!` makes a test of each thing
//! that the nodes of a hub rely on.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod erased;
mod in_process;
mod message;
mod node;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;

pub(crate) use erased::ErasedBackplane;
pub use in_process::InProcessBackplane;
pub use message::{ClientAnswer, Destination, Envelope, GroupChange, RemoteCall};
pub use node::{LocalNode, WeakLocalNode};
pub(crate) use subscriptions::Subscriptions;

use crate::error::HubError;

/// A boxed future of a [`LocalNode`], which owns what it needs.
pub type BackplaneFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Carries messages between the nodes of a hub.
///
/// Deliveries from one node reach another in the order in which they were published, or not at all: a backplane may lose messages while it is out of
/// order, and must neither double nor re-order them. A node never receives what it published itself.
///
/// The hub bounds every future of these functions in time and drops those that take too long, so an implementation needs no timers of its
/// own. Failures are returned at once rather than waited out: the hub decides when to try again.
///
/// ```
/// use signalr_hub::backplane::{
///     Backplane, BackplaneError, ClientAnswer, Envelope, GroupChange, LocalNode, RemoteCall, Topic,
/// };
///
/// /// One node, and no others.
/// struct Alone;
///
/// impl Backplane for Alone {
///     fn attach(&self, _: LocalNode) {}
///
///     fn publish(&self, _: Envelope) -> Result<(), BackplaneError> {
///         Ok(())
///     }
///
///     async fn subscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
///         Ok(())
///     }
///
///     async fn unsubscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
///         Ok(())
///     }
///
///     async fn change_group(&self, _: GroupChange) -> Result<(), BackplaneError> {
///         Ok(())
///     }
///
///     async fn invoke(&self, call: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
///         Err(BackplaneError::UnknownConnection(call.connection_id))
///     }
/// }
/// ```
pub trait Backplane: Send + Sync + 'static {
    /// Called once, when the hub is built. What other nodes publish is given to `node`; keep it [weakly](LocalNode::downgrade).
    fn attach(&self, node: LocalNode);

    /// Sends to the connections of other nodes. Called by senders, which never wait: put it into a bounded queue.
    ///
    /// # Errors
    /// The message was not taken: the queue is full, or the backplane is known to be away. Its sender is told.
    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError>;

    /// The node has the first connection of a topic. Returns when whatever is published on the topic from now on reaches this node.
    ///
    /// The calls for one topic never overlap, and no topic is subscribed to that is already, unless giving it up has failed. A subscription lasts until
    /// [`unsubscribe`](Self::unsubscribe): a backplane that loses its link restores its subscriptions by itself. What is published to
    /// [everybody](Destination::All) reaches every node without.
    ///
    /// # Errors
    /// The node cannot hear the topic. The hub tells those who wait, and asks again as long as the topic has connections here.
    fn subscribe(
        &self,
        topic: Topic<'_>,
    ) -> impl Future<Output = Result<(), BackplaneError>> + Send;

    /// The node has lost the last connection of a topic.
    ///
    /// # Errors
    /// The node may go on hearing the topic, which does no harm. The hub does not ask again.
    fn unsubscribe(
        &self,
        topic: Topic<'_>,
    ) -> impl Future<Output = Result<(), BackplaneError>> + Send;

    /// Changes a group on the node that has the connection, which is the one that [subscribed](Self::subscribe) to [`Topic::Connection`], and
    /// returns when [`LocalNode::apply`] is over there. A connection that no node has is not an error.
    ///
    /// # Errors
    /// The other node could not be asked, or could not do it.
    fn change_group(
        &self,
        change: GroupChange,
    ) -> impl Future<Output = Result<(), BackplaneError>> + Send;

    /// Calls a method of a connection of another node and waits for the client's answer. The caller stops waiting by dropping the future; there
    /// is no other bound, since clients may take their time.
    ///
    /// # Errors
    /// No node has the connection, it ended before it answered, or its node could not be asked.
    fn invoke(
        &self,
        call: RemoteCall,
    ) -> impl Future<Output = Result<ClientAnswer, BackplaneError>> + Send;
}

/// Something that connections of a node have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic<'a> {
    /// The members of a group.
    Group(&'a str),
    /// The connections of a user.
    User(&'a str),
    /// One connection.
    Connection(&'a str),
}

/// Another node could not be asked, or this node cannot hear the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackplaneError {
    /// No node has the connection.
    #[error("Connection '{0}' does not exist.")]
    UnknownConnection(String),
    /// The connection ended before it answered.
    #[error("Connection '{0}' disconnected.")]
    Disconnected(String),
    /// There was no confirmation in time.
    #[error("the backplane did not confirm in time")]
    TimedOut,
    /// The backplane does not work at present.
    #[error("the backplane is unavailable: {0}")]
    Unavailable(String),
}

impl From<BackplaneError> for HubError {
    fn from(error: BackplaneError) -> Self {
        Self::from_error(error)
    }
}
