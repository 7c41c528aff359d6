//! One simulated device.

pub mod rule;
