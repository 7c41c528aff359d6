//! Plain async functions as hub methods.

mod argument;
mod reply;

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use argument::ParameterKind;
pub(crate) use argument::{BindError, Binder, CallServices};
pub use argument::{FromArgument, Optional};
pub use reply::IntoReply;
pub use reply::Reply;
pub(crate) use reply::{ItemStream, ReplyKind};

use crate::context::Context;
use crate::error::HubError;

/// A future that owns what it needs.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a hub method comes to.
pub(crate) type Outcome = Result<Reply, HubError>;

/// An async function that can be a hub method.
///
/// Its first parameter is a [`Context`]; up to eight typed arguments follow, in the order in which the client gives them. It returns nothing,
/// a serialisable value, or a `Result` of these whose error converts into [`HubError`].
///
/// ```
/// use signalr_hub::{Context, Hub, HubError, Optional};
///
/// async fn add(_: Context, a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// async fn greet(context: Context, name: String, title: Optional<String>) -> Result<(), HubError> {
///     if name.is_empty() {
///         return Err(HubError::message("a name is required"));
///     }
///     let title = title.unwrap_or_default();
///     Ok(context.clients().others().send("Greeted", (title, name))?)
/// }
///
/// let hub = Hub::builder().on("Add", add).on("Greet", greet).build();
/// ```
///
/// Other functions do not compile, such as one that has no context:
///
/// ```compile_fail,E0277
/// # use signalr_hub::Hub;
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// let hub = Hub::builder().on("Add", add).build();
/// ```
///
/// You never implement this trait; `M` tells apart the kinds of functions and is always inferred.
///
/// SignalR Hub Protocol: *Invocations*.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hub method",
    label = "not an async function of the form `async fn(Context<{S}>, arguments...) -> result`",
    note = "the first parameter is `Context<{S}>`, by value",
    note = "up to eight arguments follow, each `DeserializeOwned + Send + 'static`",
    note = "the result is `()`, a value that is `Serialize + Send + 'static`, or a `Result` whose error is `Into<HubError>`",
    note = "the function's future must be `Send`"
)]
pub trait Handler<S, M>: Send + Sync + 'static {
    /// What the method takes and gives.
    #[doc(hidden)]
    fn signature(&self) -> Signature;

    /// Converts the arguments and makes the call, which runs when it is polled.
    #[doc(hidden)]
    fn call(
        &self,
        context: Context<S>,
        binder: &mut Binder<'_>,
    ) -> Result<BoxFuture<Outcome>, BindError>;

    /// Converts the arguments and leaves the call to others.
    #[doc(hidden)]
    fn bind(&self, binder: &mut Binder<'_>) -> Result<Box<dyn BoundCall<S>>, BindError>;
}

/// A call whose arguments have been converted.
#[doc(hidden)]
pub trait BoundCall<S>: Send {
    /// One of the arguments.
    fn argument(&self, index: usize) -> Option<&dyn Any>;
    /// One of the arguments, to be changed.
    fn argument_mut(&mut self, index: usize) -> Option<&mut dyn Any>;
    /// Makes the call.
    fn run(self: Box<Self>, context: Context<S>) -> BoxFuture<Outcome>;
}

/// What a hub method takes and gives.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    pub(crate) required: usize,
    pub(crate) values: usize,
    pub(crate) streams: usize,
    pub(crate) streaming: bool,
}

impl Signature {
    fn of(parameters: &[ParameterKind], streaming: bool) -> Self {
        let count = |kind| {
            parameters
                .iter()
                .filter(|&&parameter| parameter == kind)
                .count()
        };
        let last_required = parameters
            .iter()
            .rposition(|&kind| kind == ParameterKind::Value);
        let first_optional = parameters
            .iter()
            .position(|&kind| kind == ParameterKind::Optional);
        if let (Some(required), Some(optional)) = (last_required, first_optional) {
            assert!(
                required < optional,
                "optional arguments of a hub method come after all others"
            );
        }
        Self {
            required: count(ParameterKind::Value),
            values: count(ParameterKind::Value) + count(ParameterKind::Optional),
            streams: count(ParameterKind::Stream),
            streaming,
        }
    }
}

/// A hub method with its arguments.
struct Bound<F, A> {
    method: F,
    arguments: A,
}

