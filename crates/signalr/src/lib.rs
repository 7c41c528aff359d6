//! A complete ASP.NET Core SignalR server for axum.
//!
//! A hub is a set of plain async functions. Clients call them, and the server calls methods of the clients: one, a group, a user's, or all.
//!
//! ```
//! use axum::Router;
//! use signalr_hub::{Context, DisconnectReason, Hub, HubError};
//!
//! async fn connected(context: Context) -> Result<(), HubError> {
//!     let id = context.connection_id();
//!     context.clients().caller().send("Welcome", (id.as_str(),)).map_err(HubError::from_error)
//! }
//!
//! async fn say(context: Context, topic: String, text: String) -> Result<usize, HubError> {
//!     if text.is_empty() {
//!         return Err(HubError::message("say something"));
//!     }
//!     context.connection().join_group(&topic);
//!     context.clients().group(&topic).send("Said", (&topic, &text)).map_err(HubError::from_error)?;
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

mod auth;
pub mod backplane;
mod calls;
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
mod options;
mod outbox;
mod prepared;
pub mod protocol;
mod raw;
mod reconnect;
mod refusal;
mod registry;
mod request;
mod router;
mod session;
mod stateless;
mod transport;
mod uploads;
mod user;
mod values;

pub use auth::{Authenticate, AuthenticationError, AuthenticationRequest, RequestPurpose};
pub use client_results::InvokeError;
pub use clients::{CallerClients, Clients, SingleTarget, Target};
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
pub use options::{HubOptions, OutboxLimits, Protocols, TransportKind, Transports};
pub use prepared::PreparedMessage;
pub use raw::{RawConnection, RawEndpoint};
pub use request::RequestSnapshot;
pub use stateless::StatelessNegotiation;
pub use uploads::UploadStream;
pub use user::User;
pub use values::{Binary, Timestamp};
