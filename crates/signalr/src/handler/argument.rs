//! From received payloads to typed parameters.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::connection::Connection;
use crate::protocol::Payload;
use crate::uploads::{UploadSink, UploadStream};

/// A type that can be a parameter of a hub method. Implemented for everything that deserialises, for [`Optional`], for
/// [`UploadStream`] and for [`CancellationToken`], which is cancelled when the client cancels the invocation or the connection ends.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a hub method",
    label = "arguments must be `DeserializeOwned + Send + 'static`",
    note = "did you forget `#[derive(serde::Deserialize)]`? Borrowed types such as `&str` cannot be arguments"
)]
pub trait FromArgument<M>: Sized + Send + 'static {
    /// Where the parameter's value comes from.
    #[doc(hidden)]
    const KIND: ParameterKind;

    /// Takes the value.
    #[doc(hidden)]
    fn bind(binder: &mut Binder<'_>) -> Result<Self, BindError>;
}

/// Where the value of a parameter comes from.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// An argument that must be given.
    Value,
    /// An argument that may be left out.
    Optional,
    /// A stream sent by the client.
    Stream,
    /// The server itself.
    Server,
}

/// An argument has the wrong type.
#[doc(hidden)]
#[derive(Debug)]
pub struct BindError;

/// The arguments of one invocation while they are being converted.
#[doc(hidden)]
pub struct Binder<'a> {
    arguments: &'a [Payload<'a>],
    next: usize,
    server: &'a dyn CallServices,
    next_stream: usize,
}

/// What the server itself provides to an invocation.
pub(crate) trait CallServices {
    fn cancellation(&self) -> CancellationToken;
    fn connection(&self) -> &Arc<Connection>;
    fn expect_stream(&self, position: usize, sink: Arc<dyn UploadSink>);
}

impl<'a> Binder<'a> {
    pub(crate) fn new(arguments: &'a [Payload<'a>], server: &'a dyn CallServices) -> Self {
        Self {
            arguments,
            next: 0,
            server,
            next_stream: 0,
        }
    }

    fn next_argument(&mut self) -> Option<Payload<'a>> {
        let argument = self.arguments.get(self.next).copied();
        self.next += 1;
        argument
    }
}

/// Marks arguments that deserialise.
#[doc(hidden)]
pub enum ViaPayload {}

impl<T: DeserializeOwned + Send + 'static> FromArgument<ViaPayload> for T {
    const KIND: ParameterKind = ParameterKind::Value;

    fn bind(binder: &mut Binder<'_>) -> Result<Self, BindError> {
        binder
            .next_argument()
            .ok_or(BindError)?
            .read()
            .map_err(|_| BindError)
    }
}

/// A last argument that the client may leave out, or give as `null`.
///
/// The number of arguments of every other method must be given exactly. Dereferences to an `Option`.
///
/// SignalR Hub Protocol: *Invocations*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Optional<T>(pub Option<T>);

impl<T> Deref for Optional<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<T> DerefMut for Optional<T> {
    fn deref_mut(&mut self) -> &mut Option<T> {
        &mut self.0
    }
}

impl<T> Optional<T> {
    /// The value, or the default of its type.
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.0.unwrap_or_default()
    }

    /// The value as an `Option`.
    pub fn into_option(self) -> Option<T> {
        self.0
    }
}

/// Marks arguments that may be left out.
#[doc(hidden)]
pub enum ViaOptional {}

impl<T: DeserializeOwned + Send + 'static> FromArgument<ViaOptional> for Optional<T> {
    const KIND: ParameterKind = ParameterKind::Optional;

    fn bind(binder: &mut Binder<'_>) -> Result<Self, BindError> {
        match binder.next_argument() {
            Some(payload) if !payload.is_null() => payload
                .read()
                .map(|value| Self(Some(value)))
                .map_err(|_| BindError),
            _ => Ok(Self(None)),
        }
    }
}

/// Marks the cancellation token.
#[doc(hidden)]
pub enum ViaServer {}

impl FromArgument<ViaServer> for CancellationToken {
    const KIND: ParameterKind = ParameterKind::Server;

    fn bind(binder: &mut Binder<'_>) -> Result<Self, BindError> {
        Ok(binder.server.cancellation())
    }
}

/// Marks streams sent by the client.
#[doc(hidden)]
pub enum ViaStream {}

impl<T: DeserializeOwned + Send + 'static> FromArgument<ViaStream> for UploadStream<T> {
    const KIND: ParameterKind = ParameterKind::Stream;

    fn bind(binder: &mut Binder<'_>) -> Result<Self, BindError> {
        let connection = binder.server.connection();
        let stream = Self::new(connection.core.options.stream_buffer_capacity, connection);
        binder
            .server
            .expect_stream(binder.next_stream, stream.sink());
        binder.next_stream += 1;
        Ok(stream)
    }
}
