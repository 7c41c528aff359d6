//! Where things are kept and shared.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use hubbub_application::ports::Clock as _;
use hubbub_infrastructure::postgres::PgStore;
use hubbub_infrastructure::security::SystemClock;
use hubbub_shared::Causes;

use super::finding::Finding;
use crate::config::{DatabaseUrl, RedisConfig, StorageConfig};

/// By how much two clocks may differ before tokens and the times of messages look odd.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

pub(super) async fn storage(config: &StorageConfig) -> Vec<Finding> {
    match &config.database_url {
        Some(url) => postgres(url, config.allow_unsafe_settings).await,
        None => vec![folder(&config.data_dir)],
    }
}

async fn postgres(url: &DatabaseUrl, allow_unsafe_settings: bool) -> Vec<Finding> {
    const STORAGE: &str = "storage";
    let examined = match PgStore::examine(url.expose()).await {
        Ok(examined) => examined,
        Err(error) => return vec![Finding::wrong(STORAGE, Causes(&error).to_string())],
    };
    let server = format!("PostgreSQL {}", examined.version);
    let settings = examined.unsafe_settings.join(", ");
    let storage = match (settings.is_empty(), allow_unsafe_settings) {
        (true, _) => Finding::well(
            STORAGE,
            format!("{server}; its settings keep what is acknowledged"),
        ),
        (false, true) => Finding::note(
            STORAGE,
            format!(
                "{server} runs with {settings}: a power cut can take acknowledged messages away, which is allowed by storage.allow_unsafe_settings"
            ),
        ),
        (false, false) => Finding::wrong(
            STORAGE,
            format!(
                "{server} runs with {settings}: a power cut could take acknowledged messages away, so Hubbub will not start; correct the server's settings"
            ),
        ),
    };
    vec![storage, clock(examined.ahead_by(SystemClock.now()))]
}

fn clock((ahead, is_ours): (Duration, bool)) -> Finding {
    let whose = if is_ours {
        "this machine's"
    } else {
        "the database's"
    };
    let by = ahead.as_secs_f64();
    if ahead > CLOCK_TOLERANCE {
        let text = format!(
            "{whose} clock is {by:.1} s ahead of the other; order is not in danger, but times and sign-ins are: set both by NTP"
        );
        return Finding::wrong("clock", text);
    }
    Finding::well("clock", format!("{by:.1} s from the database's"))
}

fn folder(folder: &Path) -> Finding {
    const STORAGE: &str = "storage";
    let name = folder.display();
    if !folder.exists() {
        return Finding::note(
            STORAGE,
            format!("the folder {name} will be made at the first start"),
        );
    }
    if let Err(error) = tempfile(folder) {
        return Finding::wrong(
            STORAGE,
            format!("the folder {name} cannot be written: {error}"),
        );
    }
    let lock = File::open(folder.join("hubbub.lock"));
    match lock.map(|lock| lock.try_lock()) {
        Ok(Err(TryLockError::WouldBlock)) => Finding::well(
            STORAGE,
            format!("the folder {name}, in use by a running Hubbub"),
        ),
        _ => Finding::well(STORAGE, format!("the folder {name}, which nobody uses now")),
    }
}

/// Writes a file and removes it.
fn tempfile(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(".hubbub-doctor");
    std::fs::write(&file, b"may be removed")?;
    std::fs::remove_file(file)
}

pub(super) async fn redis(config: &RedisConfig) -> Option<Finding> {
    let url = config.url.as_ref()?;
    Some(
        match hubbub_infrastructure::redis::ping(url.expose()).await {
            Ok(time) => Finding::well(
                "redis",
                format!("answered in {:.1} ms", time.as_secs_f64() * 1_000.0),
            ),
            Err(error) => Finding::wrong(
                "redis",
                format!(
                    "{}: nodes will hear of each other's messages late, within 7 s",
                    Causes(&error)
                ),
            ),
        },
    )
}
