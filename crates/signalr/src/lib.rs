//! A complete ASP.NET Core SignalR server for axum.
//!
//! A *hub* is a set of plain async functions. Clients call them over one connection each, and the server calls methods of the clients: of
//! one, of a group, of a user, or of all. Any SignalR client works unchanged: the official ones for JavaScript, .NET, Java and Swift, and the
//! independent ones, over WebSockets, Server-Sent Events and long polling, in JSON and MessagePack.
//!
//! ```
//! use axum::Router;
//! use signalr_hub::{Context, DisconnectReason, Hub, HubError};
//!
//! async fn connected(context: Context) -> Result<(), HubError> {
//!     let id = context.connection_id();
//!     Ok(context.clients().caller().send("Welcome", (id.as_str(),))?)
//! }
//!
//! async fn say(context: Context, topic: String, text: String) -> Result<usize, HubError> {
//!     if text.is_empty() {
//!         return Err(HubError::message("say something"));
//!     }
//!     context.connection().join_group(&topic);
//!     context.clients().group(&topic).send("Said", (&topic, &text))?;
//!     Ok(text.len())
//! }
//!
//! async fn disconnected(context: Context, reason: DisconnectReason) {
//!     println!("{} left: {reason:?}", context.connection_id());
//! }
//!
//! let hub = Hub::builder()
//!     .on_connected(connected)
//!     .on("Say", say)
//!     .on_disconnected(disconnected)
//!     .build();
//!
//! let app: Router = Router::new().merge(hub.router("/hubs/talk"));
//! ```
//!
//! # Methods
//!
//! A method takes a [`Context`] and up to eight arguments that deserialise, and returns nothing, a value that serialises, or a `Result`; see
//! [`Handler`]. Its name is matched in any case. A last argument of type [`Optional`] may be left out; otherwise the number of arguments must
//! be exact. The error of a `Result` decides what the client may read: [`HubError::message`] is shown, everything else is hidden
//! unless [`HubOptions::detailed_errors`] is on, or, for calls that do not fit their method, [`HubOptions::detailed_binding_errors`].
//!
//! The invocations of a connection run one after the other, in the order in which they came, unless
//! [`HubOptions::maximum_parallel_invocations`] allows more. A method that has begun always runs to its end; when its connection goes away
//! only its token, [`Context::aborted`], is cancelled. What methods share is given to [`Hub::with_state`].
//!
//! # Sending
//!
//! [`Context::clients`] and, outside of methods, [`HubContext::clients`] select receivers. [`Target::send`] encodes the call at most once
//! per protocol and queues it for each of them. It never waits: a client that is too slow to read what it is sent is closed with a reason and told
//! to reconnect ([`OutboxLimits`]), and holds up nobody else. [`PreparedMessage`] is for what is sent more than once, [`ClientMethod`]
//! declares the client's methods with their types.
//!
//! A single client can be asked for a result:
//!
//! ```
//! # use signalr_hub::{Context, HubError};
//! async fn are_you_sure(context: Context) -> Result<bool, HubError> {
//!     Ok(context.clients().caller().invoke("Confirm", ("Delete everything?",)).await?)
//! }
//! ```
//!
//! A [`ConnectionHandle`] stands for one connection of this process: it joins and leaves groups at once, closes the connection, or moves the expiry
//! of its authentication.
//!
//! # Streams
//!
//! A method that returns a [`Stream`](futures_util::Stream) streams its items to the caller, no faster than they are read. A parameter of type
//! [`UploadStream`] receives a stream from the caller. Both may be used at once.
//!
//! ```
//! # use futures_util::{Stream, StreamExt};
//! # use signalr_hub::{Context, HubError, UploadStream};
//! async fn double(_: Context, numbers: UploadStream<i64>) -> impl Stream<Item = Result<i64, HubError>> {
//!     numbers.map(|number| Ok(2 * number?))
//! }
//! ```
//!
//! # Who may connect, and who may call
//!
//! [`Authenticate`] is asked on every request to the hub's routes and establishes the [`User`]. [`HubBuilder::authorize`] protects single
//! methods, [`HubBuilder::authorize_call`] by what they are called with. A [`Filter`] wraps invocations and both ends of a connection. With [`HubOptions::close_on_authentication_expiration`] a
//! connection ends when its user's authentication does, unless [`ConnectionHandle::renew`] moved that moment. [`HubOptions::allowed_origins`]
//! keeps foreign pages out, and
//! [`HubOptions::authentication_refresh`] lets clients move that moment by a request.
//!
//! # Connections
//!
//! `on_connected` is over before the first invocation begins, and what it sends to its connection arrives before anything that others send
//! meanwhile. `on_disconnected` is called once, with a [`DisconnectReason`], as soon as the connection has ended. A client that comes back is a new
//! connection, unless [`HubOptions::stateful_reconnect`] is on, the client wants it, and it returns within 15 seconds: then nothing is
//! lost. [`HubContext::drain`] empties a node that is to be stopped.
//!
//! # Several nodes
//!
//! A hub that runs on several nodes needs two things: that a client may be connected to a node other than the one that negotiated
//! ([`StatelessNegotiation`], or sticky sessions), and that sends reach the connections of the other nodes ([`backplane`]). [`Groups::add`] returns
//! when the new member is reached from all of them.
//!
//! # Values
//!
//! Arguments and results are whatever serde makes of your types. Some things are worth knowing to those who come from ASP.NET Core. It writes property
//! names in `camelCase` for JSON and as they are for MessagePack: choose with `#[serde(rename_all)]`, which holds for both. It reads the names of JSON
//! properties in any case, serde as they are written: add spellings with `#[serde(alias)]`. It writes an enum as a number in JSON and as a
//! string in MessagePack, serde as a string in both. And there are values that the protocols write differently: [`Binary`] and [`Timestamp`].
//!
//! # Beyond hubs
//!
//! [`RawEndpoint`] serves connections without the hub protocol. [`protocol`] is the hub protocol without connections, for clients, load
//! generators and tests.
//!
//! # What is implemented
//!
//! Names in this table are those of the public specifications, *Transport Protocols* and *SignalR Hub Protocol*, in ASP.NET Core's source.
//!
//! | section | where |
//! |---|---|
//! | `POST [endpoint-base]/negotiate`, versions 0 and 1, redirects | [`Hub::router`], [`HubBuilder::redirect`] |
//! | Paths in any case, as clients of ASP.NET Core may write them | [`match_any_case`] |
//! | WebSockets (over HTTP/1.1 and HTTP/2), Server-Sent Events, Long Polling, HTTP Post | [`HubOptions::transports`] |
//! | Handshake, JSON and MessagePack encoding, all nine message types | [`protocol`], [`HubOptions::protocols`] |
//! | Invocations, blocking and not; completion and results; cancelling | [`HubBuilder::on`] |
//! | Streaming, upload streaming | [`IntoReply`], [`UploadStream`] |
//! | Client results | [`SingleTarget::invoke`] |
//! | Ping, timeouts, Close with `allowReconnect` | [`HubOptions`], [`CloseReason`] |
//! | Ack and Sequence (stateful reconnect) | [`HubOptions::stateful_reconnect`] |
//!
//! Where the published text and the code of ASP.NET Core differ, this crate does as the code does. It is stricter in this: every queue and every count
//! that belongs to a connection is bounded, their number is once [`HubOptions::maximum_connections`] is set, and a message that was queued is never dropped
//! alone. WebSocket sub-protocols are not negotiated.
//!
//! # Metrics, traces and logs
//!
//! [`HubObserver`] feeds the metrics of an application. `tracing` spans of the target `signalr_hub::server`, at level debug, stand for what .NET traces
//! as `Microsoft.AspNetCore.SignalR.Server`:
//!
//! | span | lasts | fields |
//! |---|---|---|
//! | `OnConnected` | as long as `on_connected` and its filters | `connection.id`, `rpc.system`, `error.type` |
//! | `InvocationIn` | from a method's beginning to its completion, or that of its stream | the same, and `rpc.method`, the name under which the method was added |
//! | `OnDisconnected` | as long as `on_disconnected` and its filters | as for `OnConnected` |
//!
//! `error.type` is there after a failure. `otel.kind` and `otel.name` tell OpenTelemetry what it wants to know. Spans begin a trace of their own; whatever a
//! method logs is inside. The crate's own events, at debug and trace, carry ids and names of methods and never what clients or applications wrote.

