//! What happens around invocations and the two ends of a connection.

use std::future::Future;
use std::sync::Arc;

use crate::context::{Context, DisconnectReason};
use crate::error::HubError;
use crate::handler::{BoundCall, BoxFuture, Outcome, Reply};
use crate::hub::HubInner;

/// Wraps the methods of a hub, and its `on_connected` and `on_disconnected`.
///
/// Every function has a default that does nothing but go on. The filter that was added first is outermost.
///
/// ```
/// use signalr_hub::{Context, Filter, Hub, HubError, Invocation, Next, Reply};
///
/// /// Refuses texts in capitals, whatever the method.
/// struct NoShouting;
///
/// impl<S: Send + Sync + 'static> Filter<S> for NoShouting {
///     async fn invoke(&self, call: Invocation<S>, next: Next<S>) -> Result<Reply, HubError> {
///         if call.argument::<String>(0).is_some_and(|text| *text == text.to_uppercase()) {
///             return Err(HubError::message("do not shout"));
///         }
///         next.run(call).await
///     }
/// }
///
/// async fn echo(_: Context, text: String) -> String {
///     text
/// }
///
/// let hub = Hub::builder().on("Echo", echo).filter(NoShouting).build();
/// ```
pub trait Filter<S: Send + Sync + 'static>: Send + Sync + 'static {
    /// Around an invocation, after its arguments were converted. It may look at them, replace them, answer in the method's place, change the
    /// answer, or fail the call.
    fn invoke(
        &self,
        call: Invocation<S>,
        next: Next<S>,
    ) -> impl Future<Output = Result<Reply, HubError>> + Send {
        next.run(call)
    }

    /// Around `on_connected`. An error ends the connection.
    fn connected(
        &self,
        context: Context<S>,
        next: Next<S>,
    ) -> impl Future<Output = Result<(), HubError>> + Send {
        next.connected(context)
    }

    /// Around `on_disconnected`.
    fn disconnected(
        &self,
        context: Context<S>,
        reason: DisconnectReason,
        next: Next<S>,
    ) -> impl Future<Output = ()> + Send {
        next.disconnected(context, reason)
    }
}

/// An invocation whose arguments have been converted to the types of the method's parameters.
pub struct Invocation<S> {
    context: Context<S>,
    method: Arc<str>,
    call: Box<dyn BoundCall<S>>,
}

impl<S> Invocation<S> {
    pub(crate) fn new(context: Context<S>, method: Arc<str>, call: Box<dyn BoundCall<S>>) -> Self {
        Self {
            context,
            method,
            call,
        }
    }

    /// The caller.
    pub fn context(&self) -> &Context<S> {
        &self.context
    }

    /// The name under which the method was added.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The parameter at a position after the context, if it has this type.
    pub fn argument<T: 'static>(&self, index: usize) -> Option<&T> {
        self.call.argument(index)?.downcast_ref()
    }

    /// The parameter at a position after the context, to be changed, if it has this type.
    pub fn argument_mut<T: 'static>(&mut self, index: usize) -> Option<&mut T> {
        self.call.argument_mut(index)?.downcast_mut::<T>()
    }
}

/// The rest of the way: the other filters, and what they are around.
pub struct Next<S> {
    hub: Arc<HubInner<S>>,
    position: usize,
}

impl<S: Send + Sync + 'static> Next<S> {
    pub(crate) fn first(hub: Arc<HubInner<S>>) -> Self {
        Self { hub, position: 0 }
    }

    fn advance(self) -> (Option<Arc<dyn ErasedFilter<S>>>, Self) {
        let filter = self.hub.filters.get(self.position).map(Arc::clone);
        (
            filter,
            Self {
                hub: self.hub,
                position: self.position + 1,
            },
        )
    }

    /// Goes on with an invocation.
    pub fn run(
        self,
        call: Invocation<S>,
    ) -> impl Future<Output = Result<Reply, HubError>> + Send + use<S> {
        self.run_boxed(call)
    }

    pub(crate) fn run_boxed(self, call: Invocation<S>) -> BoxFuture<Outcome> {
        match self.advance() {
            (Some(filter), next) => Box::pin(async move { filter.invoke(call, next).await }),
            (None, _) => call.call.run(call.context),
        }
    }

    /// Goes on with a new connection.
    pub fn connected(
        self,
        context: Context<S>,
    ) -> impl Future<Output = Result<(), HubError>> + Send + use<S> {
        self.connected_boxed(context)
    }

    pub(crate) fn connected_boxed(self, context: Context<S>) -> BoxFuture<Result<(), HubError>> {
        match self.advance() {
            (Some(filter), next) => Box::pin(async move { filter.connected(context, next).await }),
            (None, end) => match &end.hub.on_connected {
                Some(on_connected) => on_connected(context),
                None => Box::pin(std::future::ready(Ok(()))),
            },
        }
    }

    /// Goes on with the end of a connection.
    pub fn disconnected(
        self,
        context: Context<S>,
        reason: DisconnectReason,
    ) -> impl Future<Output = ()> + Send + use<S> {
        self.disconnected_boxed(context, reason)
    }

    pub(crate) fn disconnected_boxed(
        self,
        context: Context<S>,
        reason: DisconnectReason,
    ) -> BoxFuture<()> {
        match self.advance() {
            (Some(filter), next) => {
                Box::pin(async move { filter.disconnected(context, reason, next).await })
            }
            (None, end) => match &end.hub.on_disconnected {
                Some(on_disconnected) => on_disconnected(context, reason),
                None => Box::pin(std::future::ready(())),
            },
        }
    }
}

/// [`Filter`] in the form that a hub can keep.
pub(crate) trait ErasedFilter<S>: Send + Sync {
    fn invoke(&self, call: Invocation<S>, next: Next<S>) -> FilterFuture<'_, Outcome>;
    fn connected(
        &self,
        context: Context<S>,
        next: Next<S>,
    ) -> FilterFuture<'_, Result<(), HubError>>;
    fn disconnected(
        &self,
        context: Context<S>,
        reason: DisconnectReason,
        next: Next<S>,
    ) -> FilterFuture<'_, ()>;
}

type FilterFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl<S: Send + Sync + 'static, F: Filter<S>> ErasedFilter<S> for F {
    fn invoke(&self, call: Invocation<S>, next: Next<S>) -> FilterFuture<'_, Outcome> {
        Box::pin(Filter::invoke(self, call, next))
    }

    fn connected(
        &self,
        context: Context<S>,
        next: Next<S>,
    ) -> FilterFuture<'_, Result<(), HubError>> {
        Box::pin(Filter::connected(self, context, next))
    }

    fn disconnected(
        &self,
        context: Context<S>,
        reason: DisconnectReason,
        next: Next<S>,
    ) -> FilterFuture<'_, ()> {
        Box::pin(Filter::disconnected(self, context, reason, next))
    }
}
