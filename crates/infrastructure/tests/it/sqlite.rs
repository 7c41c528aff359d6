use std::path::{Path, PathBuf};
use std::sync::Arc;

use hubbub_domain::error::RepositoryErrorKind;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::sqlite::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query, query_scalar};
use tempfile::TempDir;

use crate::conformance::{Fixture, conformance_tests};

/// A database in a file of its own, as in production.
pub(crate) struct SqliteFixture {
    store: Arc<SqliteStore>,
    folder: TempDir,
}

impl SqliteFixture {
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("hubbub.db")
    }
}

impl Fixture for SqliteFixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("hubbub.db")).await;
        Self {
            store: Arc::new(store.unwrap()),
            folder,
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }
}

conformance_tests!(SqliteFixture);

async fn connect(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("hubbub.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn the_journal_is_a_wal() {
    let fixture = SqliteFixture::new().await;
    let mut connection = connect(fixture.folder.path()).await;
    let mode: String = query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_database_that_is_locked_by_another_program_is_unavailable_and_works_again_after() {
    let fixture = SqliteFixture::new().await;
    let mut other = connect(fixture.folder.path()).await;
    query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let refused = fixture.store().begin().await.err().expect("it is locked");
    assert_eq!(refused.kind(), RepositoryErrorKind::Unavailable);
    query("ROLLBACK").execute(&mut other).await.unwrap();
    fixture.store().begin().await.expect("it is free again");
}

#[tokio::test]
async fn opening_a_database_again_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hubbub.db");
    let epoch = hubbub_domain::ids::Epoch::from_uuid(uuid::Uuid::from_u128(7));
    let now = hubbub_domain::timestamp::Timestamp::from_unix_micros(1);
    let first = SqliteStore::open(&file).await.unwrap();
    let mut unit = first.begin().await.unwrap();
    unit.server().initialise(epoch, "CODE", now).await.unwrap();
    unit.commit().await.unwrap();
    first.close().await;
    let second = SqliteStore::open(&file).await.unwrap();
    let mut view = second.read().await.unwrap();
    assert_eq!(view.server().epoch().await.unwrap(), epoch);
}
