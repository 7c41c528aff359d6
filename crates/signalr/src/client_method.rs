//! Client methods with a name and types of their own.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::client_results::InvokeError;
use crate::error::SendError;
use crate::protocol::Arguments;
use crate::target::{SingleTarget, Target};

/// A method of the clients, declared once with its argument types `A`, as a tuple, and the type `R` of its result.
///
/// A hub and its clients agree on names and types; declared like this, the compiler holds the hub to it.
///
/// ```
/// use signalr_hub::{ClientMethod, Context, InvokeError, SendError};
///
/// const SAID: ClientMethod<(String, String)> = ClientMethod::new("Said");
/// const CONFIRM: ClientMethod<(String,), bool> = ClientMethod::new("Confirm");
///
/// async fn say(context: Context, topic: String, text: String) -> Result<(), SendError> {
///     context.clients().group(&topic).call(SAID, (topic.clone(), text))
/// }
///
/// async fn sure(context: Context) -> Result<bool, InvokeError> {
///     context.clients().caller().ask(CONFIRM, ("Really?".to_owned(),)).await
/// }
///
/// # signalr_hub::Hub::builder().on("Say", say).on("Sure", sure);
/// ```
pub struct ClientMethod<A, R = ()> {
    name: &'static str,
    signature: PhantomData<fn(A) -> R>,
}

impl<A, R> ClientMethod<A, R> {
    /// The method that clients register under `name`.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            signature: PhantomData,
        }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<A, R> Clone for ClientMethod<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for ClientMethod<A, R> {}

impl<A, R> std::fmt::Debug for ClientMethod<A, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ClientMethod").field(&self.name).finish()
    }
}

impl Target<'_> {
    /// Calls a declared method of the selected clients without waiting for an answer, see [`send`](Self::send).
    ///
    /// # Errors
    /// An argument cannot be serialised.
    pub fn call<A: Arguments, R>(
        &self,
        method: ClientMethod<A, R>,
        arguments: A,
    ) -> Result<(), SendError> {
        self.send(method.name, arguments)
    }
}

impl SingleTarget<'_> {
    /// Calls a declared method of the client and waits for its result, see [`invoke`](Self::invoke).
    ///
    /// # Errors
    /// The client answered with an error or a result of another type, is not connected, or disconnected meanwhile.
    pub async fn ask<A: Arguments + Send, R: DeserializeOwned>(
        &self,
        method: ClientMethod<A, R>,
        arguments: A,
    ) -> Result<R, InvokeError> {
        self.invoke(method.name, arguments).await
    }
}
