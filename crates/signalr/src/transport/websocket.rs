//! The WebSocket transport: one task per connection, which owns the socket.
//!
//! The frames are read and written here rather than by a general WebSocket library because a hub connection needs less and gains much: payload
//! bytes go straight into the hub protocol's parser, which does its own framing, so a message is never assembled twice and its limit is
//! the hub's; an idle connection owns no buffer at all; and whatever is queued leaves in one WebSocket message.

mod codec;
mod driver;
mod upgrade;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::endpoint::Session;
use driver::Driver;
pub(crate) use upgrade::{Upgrade, is_upgrade};

/// The task of a WebSocket connection.
pub(crate) async fn run<S: Session>(mut session: S, on_upgrade: OnUpgrade) {
    if let Ok(socket) = on_upgrade.await {
        Driver::new(TokioIo::new(socket), &mut session).await;
    }
    session.finish().await;
}
