//! The ways in which hub messages travel.

pub(crate) mod negotiate;
pub(crate) mod websocket;
