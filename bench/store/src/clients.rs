//! Clients that each do the next thing when the last is done.

use std::time::{Duration, Instant};

use hubbub_bench_report::quantile;
use tokio::task::JoinSet;

use crate::Failure;

const WARM_UP: Duration = Duration::from_millis(400);
const MEASURED: Duration = Duration::from_millis(1_600);

/// Does the same thing over and over.
pub(crate) trait Client: Send + 'static {
    /// Does it once, and answers how many rows are on disk by it.
    fn act(&mut self) -> impl Future<Output = Result<u32, Failure>> + Send;
}

/// What clients have shown together.
#[derive(Clone, Copy)]
pub(crate) struct Observed {
    /// How many rows reached the disk in a second.
    pub(crate) rows_per_second: f64,
    /// How long each deed took.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Lets clients work side by side for a while.
pub(crate) async fn observe<C: Client>(
    clients: impl IntoIterator<Item = C>,
) -> Result<Observed, Failure> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + MEASURED;
    let mut working = JoinSet::new();
    for client in clients {
        working.spawn(work(client, begin, end));
    }
    let (mut rows, mut latencies) = (0, Vec::new());
    while let Some(worked) = working.join_next().await {
        let (own_rows, own_latencies) = worked??;
        rows += own_rows;
        latencies.extend(own_latencies);
    }
    Ok(Observed {
        rows_per_second: f64::from(rows) / MEASURED.as_secs_f64(),
        p50: quantile(&mut latencies, 0.5),
        p99: quantile(&mut latencies, 0.99),
    })
}

/// Works until `end`, and counts what was done after `begin`.
async fn work(
    mut client: impl Client,
    begin: Instant,
    end: Instant,
) -> Result<(u32, Vec<Duration>), Failure> {
    let (mut rows, mut latencies) = (0, Vec::new());
    let mut now = Instant::now();
    while now < end {
        let asked_at = now;
        let done = client.act().await?;
        now = Instant::now();
        if (begin..end).contains(&now) {
            rows += done;
            latencies.push(now - asked_at);
        }
    }
    Ok((rows, latencies))
}
