//! Values inside messages: written without knowing the receiver, read once the wanted type is known.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::{HubProtocol, ProtocolError};
use crate::error::SendError;

/// A value that can be written in either protocol: anything that serialises.
pub trait Encode {
    /// Appends the value in the given protocol.
    ///
    /// # Errors
    /// The value's `Serialize` implementation failed.
    fn encode(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError>;
}

impl<T: Serialize + ?Sized> Encode for T {
    fn encode(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError> {
        match protocol {
            HubProtocol::Json => serde_json::to_writer(out, self).map_err(SendError::new),
            HubProtocol::MessagePack => {
                let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
                self.serialize(&mut serializer).map_err(SendError::new)
            }
        }
    }
}

/// The positional arguments of a call: a tuple of up to eight serialisable values, `()` for none, `(value,)` for one.
///
/// ```
/// # use signalr_hub::{Context, HubError};
/// async fn greet(context: Context) -> Result<(), HubError> {
///     Ok(context.clients().caller().send("Greeted", ("Ada",))?)
/// }
/// ```
///
/// Without its comma it would be a value in parentheses, and does not compile:
///
/// ```compile_fail,E0277
/// # use signalr_hub::{Context, HubError};
/// async fn greet(context: Context) -> Result<(), HubError> {
///     Ok(context.clients().caller().send("Greeted", ("Ada"))?)
/// }
/// ```
///
/// SignalR Hub Protocol: *Invocations*.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "expected a tuple of serialisable values",
    note = "write `()` for no argument, `(value,)` for one (mind the comma), `(first, second)` for two"
)]
pub trait Arguments {
    /// Appends the arguments as one array.
    ///
    /// # Errors
    /// An argument's `Serialize` implementation failed.
    fn encode_arguments(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError>;
}

impl<A: Arguments + ?Sized> Arguments for &A {
    fn encode_arguments(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError> {
        (**self).encode_arguments(protocol, out)
    }
}

fn encode_all(
    protocol: HubProtocol,
    out: &mut Vec<u8>,
    values: &[&dyn Encode],
) -> Result<(), SendError> {
    match protocol {
        HubProtocol::Json => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                value.encode(protocol, out)?;
            }
            out.push(b']');
        }
        HubProtocol::MessagePack => {
            super::messagepack::array_header(out, values.len());
            for value in values {
                value.encode(protocol, out)?;
            }
        }
    }
    Ok(())
}

macro_rules! impl_arguments {
    ($($name:ident),*) => {
        impl<$($name: Serialize),*> Arguments for ($($name,)*) {
            #[expect(non_snake_case, reason = "type parameters double as variable names")]
            fn encode_arguments(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError> {
                let ($($name,)*) = self;
                encode_all(protocol, out, &[$($name as &dyn Encode),*])
            }
        }
    };
}

impl Arguments for () {
    fn encode_arguments(&self, protocol: HubProtocol, out: &mut Vec<u8>) -> Result<(), SendError> {
        encode_all(protocol, out, &[])
    }
}
impl_arguments!(A);
impl_arguments!(A, B);
impl_arguments!(A, B, C);
impl_arguments!(A, B, C, D);
impl_arguments!(A, B, C, D, E);
impl_arguments!(A, B, C, D, E, F);
impl_arguments!(A, B, C, D, E, F, G);
impl_arguments!(A, B, C, D, E, F, G, H);

/// One received value whose type is not known yet. Its syntax and depth have been checked.
///
/// SignalR Hub Protocol: *JSON Payload Encoding* and *MessagePack encoding*.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// A JSON value.
    Json(&'a RawValue),
    /// A MessagePack value.
    MessagePack(&'a [u8]),
}

impl Payload<'_> {
    /// Converts the value.
    ///
    /// # Errors
    /// The value does not have this type.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ProtocolError> {
        match self {
            Self::Json(raw) => serde_json::from_str(raw.get())
                .map_err(|error| ProtocolError::new(error.to_string())),
            Self::MessagePack(bytes) => {
                rmp_serde::from_slice(bytes).map_err(|error| ProtocolError::new(error.to_string()))
            }
        }
    }

    /// Whether the value is `null` or nil.
    pub fn is_null(self) -> bool {
        match self {
            Self::Json(raw) => raw.get() == "null",
            Self::MessagePack(bytes) => bytes == [0xc0],
        }
    }
}

/// The received arguments of an invocation.
///
/// SignalR Hub Protocol: *Invocations*.
#[derive(Debug, Default)]
pub struct InvocationArguments<'a> {
    values: SmallVec<[Payload<'a>; 4]>,
}

impl<'a> InvocationArguments<'a> {
    pub(crate) fn push(&mut self, value: Payload<'a>) {
        self.values.push(value);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Payload<'a>] {
        &self.values
    }

    /// The argument at a position.
    pub fn get(&self, index: usize) -> Option<Payload<'a>> {
        self.values.get(index).copied()
    }
}
