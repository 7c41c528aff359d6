//! What people can do with Hubbub: one method of a service is one use case and one unit of work.
//!
//! A service checks who may, does it in one transaction, and publishes what changed after the commit, never before.
//! What it needs from outside it asks for through the [`ports`]. The crate knows no database, no wire and no task.
//!
//! Start reading at [`chat`], whose `send` is the heart of the system.

#[cfg(all(
    not(debug_assertions),
    any(
        feature = "broken-ack-before-commit",
        feature = "broken-membership-outside-lock",
        feature = "broken-no-unique-key"
    )
))]
compile_error!("the features `broken-*` are negative controls; no release may contain them");

pub mod auth;
pub mod chat;
pub mod error;
pub mod events;
pub mod groups;
pub mod invitations;
mod paging;
pub mod ports;
pub mod presence;
pub mod server;
pub mod users;
