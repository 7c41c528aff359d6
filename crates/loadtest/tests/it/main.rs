//! The devices and the checker over a model of the server.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod device;
mod model;
#[cfg(not(feature = "broken-no-hole-detection"))]
mod rule;
mod server;
