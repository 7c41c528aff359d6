//! The chat hub at `/hubs/chat`: each method parses, calls one service method, and answers.

mod authenticate;
mod chat_hub;
mod events;
mod groups;
mod input;
mod messages;
mod outbound;
mod presence;
mod reading;
mod session;
mod sync;
mod watching;

pub(crate) use chat_hub::{HubState, builder};
#[cfg(test)]
pub(crate) use messages::Outgoing;
pub(crate) use outbound::HubOutbound;
pub(crate) use watching::Watching;
