//! The suite on PostgreSQL, and what is special about it.

use std::error::Error;
use std::sync::{Arc, Weak};

use hubbub_domain::error::RepositoryErrorKind;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::session::Session;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::postgres::{PgOptions, PgStore, PgStoreError, Serving};
use hubbub_testkit::postgres::PostgresCluster;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::conformance::heads::{cursor, look, tells};
use crate::conformance::world::{at, people, post, stored_group};
use crate::conformance::{Fixture, conformance_tests};

/// A cluster that all tests of this process share, with a database to copy.
struct Shared {
    cluster: Mutex<PostgresCluster>,
    migrated: String,
}

impl Shared {
    /// The one that runs, or a new one: the last test that uses it ends it.
    async fn cluster() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Shared>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        if let Some(shared) = running.upgrade() {
            return shared;
        }
        let cluster = PostgresCluster::start().await.unwrap();
        let migrated = cluster.create_database().await.unwrap();
        open(&migrated).await.close().await;
        let cluster = Mutex::new(cluster);
        let shared = Arc::new(Self { cluster, migrated });
        *running = Arc::downgrade(&shared);
        shared
    }
}

async fn open(url: &str) -> PgStore {
    PgStore::open(url, PgOptions::default()).await.unwrap()
}

/// A database of its own in the shared cluster.
pub(crate) struct PgFixture {
    store: Arc<PgStore>,
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Fixture for PgFixture {
    async fn new() -> Self {
        let shared = Shared::cluster().await;
        let url = {
            let cluster = shared.cluster.lock().await;
            let copied = cluster.create_database_like(&shared.migrated).await;
            copied.unwrap()
        };
        Self {
            store: Arc::new(open(&url).await),
            url,
            shared,
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }
}

conformance_tests!(PgFixture);

/// Why a database is refused, with all causes.
async fn refusal(url: &str) -> String {
    let Err(error) = PgStore::open(url, PgOptions::default()).await else {
        panic!("it was not refused");
    };
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn text_is_ordered_by_bytes_whatever_the_locale_of_the_database() {
    use crate::conformance::{conversations, people};

    let shared = Shared::cluster().await;
    let cluster = shared.cluster.lock().await;
    for name in ["one", "two"] {
        let sql = format!(
            "CREATE DATABASE swedish_{name} OWNER hubbub TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv'"
        );
        cluster.execute(&cluster.url(), &sql).await.unwrap();
    }
    let url = |name| {
        format!(
            "postgres://hubbub@127.0.0.1:{}/swedish_{name}",
            cluster.port()
        )
    };
    let store = Arc::new(open(&url("one")).await);
    people::usernames_are_ordered_by_their_bytes(store).await;
    let store = Arc::new(open(&url("two")).await);
    conversations::channels_are_ordered_by_the_bytes_of_their_names(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_starts_at_once_agree() {
    let shared = Shared::cluster().await;
    let url = shared.cluster.lock().await.create_database().await.unwrap();
    let (one, other) = tokio::join!(open(&url), open(&url));
    people(&(Arc::new(one) as Arc<dyn Store>), ["ada"]).await;
    let mut view = other.read().await.unwrap();
    assert_eq!(view.users().list("", None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledged_is_refused_unless_that_is_allowed() {
    let cluster = PostgresCluster::builder()
        .setting("fsync", "off")
        .setting("synchronous_commit", "off")
        .setting("full_page_writes", "off");
    let cluster = cluster.start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let refused = refusal(&url).await;
    assert!(
        refused.contains("fsync=off, synchronous_commit=off, full_page_writes=off"),
        "{refused}"
    );
    let allowed = PgOptions {
        allow_unsafe_settings: true,
        ..PgOptions::default()
    };
    let store = PgStore::open(&url, allowed).await.unwrap();
    store.begin().await.expect("it is used all the same");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let shared = Shared::cluster().await;
    let cluster = shared.cluster.lock().await;
    let sql = "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'";
    cluster.execute(&cluster.url(), sql).await.unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/ascii", cluster.port());
    assert!(refusal(&url).await.contains("SQL_ASCII"));
}

#[tokio::test]
async fn an_address_without_a_database_behind_it_is_refused_without_its_password() {
    let shared = Shared::cluster().await;
    let port = shared.cluster.lock().await.port();
    for url in [
        format!("postgres://ada:secret-word@127.0.0.1:{port}/missing"),
        "postgres://ada:secret-word@127.0.0.1:nowhere/missing".to_owned(),
        "mysql://ada:secret-word@127.0.0.1/missing".to_owned(),
    ] {
        let refused = refusal(&url).await;
        assert!(!refused.contains("secret-word"), "{refused}");
    }
}

#[tokio::test]
async fn one_node_alone_holds_the_lock_until_its_connection_ends() {
    let fixture = PgFixture::new().await;
    let other = open(&fixture.url).await;
    let mut lock = fixture.store.lock_node(Serving::Alone).await.unwrap();
    let refused = other.lock_node(Serving::Alone).await.err();
    assert!(matches!(refused, Some(PgStoreError::InUse)), "{refused:?}");

    let cluster = fixture.shared.cluster.lock().await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_locks
               JOIN pg_database ON pg_database.oid = pg_locks.database AND datname = current_database()
               WHERE locktype = 'advisory'";
    let database = fixture.url.rsplit_once('/').unwrap().1;
    let url = format!(
        "postgres://postgres@127.0.0.1:{}/{database}",
        cluster.port()
    );
    cluster.execute(&url, sql).await.unwrap();
    let why = lock.lost().await;
    assert!(!why.to_string().is_empty());
    lock.retake().await.expect("nobody has served meanwhile");
    let refused = other.lock_node(Serving::Alone).await.err();
    assert!(matches!(refused, Some(PgStoreError::InUse)), "{refused:?}");

    cluster.execute(&url, sql).await.unwrap();
    lock.lost().await;
    drop(
        other
            .lock_node(Serving::Alone)
            .await
            .expect("it is free again"),
    );
    let refused = lock.retake().await;
    assert!(
        matches!(refused, Err(PgStoreError::ServedMeanwhile)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_change_is_found_whichever_of_two_transactions_is_the_older_and_the_later_to_commit() {
    let fixture = PgFixture::new().await;
    let store = fixture.store();
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut coffee = stored_group(&store, 2, &[&ada]).await;
    let before = cursor(&store).await;
    let mut old = store.begin().await.unwrap();
    post(old.as_mut(), &mut tea, &ada, 1, 10).await;
    let mut young = store.begin().await.unwrap();
    post(young.as_mut(), &mut coffee, &ada, 2, 10).await;
    young.commit().await.unwrap();
    let first = look(&store, before).await;
    assert!(tells(&first, &coffee) && !tells(&first, &tea));

    // The older transaction now changes what the younger one has changed before, and is the last to commit.
    post(old.as_mut(), &mut coffee, &ada, 3, 11).await;
    old.commit().await.unwrap();
    let second = look(&store, Some(first.next)).await;
    assert!(tells(&second, &coffee) && tells(&second, &tea));
    let third = look(&store, Some(second.next)).await;
    assert!(!tells(&third, &coffee) && !tells(&third, &tea));
}

#[tokio::test]
async fn a_row_that_was_restored_into_another_server_is_found_when_it_changes() {
    let fixture = PgFixture::new().await;
    let store = fixture.store();
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let cluster = fixture.shared.cluster.lock().await;
    let restored = "UPDATE moves SET transaction_id = '4000000000000'";
    cluster.execute(&fixture.url, restored).await.unwrap();
    drop(cluster);
    let before = cursor(&store).await;
    let first = look(&store, before).await;
    assert!(!tells(&first, &tea));
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();
    assert!(tells(&look(&store, Some(first.next)).await, &tea));
}

#[tokio::test]
async fn a_row_that_another_has_locked_is_not_waited_for_for_ever() {
    let fixture = PgFixture::new().await;
    let store = fixture.store();
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let mut first = store.begin().await.unwrap();
    first.conversations().lock(tea.id).await.unwrap();
    let mut second = store.begin().await.unwrap();
    let refused = second.conversations().lock(tea.id).await.unwrap_err();
    assert_eq!(refused.kind(), RepositoryErrorKind::Unavailable);
}

#[tokio::test]
async fn nothing_is_committed_after_a_statement_has_failed() {
    let fixture = PgFixture::new().await;
    let nobodys = Session {
        id: SessionId::from_uuid(Uuid::from_u128(1)),
        user_id: UserId::from_uuid(Uuid::from_u128(2)),
        device_name: String::new(),
        generation: 0,
        created_at: at(1),
        last_used_at: at(1),
        expires_at: at(1),
        revoked_at: None,
    };
    let mut unit = fixture.store().begin().await.unwrap();
    let refused = unit.sessions().add(&nobodys).await.unwrap_err();
    assert_eq!(refused.kind(), RepositoryErrorKind::Corrupt);
    assert!(
        unit.commit().await.is_err(),
        "PostgreSQL itself would say yes"
    );
}

#[tokio::test]
async fn a_server_that_is_gone_or_frozen_is_unavailable_and_works_again_after() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&url).await);
    people(&store, ["ada"]).await;

    let unit = store.begin().await.unwrap();
    cluster.kill().await.unwrap();
    let lost = unit.commit().await.unwrap_err();
    assert_eq!(lost.kind(), RepositoryErrorKind::Unavailable);
    let refused = store.begin().await.err().expect("nobody is there");
    assert_eq!(refused.kind(), RepositoryErrorKind::Unavailable);
    cluster.start_again().await.unwrap();
    people(&store, ["bob"]).await;

    cluster.freeze().unwrap();
    let refused = store.begin().await.err().expect("nobody answers");
    assert_eq!(refused.kind(), RepositoryErrorKind::Unavailable);
    cluster.thaw().unwrap();
    people(&store, ["eve"]).await;
}
