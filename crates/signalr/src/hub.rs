//! A hub: named methods, and what happens when connections come and go.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use futures_util::FutureExt;

use crate::auth::{Authenticate, ErasedAuthenticate};
use crate::backplane::Backplane;
use crate::connection::Connection;
use crate::context::{Context, DisconnectReason};
use crate::core::Core;
use crate::endpoint::Endpoint;
use crate::error::HubError;
use crate::handler::{BoxFuture, Erased, ErasedHandler, Handler, Signature};
use crate::hub_context::HubContext;
use crate::options::HubOptions;
use crate::router;
use crate::session::HubSession;

/// A hub that is ready to be mounted. Clones are the same hub.
pub struct Hub<S = ()> {
    inner: Arc<HubInner<S>>,
}

impl<S> Clone for Hub<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

type OnConnected<S> = Box<dyn Fn(Context<S>) -> BoxFuture<Result<(), HubError>> + Send + Sync>;
type OnDisconnected<S> = Box<dyn Fn(Context<S>, DisconnectReason) -> BoxFuture<()> + Send + Sync>;

pub(crate) struct Method<S> {
    pub(crate) signature: Signature,
    pub(crate) handler: Box<dyn ErasedHandler<S>>,
}

pub(crate) struct HubInner<S> {
    pub(crate) state: S,
    pub(crate) core: Arc<Core>,
    methods: HashMap<Box<str>, Method<S>>,
    pub(crate) on_connected: Option<OnConnected<S>>,
    pub(crate) on_disconnected: Option<OnDisconnected<S>>,
    pub(crate) authenticate: Option<Box<dyn ErasedAuthenticate>>,
}

impl<S: Send + Sync + 'static> Endpoint for HubInner<S> {
    type Session = HubSession<S>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn authenticator(&self) -> Option<&dyn ErasedAuthenticate> {
        self.authenticate.as_deref()
    }

    fn start(self: &Arc<Self>, connection: Arc<Connection>) -> HubSession<S> {
        HubSession::new(Arc::clone(self), connection)
    }
}

impl<S> HubInner<S> {
    /// Finds a method by its name in any case.
    pub(crate) fn method(&self, target: &str) -> Option<&Method<S>> {
        self.methods.get(fold(target).as_str())
    }
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

impl Hub<()> {
    /// Begins a hub without state.
    pub fn builder() -> HubBuilder<()> {
        HubBuilder::new(())
    }
}

impl<S: Clone + Send + Sync + 'static> Hub<S> {
    /// Begins a hub whose methods share a state, which [`Context::state`] gives them.
    pub fn with_state(state: S) -> HubBuilder<S> {
        HubBuilder::new(state)
    }

    /// The hub's routes, to be merged into an application:
    /// `Router::new().merge(hub.router("/hubs/chat"))`.
    pub fn router(&self, path: &str) -> Router {
        router::router(Arc::clone(&self.inner), path)
    }

    /// A handle for sending from anywhere.
    pub fn context(&self) -> HubContext {
        HubContext::new(Arc::clone(&self.inner.core))
    }
}

/// Builds a [`Hub`].
#[must_use = "a builder does nothing until it is built"]
pub struct HubBuilder<S> {
    state: S,
    options: HubOptions,
    methods: HashMap<Box<str>, Method<S>>,
    on_connected: Option<OnConnected<S>>,
    on_disconnected: Option<OnDisconnected<S>>,
    authenticate: Option<Box<dyn ErasedAuthenticate>>,
    backplane: Option<Box<dyn Backplane>>,
}

impl<S: Clone + Send + Sync + 'static> HubBuilder<S> {
    fn new(state: S) -> Self {
        Self {
            state,
            options: HubOptions::default(),
            methods: HashMap::new(),
            on_connected: None,
            on_disconnected: None,
            authenticate: None,
            backplane: None,
        }
    }

    /// Adds a method under the name by which clients call it, in any case.
    ///
    /// # Panics
    /// The hub has a method of this name already, or an optional argument is followed by another.
    pub fn on<M: 'static>(mut self, name: &str, handler: impl Handler<S, M>) -> Self {
        let method = Method {
            signature: handler.signature(),
            handler: Box::new(Erased::<_, M>::new(handler)),
        };
        let previous = self.methods.insert(fold(name).into_boxed_str(), method);
        assert!(
            previous.is_none(),
            "the hub has two methods named {name}: names differ in more than case"
        );
        self
    }

    /// What to do when a connection is complete, before its first invocation. Whatever it sends to the connection arrives first.
    /// An error ends the connection.
    pub fn on_connected<F, Fut, E>(mut self, f: F) -> Self
    where
        F: Fn(Context<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HubError> + 'static,
    {
        let f = Arc::new(f);
        self.on_connected = Some(Box::new(move |context| {
            let f = Arc::clone(&f);
            let connected = AssertUnwindSafe(async move { f(context).await.map_err(Into::into) });
            let panicked = |_| Err(HubError::internal("Panic", "on_connected panicked"));
            Box::pin(
                connected
                    .catch_unwind()
                    .map(move |outcome| outcome.unwrap_or_else(panicked)),
            )
        }));
        self
    }

    /// What to do when a connection has ended. Called once for every connection whose `on_connected` succeeded.
    pub fn on_disconnected<F, Fut>(mut self, f: F) -> Self
    where
        F: Fn(Context<S>, DisconnectReason) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let f = Arc::new(f);
        self.on_disconnected = Some(Box::new(move |context, reason| {
            let f = Arc::clone(&f);
            // A panic here concerns nobody else.
            Box::pin(
                AssertUnwindSafe(async move { f(context, reason).await })
                    .catch_unwind()
                    .map(drop),
            )
        }));
        self
    }

    /// Sets the options.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// Decides who may connect. Without it everybody may, as an anonymous user.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Some(Box::new(authenticate));
        self
    }

    /// Makes the hub one node of several.
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        self.backplane = Some(Box::new(backplane));
        self
    }

    /// Completes the hub.
    pub fn build(self) -> Hub<S> {
        Hub {
            inner: Arc::new(HubInner {
                state: self.state,
                core: Core::new(self.options, self.backplane),
                methods: self.methods,
                on_connected: self.on_connected,
                on_disconnected: self.on_disconnected,
                authenticate: self.authenticate,
            }),
        }
    }
}
