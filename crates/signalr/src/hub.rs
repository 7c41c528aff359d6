//! A hub: named methods, and what happens when connections come and go.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use futures_util::FutureExt;
use http::request::Parts;

use crate::auth::{Authenticate, ErasedAuthenticate};
use crate::backplane::{Backplane, ErasedBackplane};
use crate::connection::Connection;
use crate::context::{Context, DisconnectReason};
use crate::core::Core;
use crate::endpoint::Endpoint;
use crate::error::HubError;
use crate::filter::{ErasedFilter, Filter, Invocation, Next};
use crate::handler::{
    BindError, Binder, BoxFuture, Erased, ErasedHandler, Handler, Outcome, Signature,
};
use crate::hub_context::HubContext;
use crate::observer::HubObserver;
use crate::options::HubOptions;
use crate::request::RequestSnapshot;
use crate::router;
use crate::session::HubSession;
use crate::transport::negotiate::Redirect;
use crate::user::User;

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
type OnAuthenticationRefreshed<S> = Box<dyn Fn(Context<S>) -> BoxFuture<()> + Send + Sync>;

type Policy<S> = Box<dyn Fn(&Invocation<S>) -> BoxFuture<bool> + Send + Sync>;
type Redirector = Box<dyn Fn(&Parts, &User) -> Option<Redirect> + Send + Sync>;
type UserIdProvider = Box<dyn Fn(&User, &RequestSnapshot) -> Option<Arc<str>> + Send + Sync>;

pub(crate) struct Method<S> {
    pub(crate) name: Arc<str>,
    pub(crate) signature: Signature,
    handler: Box<dyn ErasedHandler<S>>,
    policy: Option<Policy<S>>,
}

impl<S: Send + Sync + 'static> Method<S> {
    /// Converts the arguments and makes the call: past the policy, through the filters, to the function.
    pub(crate) fn call(
        &self,
        hub: &Arc<HubInner<S>>,
        context: Context<S>,
        binder: &mut Binder<'_>,
    ) -> Result<BoxFuture<Outcome>, BindError> {
        if hub.filters.is_empty() && self.policy.is_none() {
            return self.handler.call(context, binder);
        }
        let call = Invocation::new(context, Arc::clone(&self.name), self.handler.bind(binder)?);
        let permitted = self.policy.as_ref().map(|policy| policy(&call));
        let run = Next::first(Arc::clone(hub)).run_boxed(call);
        Ok(match permitted {
            None => run,
            Some(permitted) => Box::pin(async move {
                if permitted.await {
                    run.await
                } else {
                    Err(HubError::unauthorized())
                }
            }),
        })
    }

    /// Converts the arguments of a call that goes no further, and asks the policy, if there is one, what its caller may know.
    pub(crate) fn judge(
        &self,
        context: Context<S>,
        binder: &mut Binder<'_>,
    ) -> Result<Option<BoxFuture<bool>>, BindError> {
        let call = Invocation::new(context, Arc::clone(&self.name), self.handler.bind(binder)?);
        Ok(self.policy.as_ref().map(|policy| policy(&call)))
    }
}

pub(crate) struct HubInner<S> {
    pub(crate) state: S,
    pub(crate) core: Arc<Core>,
    methods: HashMap<Box<str>, Method<S>>,
    pub(crate) on_connected: Option<OnConnected<S>>,
    pub(crate) on_disconnected: Option<OnDisconnected<S>>,
    on_authentication_refreshed: Option<OnAuthenticationRefreshed<S>>,
    pub(crate) filters: Vec<Arc<dyn ErasedFilter<S>>>,
    user_id: Option<UserIdProvider>,
    redirect: Option<Redirector>,
    authenticate: Option<Box<dyn ErasedAuthenticate>>,
}

impl<S: Send + Sync + 'static> Endpoint for HubInner<S> {
    type Session = HubSession<S>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn authenticator(&self) -> Option<&dyn ErasedAuthenticate> {
        self.authenticate.as_deref()
    }

    fn redirect(&self, parts: &Parts, user: &User) -> Option<Redirect> {
        self.redirect.as_ref()?(parts, user)
    }

    fn user_id(&self, user: &User, request: &RequestSnapshot) -> Option<Arc<str>> {
        match &self.user_id {
            Some(provider) => provider(user, request),
            None => user.shared_id(),
        }
    }

    fn refreshed(self: &Arc<Self>, connection: &Arc<Connection>) {
        if let Some(refreshed) = &self.on_authentication_refreshed {
            let context = Context::new(Arc::clone(self), Arc::clone(connection), None);
            self.core.tasks.spawn(refreshed(context));
        }
    }

    fn start(self: &Arc<Self>, connection: Arc<Connection>) -> HubSession<S> {
        HubSession::new(Arc::clone(self), connection)
    }
}

impl<S> HubInner<S> {
    /// Whether something happens when a connection is complete.
    pub(crate) fn greets(&self) -> bool {
        self.on_connected.is_some() || !self.filters.is_empty()
    }

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
    /// `Router::new().merge(hub.router("/hubs/chat"))`. Their case matters unless [`match_any_case`](crate::match_any_case) is wrapped around
    /// the application.
    ///
    /// Transport Protocols: all of it.
    pub fn router(&self, path: &str) -> Router {
        router::router(Arc::clone(&self.inner), path)
    }

