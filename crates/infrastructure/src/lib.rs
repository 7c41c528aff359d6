//! The adapters: how the ports and the storage traits are met by real things.
//!
//! Each folder is named after its technology. Nothing here decides anything: it translates, and maps failures to the closed
//! kinds that the layers above know.
//!
//! Start reading at [`sqlite`]; its statements are written so that they run on PostgreSQL as they are.

pub mod in_process;
mod records;
pub mod security;
pub mod sqlite;
