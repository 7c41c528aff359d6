//! Kills Hubbub and its database, cuts their power, and checks that nothing acknowledged is lost or doubled.
//!
//! [`Chat`] is a few people who send without a pause, over HTTP alone, and remember in a [`Ledger`] what they sent and
//! what they were answered. [`Site`] is the Hubbub they use, with its database, to be killed and started again;
//! [`Image`] is the disk under it, whose power can be cut. After each fault [`audit`](audit::audit) compares the ledger
//! with the whole log as Hubbub then shows it.
//!
//! The tests of `crates/api` use it for the small suite of `make test`; the program beside it is `make crash` and
//! `make powerloss`. It knows Hubbub's public contract and nothing of its insides.

pub mod audit;
pub mod chance;
pub mod chat;
pub mod image;
pub mod ledger;
pub mod load;
pub mod site;
pub mod wire;

pub use audit::Audit;
pub use chance::Chance;
pub use chat::Chat;
pub use image::Image;
pub use ledger::Ledger;
pub use load::Load;
pub use site::{Database, Site};