mod any_case;
mod auth;
pub mod backplane;
mod calls;
mod client_method;
mod client_results;
mod clients;
mod clock;
mod connection;
mod connection_id;
mod context;
mod core;
mod cors;
mod dispatch;
mod endpoint;
mod error;
mod filter;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod handle;
mod handler;
mod heartbeat;
mod hub;
mod hub_context;
mod items;
mod observer;
mod options;
mod outbox;
mod prepared;
pub mod protocol;
mod raw;
mod reconnect;
mod refresh;
mod refusal;
mod registry;
mod request;
mod router;
mod session;
mod stateless;
mod target;
mod trace;
mod transport;
mod uploads;
mod user;
mod values;

pub use any_case::match_any_case;
pub use auth::{Authenticate, AuthenticationError, AuthenticationRequest, RequestPurpose};
pub use client_method::ClientMethod;
pub use client_results::InvokeError;
pub use clients::{CallerClients, Clients};
pub use connection_id::ConnectionId;
pub use context::{Context, DisconnectReason};
pub use error::{CloseReason, HubError, SendError};
pub use filter::{Filter, Invocation, Next};
pub use groups::Groups;
pub use handle::ConnectionHandle;
pub use handler::{FromArgument, Handler, IntoReply, Optional, Reply};
pub use hub::{Hub, HubBuilder};
pub use hub_context::HubContext;
pub use items::Items;
pub use observer::{ConnectionStatus, HubObserver, InvocationOutcome};
pub use options::{HubOptions, OutboxLimits, Protocols, TransportKind, Transports};
pub use prepared::PreparedMessage;
pub use raw::{RawConnection, RawEndpoint};
pub use request::RequestSnapshot;
pub use stateless::StatelessNegotiation;
pub use target::{SingleTarget, Target};
pub use transport::negotiate::Redirect;
pub use uploads::UploadStream;
pub use user::User;
pub use values::{Binary, Timestamp};

/// The README's example is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
