//! The devices and the checker over a model of the server.

mod device;
mod model;
#[cfg(not(feature = "broken-no-hole-detection"))]
mod rule;
mod server;
