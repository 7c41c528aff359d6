//! Connections without a hub: the negotiation and the transports alone, for protocols of one's own.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::Router;
use bytes::Bytes;
use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::auth::{Authenticate, ErasedAuthenticate};
use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::context::DisconnectReason;
use crate::core::Core;
use crate::endpoint::{Endpoint, Session};
use crate::error::CloseReason;
use crate::handler::BoxFuture;
use crate::observer::HubObserver;
use crate::options::HubOptions;
use crate::outbox::{Frame, Origin};
use crate::request::RequestSnapshot;
use crate::router;
use crate::user::User;

/// Serves connections that carry bytes of any protocol, over every transport.
///
/// ```
/// use signalr_hub::{RawConnection, RawEndpoint};
///
/// async fn echo(mut connection: RawConnection) {
///     while let Some(bytes) = connection.receive().await {
///         connection.send(bytes);
///     }
/// }
///
/// let router = RawEndpoint::new(echo).router("/echo");
/// ```
///
/// Transport Protocols: all of it.
pub struct RawEndpoint {
    options: HubOptions,
    observer: Option<Box<dyn HubObserver>>,
    handler: RawHandler,
    authenticate: Option<Box<dyn ErasedAuthenticate>>,
}

type RawHandler = Box<dyn Fn(RawConnection) -> BoxFuture<()> + Send + Sync>;

struct Inner {
    core: Arc<Core>,
    handler: RawHandler,
    authenticate: Option<Box<dyn ErasedAuthenticate>>,
}

impl RawEndpoint {
    /// Serves every connection with `handler`; the connection ends when it returns, or panics.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(RawConnection) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self {
            options: HubOptions::default(),
            observer: None,
            handler: Box::new(move |connection| Box::pin(handler(connection))),
            authenticate: None,
        }
    }

    /// Sets the options; those about hub messages have no effect.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// Decides who may connect.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Some(Box::new(authenticate));
        self
    }

    /// Tells the application's metrics of connections that come and go.
    pub fn observe(mut self, observer: impl HubObserver) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The routes, to be merged into an application.
    pub fn router(self, path: &str) -> Router {
        let inner = Inner {
            core: Core::new(self.options, None, self.observer),
            handler: self.handler,
            authenticate: self.authenticate,
        };
        router::router(Arc::new(inner), path)
    }
}

/// A connection of a [`RawEndpoint`].
pub struct RawConnection {
    connection: Arc<Connection>,
    received: Arc<Received>,
}

impl RawConnection {
    /// The connection's public id.
    pub fn id(&self) -> ConnectionId {
        self.connection.id
    }

    /// The connection's user.
    pub fn user(&self) -> Arc<User> {
        self.connection.user()
    }

    /// The request that opened the connection.
    pub fn request(&self) -> &RequestSnapshot {
        self.connection
            .request()
            .expect("the connection was opened by a request")
    }

    /// The next bytes, cut where the network cut them, or `None` when the connection has ended.
    pub async fn receive(&mut self) -> Option<Bytes> {
        let bytes = poll_fn(|cx| self.received.poll_next(&self.connection, cx)).await;
        // There may be room for more now.
        self.connection.wake();
        bytes
    }

    /// Queues bytes. A connection that is too slow to take them is ended, see [`OutboxLimits`](crate::OutboxLimits).
    pub fn send(&self, bytes: impl Into<Bytes>) {
        self.connection
            .push(Frame::control(bytes), Origin::Connecting);
    }

    /// A token that is cancelled when the connection begins to end.
    pub fn aborted(&self) -> CancellationToken {
        self.connection.aborted()
    }
}

impl std::fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RawConnection")
            .field(&self.connection.id)
            .finish()
    }
}

/// What the handler has not taken yet.
#[derive(Default)]
struct Received {
    state: Mutex<ReceivedState>,
}

#[derive(Default)]
struct ReceivedState {
    pieces: VecDeque<Bytes>,
    size: usize,
    reader: Option<Waker>,
}

impl Received {
    fn poll_next(&self, connection: &Connection, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state.lock();
        if let Some(bytes) = state.pieces.pop_front() {
            state.size -= bytes.len();
            return Poll::Ready(Some(bytes));
        }
        if connection.phase() >= Phase::Ending {
            return Poll::Ready(None);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn push(&self, bytes: &[u8]) {
        let mut state = self.state.lock();
        state.size += bytes.len();
        state.pieces.push_back(Bytes::copy_from_slice(bytes));
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    fn wake(&self) {
        let reader = self.state.lock().reader.take();
        reader.into_iter().for_each(Waker::wake);
    }
}

impl Endpoint for Inner {
    type Session = RawSession;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn authenticator(&self) -> Option<&dyn ErasedAuthenticate> {
        self.authenticate.as_deref()
    }

    fn start(self: &Arc<Self>, connection: Arc<Connection>) -> RawSession {
        connection.enter(Phase::Open);
        let received = Arc::<Received>::default();
        let handled = (self.handler)(RawConnection {
            connection: Arc::clone(&connection),
            received: Arc::clone(&received),
        });
        let ended = Arc::clone(&connection);
        self.core.tasks.spawn(async move {
            let handled = AssertUnwindSafe(handled).catch_unwind().await;
            let reason = match handled {
                Ok(()) => DisconnectReason::ClosedByServer(CloseReason::normal()),
                Err(_) => DisconnectReason::Panicked,
            };
            ended.end(reason, None);
        });
        RawSession {
            connection,
            received,
        }
    }
}

pub(crate) struct RawSession {
    connection: Arc<Connection>,
    received: Arc<Received>,
}

impl Session for RawSession {
    fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    fn wants_input(&self) -> bool {
        let limit = self.connection.core.options.application_maximum_buffer_size;
        self.received.state.lock().size < limit
    }

    fn receive(&mut self, bytes: &[u8], _: &mut Context<'_>) {
        self.received.push(bytes);
    }

    fn resume(&mut self, _: &mut Context<'_>) {}

    async fn finish(self) {
        self.connection.end(DisconnectReason::ConnectionLost, None);
        self.received.wake();
        self.connection.core.close(&self.connection);
        self.connection.enter(Phase::Gone);
    }
}
