use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use hubbub_application::auth::AuthError;
use hubbub_domain::error::RepositoryError;
use hubbub_infrastructure::postgres::PgStoreError;
use hubbub_infrastructure::redis::BadRedisUrl;
use hubbub_infrastructure::sqlite::StoreError;
use opentelemetry_otlp::ExporterBuildError;

/// Why Hubbub does not start, or cannot go on, in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operating system gives no threads.
    #[error("the program cannot start its threads")]
    Runtime(#[source] io::Error),
    /// Traces cannot be sent to where they should be.
    #[error(
        "traces cannot be sent; traces.endpoint must be the address of an OpenTelemetry collector"
    )]
    Traces(#[source] ExporterBuildError),
    /// The data folder cannot be made or written.
    #[error("the data folder {} cannot be written; choose another with --data-dir", .0.display())]
    DataDir(PathBuf, #[source] io::Error),
    /// Another process has it.
    #[error("the data folder {} is used by another Hubbub that is running; stop it or choose another folder with --data-dir", .0.display())]
    DataDirInUse(PathBuf),
    /// The database in it cannot be used.
    #[error("the database {} cannot be used", .0.display())]
    Database(PathBuf, #[source] StoreError),
    /// The database in PostgreSQL cannot be used.
    #[error("the PostgreSQL database of HUBBUB_DATABASE_URL cannot be used")]
    Postgres(#[source] PgStoreError),
    /// It was used, but is not ours alone any more.
    #[error("another Hubbub serves the database, so this one has stopped")]
    NodeLockLost,
    /// The address of Redis cannot be used.
    #[error("HUBBUB_REDIS_URL cannot be used")]
    Redis(#[source] BadRedisUrl),
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {_0}{hint}", hint = listen_hint(_1))]
    Listen(SocketAddr, #[source] io::Error),
    /// Neither is that of the metrics.
    #[error("cannot serve metrics on {_0}; choose another address with metrics.listen")]
    ListenMetrics(SocketAddr, #[source] io::Error),
    /// The installation could not be prepared.
    #[error("the database could not be prepared")]
    Prepare(#[source] RepositoryError),
    /// Signing in could not be prepared.
    #[error("signing in could not be prepared")]
    Auth(#[source] AuthError),
}

fn listen_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": another program uses this port; stop it or choose another with --listen"
        }
        io::ErrorKind::PermissionDenied => {
            ": the system does not allow this port; choose one above 1023 with --listen"
        }
        _ => "; choose another address with --listen",
    }
}
