//! The WebSocket transport: one task per connection, which owns the socket.
//!
//! The frames are read and written here rather than by a general WebSocket library because a hub connection needs less and gains much: payload
//! bytes go straight into the hub protocol's parser, which does its own framing, so a message is never assembled twice and its limit is
//! the hub's; an idle connection owns no buffer at all; and whatever is queued leaves in one WebSocket message.

mod codec;
mod driver;
mod upgrade;

pub(crate) use driver::Driver;
pub(crate) use upgrade::{Upgrade, is_upgrade};
