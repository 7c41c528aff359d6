//! What is served over the transports: a hub, or raw bytes.

use std::future::Future;
use std::sync::Arc;
use std::task::Context;

use http::request::Parts;

use crate::auth::ErasedAuthenticate;
use crate::connection::Connection;
use crate::core::Core;
use crate::request::RequestSnapshot;
use crate::transport::negotiate::Redirect;
use crate::user::User;

/// Something with connections.
pub(crate) trait Endpoint: Send + Sync + 'static {
    type Session: Session;

    fn core(&self) -> &Arc<Core>;

    fn authenticator(&self) -> Option<&dyn ErasedAuthenticate>;

    /// Where to send a client that negotiates, if not here.
    fn redirect(&self, _: &Parts, _: &User) -> Option<Redirect> {
        None
    }

    /// The id by which a user is addressed.
    fn user_id(&self, user: &User, _: &RequestSnapshot) -> Option<Arc<str>> {
        user.shared_id()
    }

    /// A connection's authentication was refreshed.
    fn refreshed(self: &Arc<Self>, _: &Arc<Connection>) {}

    /// Begins to serve a connection that has got its transport.
    fn start(self: &Arc<Self>, connection: Arc<Connection>) -> Self::Session;
}

/// The receiving half of one connection, driven by its transport's task.
pub(crate) trait Session: Send + 'static {
    fn connection(&self) -> &Arc<Connection>;

    /// Whether more input is welcome.
    fn wants_input(&self) -> bool;

    /// Takes bytes as they arrive, cut anywhere.
    fn receive(&mut self, bytes: &[u8], cx: &mut Context<'_>);

    /// Goes on with what had to wait.
    fn resume(&mut self, cx: &mut Context<'_>);

    /// The client sends nothing more: its transport has ended before the connection did.
    fn input_ended(&mut self) {}

    /// Another socket has taken over; what was half received over the old one is void.
    fn reattach(&mut self) {}

    /// Ends what the transport has ended.
    fn finish(self) -> impl Future<Output = ()> + Send;
}
