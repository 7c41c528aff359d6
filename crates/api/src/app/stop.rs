//! Being asked to stop, and stopping in time.

use std::time::Duration;

use tokio::time::Instant;

/// How long the program may take to end once the clients are sent away, whatever does not answer.
const GRACE: Duration = Duration::from_millis(4_500);

/// The end of the program, step by step. No step takes the time of those after it, and who asked twice is not kept waiting by clients.
pub(super) struct Stop {
    deadline: Instant,
}

impl Stop {
    /// Begins to stop; clients are sent away over this window.
    pub(super) fn begin(window: Duration) -> Self {
        let deadline = Instant::now() + window + GRACE;
        Self { deadline }
    }

    /// Clients are sent away, and the calls that they have made end. Being asked to stop once more ends this at once.
    pub(super) async fn calls(&self, end: impl Future<Output = ()>) {
        let done = async {
            tokio::select! {
                () = end => {}
                () = requested() => tracing::info!("stopping at once"),
            }
        };
        self.bound(done, 2_500, "some calls did not end in time")
            .await;
    }

    /// HTTP requests end.
    pub(super) async fn requests(&self, end: impl Future<Output = ()>) {
        self.bound(end, 1_500, "some requests did not end in time")
            .await;
    }

    /// What was taken in is written.
    pub(super) async fn work(&self, end: impl Future<Output = ()>) {
        self.bound(end, 1_000, "some work did not end in time")
            .await;
    }

    /// Other nodes are told.
    pub(super) async fn bus(&self, end: impl Future<Output = ()>) {
        self.bound(end, 500, "other nodes were not told everything")
            .await;
    }

    /// The database is closed.
    pub(super) async fn database(&self, end: impl Future<Output = ()>) {
        self.bound(end, 0, "the database was not closed in time")
            .await;
    }

    /// Gives a step until so many milliseconds before the end.
    async fn bound(&self, step: impl Future<Output = ()>, reserve_ms: u64, otherwise: &str) {
        let until = self.deadline - Duration::from_millis(reserve_ms);
        if tokio::time::timeout_at(until, step).await.is_err() {
            tracing::warn!("{otherwise}");
        }
    }
}

/// Returns when the program is asked to stop: by SIGTERM, or by Ctrl-C.
pub(super) async fn requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    () = interrupted() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM will end the program at once");
                interrupted().await;
            }
        }
    }
    #[cfg(not(unix))]
    interrupted().await;
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C will end the program at once");
        std::future::pending::<()>().await;
    }
}
