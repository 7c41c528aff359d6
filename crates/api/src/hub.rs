//! The chat hub at `/hubs/chat`: each method parses, calls one service method, and answers.

mod authenticate;
mod chat_hub;
mod events;
mod outbound;
mod session;
mod watching;

pub(crate) use chat_hub::{HubState, build};
pub(crate) use outbound::HubOutbound;
pub(crate) use watching::Watching;