    /// The state that the hub's methods share.
    pub fn state(&self) -> &S {
        &self.inner.state
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
    on_authentication_refreshed: Option<OnAuthenticationRefreshed<S>>,
    filters: Vec<Arc<dyn ErasedFilter<S>>>,
    user_id: Option<UserIdProvider>,
    redirect: Option<Redirector>,
    authenticate: Option<Box<dyn ErasedAuthenticate>>,
    backplane: Option<Arc<dyn ErasedBackplane>>,
    observer: Option<Box<dyn HubObserver>>,
}

impl<S: Clone + Send + Sync + 'static> HubBuilder<S> {
    fn new(state: S) -> Self {
        Self {
            state,
            options: HubOptions::default(),
            methods: HashMap::new(),
            on_connected: None,
            on_disconnected: None,
            on_authentication_refreshed: None,
            filters: Vec::new(),
            user_id: None,
            redirect: None,
            authenticate: None,
            backplane: None,
            observer: None,
        }
    }

    /// Adds a method under the name by which clients call it, in any case.
    ///
    /// # Panics
    /// The hub has a method of this name already, or an optional argument is followed by another.
    ///
    /// SignalR Hub Protocol: *Invocations*.
    pub fn on<M: 'static>(mut self, name: &str, handler: impl Handler<S, M>) -> Self {
        let method = Method {
            name: Arc::from(name),
            signature: handler.signature(),
            handler: Box::new(Erased::<_, M>::new(handler)),
            policy: None,
        };
        let previous = self.methods.insert(fold(name).into_boxed_str(), method);
        assert!(
            previous.is_none(),
            "the hub has two methods named {name}: names differ in more than case"
        );
        self
    }

    /// Lets a method be called only by those for whom `policy` says so. Others get
    /// `Failed to invoke '<method>' because user is unauthorized`.
    ///
    /// ```
    /// # use signalr_hub::{Context, Hub};
    /// # async fn delete(_: Context) {}
    /// #[derive(Clone)]
    /// struct Admin;
    ///
    /// let hub = Hub::builder()
    ///     .on("Delete", delete)
    ///     .authorize("Delete", async |context: Context| context.user().get::<Admin>().is_some());
    /// ```
    ///
    /// # Panics
    /// There is no method of this name yet.
    ///
    /// SignalR Hub Protocol: *Completion and results*.
    pub fn authorize<F, Fut>(self, name: &str, policy: F) -> Self
    where
        F: Fn(Context<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.authorize_call(name, move |call| policy(call.context().clone()))
    }

    /// The same for a policy that depends on what the method is called with. It takes what it needs out of the call, and then decides.
    ///
    /// ```
    /// # use signalr_hub::{Context, Hub};
    /// # async fn delete(_: Context, _: u64) {}
    /// # async fn owner_of(_: u64) -> Option<String> { None }
    /// let hub = Hub::builder().on("Delete", delete).authorize_call("Delete", |call| {
    ///     let (user, message) = (call.context().user(), call.argument::<u64>(0).copied());
    ///     async move {
    ///         let owner = owner_of(message.unwrap_or_default()).await;
    ///         owner.is_some() && owner.as_deref() == user.id()
    ///     }
    /// });
    /// ```
    ///
    /// # Panics
    /// There is no method of this name yet.
    pub fn authorize_call<F, Fut>(mut self, name: &str, policy: F) -> Self
    where
        F: Fn(&Invocation<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let method = self.methods.get_mut(fold(name).as_str());
        let method = method.unwrap_or_else(|| panic!("{name} is authorized before it is added"));
        method.policy = Some(Box::new(move |call| Box::pin(policy(call))));
        self
    }

    /// Wraps invocations and the two ends of a connection. The first filter is outermost.
    pub fn filter(mut self, filter: impl Filter<S>) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// Derives the ids by which users are addressed, once per connection after its handshake. Without it, it is [`User::id`].
    pub fn user_id<F>(mut self, provider: F) -> Self
    where
        F: Fn(&User, &RequestSnapshot) -> Option<Arc<str>> + Send + Sync + 'static,
    {
        self.user_id = Some(Box::new(provider));
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

    /// What to do when a client has refreshed its authentication, see
    /// [`authentication_refresh`](crate::HubOptions::authentication_refresh). The context has the new user already.
    pub fn on_authentication_refreshed<F, Fut>(mut self, f: F) -> Self
    where
        F: Fn(Context<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let f = Arc::new(f);
        self.on_authentication_refreshed = Some(Box::new(move |context| {
            let f = Arc::clone(&f);
            // A panic here concerns nobody else.
            let refreshed = AssertUnwindSafe(async move { f(context).await });
            Box::pin(refreshed.catch_unwind().map(drop))
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

    /// Sends clients that negotiate to another hub, if `redirect` says so. Clients that skip the negotiation are served here.
    ///
    /// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
    pub fn redirect<F>(mut self, redirect: F) -> Self
    where
        F: Fn(&Parts, &User) -> Option<Redirect> + Send + Sync + 'static,
    {
        self.redirect = Some(Box::new(redirect));
        self
    }

    /// Makes the hub one node of several.
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        self.backplane = Some(Arc::new(backplane));
        self
    }

    /// Tells the application's metrics what goes on.
    pub fn observe(mut self, observer: impl HubObserver) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Completes the hub.
    pub fn build(self) -> Hub<S> {
        Hub {
            inner: Arc::new(HubInner {
                state: self.state,
                core: Core::new(self.options, self.backplane, self.observer),
                methods: self.methods,
                on_connected: self.on_connected,
                on_disconnected: self.on_disconnected,
                on_authentication_refreshed: self.on_authentication_refreshed,
                filters: self.filters,
                user_id: self.user_id,
                redirect: self.redirect,
                authenticate: self.authenticate,
            }),
        }
    }
}
