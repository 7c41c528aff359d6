//! What one node needs no other program for.

mod event_bus;

pub use event_bus::InProcessEventBus;