macro_rules! impl_handler {
    ($(($marker:ident, $name:ident, $index:tt)),*) => {
        impl<S, F, Fut, R, $($marker, $name),*> Handler<S, (R, $(($marker, $name),)*)> for F
        where
            S: Send + Sync + 'static,
            F: Fn(Context<S>, $($name),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            Fut::Output: IntoReply<R>,
            R: 'static,
            $($name: FromArgument<$marker>,)*
        {
            fn signature(&self) -> Signature {
                Signature::of(&[$(<$name as FromArgument<$marker>>::KIND),*], <Fut::Output as IntoReply<R>>::STREAMING)
            }

            #[allow(non_snake_case, unused_variables, clippy::allow_attributes, reason = "type parameters double as variable names, and there may be none")]
            fn call(&self, context: Context<S>, binder: &mut Binder<'_>) -> Result<BoxFuture<Outcome>, BindError> {
                $(let $name = <$name as FromArgument<$marker>>::bind(binder)?;)*
                let method = self.clone();
                Ok(Box::pin(async move { method(context, $($name),*).await.into_reply() }))
            }

            #[allow(unused_variables, clippy::allow_attributes, reason = "there may be no arguments")]
            fn bind(&self, binder: &mut Binder<'_>) -> Result<Box<dyn BoundCall<S>>, BindError> {
                let arguments = ($(<$name as FromArgument<$marker>>::bind(binder)?,)*);
                let reply = PhantomData::<fn() -> R>;
                Ok(Box::new(Bound { method: (self.clone(), reply), arguments }))
            }
        }

        impl<S, F, Fut, R, $($name),*> BoundCall<S> for Bound<(F, PhantomData<fn() -> R>), ($($name,)*)>
        where
            S: Send + Sync + 'static,
            F: Fn(Context<S>, $($name),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            Fut::Output: IntoReply<R>,
            R: 'static,
            $($name: Send + 'static,)*
        {
            fn argument(&self, index: usize) -> Option<&dyn Any> {
                match index {
                    $($index => Some(&self.arguments.$index),)*
                    _ => None,
                }
            }

            fn argument_mut(&mut self, index: usize) -> Option<&mut dyn Any> {
                match index {
                    $($index => Some(&mut self.arguments.$index),)*
                    _ => None,
                }
            }

            #[allow(unused_variables, clippy::allow_attributes, reason = "there may be no arguments")]
            fn run(self: Box<Self>, context: Context<S>) -> BoxFuture<Outcome> {
                let Self { method: (method, _), arguments } = *self;
                Box::pin(async move { method(context, $(arguments.$index),*).await.into_reply() })
            }
        }
    };
}

impl_handler!();
impl_handler!((M1, A1, 0));
impl_handler!((M1, A1, 0), (M2, A2, 1));
impl_handler!((M1, A1, 0), (M2, A2, 1), (M3, A3, 2));
impl_handler!((M1, A1, 0), (M2, A2, 1), (M3, A3, 2), (M4, A4, 3));
impl_handler!(
    (M1, A1, 0),
    (M2, A2, 1),
    (M3, A3, 2),
    (M4, A4, 3),
    (M5, A5, 4)
);
impl_handler!(
    (M1, A1, 0),
    (M2, A2, 1),
    (M3, A3, 2),
    (M4, A4, 3),
    (M5, A5, 4),
    (M6, A6, 5)
);
impl_handler!(
    (M1, A1, 0),
    (M2, A2, 1),
    (M3, A3, 2),
    (M4, A4, 3),
    (M5, A5, 4),
    (M6, A6, 5),
    (M7, A7, 6)
);
impl_handler!(
    (M1, A1, 0),
    (M2, A2, 1),
    (M3, A3, 2),
    (M4, A4, 3),
    (M5, A5, 4),
    (M6, A6, 5),
    (M7, A7, 6),
    (M8, A8, 7)
);

/// A hub method whose parameter types are forgotten.
pub(crate) trait ErasedHandler<S>: Send + Sync {
    fn call(
        &self,
        context: Context<S>,
        binder: &mut Binder<'_>,
    ) -> Result<BoxFuture<Outcome>, BindError>;
    fn bind(&self, binder: &mut Binder<'_>) -> Result<Box<dyn BoundCall<S>>, BindError>;
}

pub(crate) struct Erased<H, M> {
    handler: H,
    marker: PhantomData<fn() -> M>,
}

impl<H, M> Erased<H, M> {
    pub(crate) fn new(handler: H) -> Self {
        Self {
            handler,
            marker: PhantomData,
        }
    }
}

impl<S, M: 'static, H: Handler<S, M>> ErasedHandler<S> for Erased<H, M> {
    fn call(
        &self,
        context: Context<S>,
        binder: &mut Binder<'_>,
    ) -> Result<BoxFuture<Outcome>, BindError> {
        self.handler.call(context, binder)
    }

    fn bind(&self, binder: &mut Binder<'_>) -> Result<Box<dyn BoundCall<S>>, BindError> {
        self.handler.bind(binder)
    }
}
