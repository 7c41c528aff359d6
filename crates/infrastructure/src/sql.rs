//! The repositories, written once for both databases.
//!
//! A method makes a [`Statement`](statement::Statement), a text with its values, and gives it to the
//! [`Session`](session::Session), which knows the transaction and its driver. The text is the same for both databases
//! (`$1`, `RETURNING`, `ON CONFLICT`); where it cannot be, both texts stand next to each other in
//! [`Statement::either`](statement::Statement::either).
//!
//! To add a table: a migration under `migrations/sqlite` and one of the same number and name under `migrations/postgres`;
//! its row in [`records`]; a file here with one `impl` of its trait for [`SqlUnitOfWork`]; its accessor in [`unit_of_work`];
//! its cases in the conformance suite, and its hot queries in `tests/it/plans.rs`.
//!
//! Three rules make the two databases behave alike:
//!
//! - A row that others must wait for is read with [`Statement::locking`](statement::Statement::locking). On SQLite a unit of
//!   work holds the whole database's write lock from its first statement on.
//! - A taken key is never an error of the database, after which PostgreSQL would refuse every other statement of the
//!   transaction: what may meet one is added with [`Session::insert`](session::Session::insert), and the unit of work goes on
//!   after the conflict.
//! - Text is ordered by its bytes: columns that are ordered by are `COLLATE "C"` on PostgreSQL.

mod bans;
mod conversations;
mod failure;
mod heads;
mod invitations;
mod log;
mod members;
mod messages;
mod moves;
mod personal_states;
mod presence;
mod records;
mod rows;
mod server;
mod session;
mod sessions;
mod statement;
mod threads;
mod unit_of_work;
mod unread;
mod users;

pub(crate) use failure::{of_postgres, of_sqlite};
pub(crate) use session::{PgSession, Session};
pub(crate) use unit_of_work::SqlUnitOfWork;
