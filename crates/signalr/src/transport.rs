//! The ways in which hub messages travel.

pub(crate) mod http_channel;
pub(crate) mod long_polling;
pub(crate) mod negotiate;
pub(crate) mod server_sent_events;
pub(crate) mod websocket;
