//! What the drivers say, in the closed kinds that the layers above know.

use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use sqlx::Error;
use sqlx::error::DatabaseError;

/// What SQLite's driver says.
pub(crate) fn of_sqlite(error: Error) -> RepositoryError {
    failure(error, |database| {
        /// Primary result codes: busy, locked, read-only, I/O error, full, cannot open.
        const PASSING: [u32; 6] = [5, 6, 8, 10, 13, 14];
        let code = database.code().and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|extended| PASSING.contains(&(extended & 0xff)))
    })
}

/// What PostgreSQL's driver says.
pub(crate) fn of_postgres(error: Error) -> RepositoryError {
    failure(error, |database| {
        /// Classes of SQLSTATE: connection, insufficient resources (disk full, too many connections), system error.
        const PASSING_CLASSES: [&str; 3] = ["08", "53", "58"];
        const PASSING: [&str; 11] = [
            "57P01", // admin shutdown
            "57P02", // crash shutdown
            "57P03", // cannot connect now
            "57P05", // idle session timeout
            "57014", // statement timeout
            "55P03", // lock timeout
            "25P03", // idle in transaction timeout
            "25P04", // transaction timeout
            "25006", // read-only, as a standby is
            "40001", // serialization failure
            "40P01", // deadlock
        ];
        database.code().is_some_and(|code| {
            PASSING.contains(&&*code) || PASSING_CLASSES.iter().any(|class| code.starts_with(class))
        })
    })
}

/// Something that a later try may not meet.
pub(crate) fn unavailable(what: &'static str) -> RepositoryError {
    RepositoryError::new(RepositoryErrorKind::Unavailable, what)
}

fn failure(error: Error, is_passing: fn(&dyn DatabaseError) -> bool) -> RepositoryError {
    let kind = match &error {
        Error::Database(database) if database.is_unique_violation() => {
            RepositoryErrorKind::Conflict
        }
        Error::Database(database) if is_passing(database.as_ref()) => {
            RepositoryErrorKind::Unavailable
        }
        Error::PoolTimedOut
        | Error::PoolClosed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::WorkerCrashed => RepositoryErrorKind::Unavailable,
        _ => RepositoryErrorKind::Corrupt,
    };
    RepositoryError::new(kind, error)
}
