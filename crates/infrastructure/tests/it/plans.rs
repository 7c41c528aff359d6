//! How each database finds what the hot queries ask for. The plans are snapshots, so a lost index fails a test.
//!
//! A case is a call over the traits: the statements that it really sends are caught on their way and explained. To add one,
//! add a line to [`hot_queries`] and accept the new snapshots with `cargo insta accept`.

mod caught;

use std::fmt::Write as _;
use std::sync::Arc;

use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::Store;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, query_as, query_scalar, raw_sql};

use crate::conformance::Fixture as _;
use crate::conformance::world::{client_id, people, post, stored_group};
use crate::postgres::PgFixture;
use crate::sqlite::SqliteFixture;
use caught::Caught;

/// Sends every hot query once, by name.
async fn hot_queries(store: &Arc<dyn Store>) -> Vec<(&'static str, Vec<String>)> {
    let [ada, bob] = people(store, ["ada", "bob"]).await;
    let mut tea = stored_group(store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let mut caught = Caught::default();
    let (id, first) = (tea.id, Seq::FIRST);
    let seq = Seq::new(1);
    macro_rules! catch {
        ($name:literal: $repository:ident.$method:ident($($argument:expr),*)) => {
            caught.of($name, view.$repository().$method($($argument),*)).await.unwrap()
        };
    }
    catch!("newest page": messages.list(id, first, MessageRange::Newest, 50));
    catch!("page before": messages.list(id, first, MessageRange::Before(seq), 50));
    catch!("page after": messages.list(id, first, MessageRange::After(seq), 50));
    catch!("page around": messages.list(id, first, MessageRange::Around(seq), 50));
    catch!("message by its sender's key": messages.find_by_client_id(ada.id, client_id(1)));
    catch!("unread count": read_markers.count_unread(id, ada.id, Seq::ZERO));
    catch!("read marker": read_markers.find(id, ada.id));
    catch!("open stay": memberships.find_open(id, ada.id));
    catch!("members": memberships.list_open(id, None, 50));
    catch!("one overview": conversations.find_overview(id, ada.id));
    catch!("overviews of a member": conversations.list_overviews(ada.id));
    catch!("heads of a member": conversations.list_heads(ada.id));
    catch!("changes of a conversation": conversations.list_changes(id, Rev::ZERO, 50));
    catch!("changes of a user": users.list_changes(ada.id, UserRev::ZERO));
    catch!("those who share a conversation": users.list_sharing(ada.id, &[bob.id]));
    caught.into_statements()
}

#[tokio::test]
async fn sqlite_finds_by_index_what_is_asked_often() {
    let fixture = SqliteFixture::new().await;
    let queries = hot_queries(&fixture.store()).await;
    let options = SqliteConnectOptions::new().filename(fixture.file());
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for (name, statements) in queries {
        let mut plans = String::new();
        for statement in statements {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = query_as::<_, (i64, i64, i64, String)>(sql);
            let steps = steps.fetch_all(&mut connection).await.unwrap();
            for (_, _, _, step) in steps {
                writeln!(plans, "{step}").unwrap();
            }
            plans.push('\n');
        }
        assert_plan("sqlite", name, &plans);
    }
}

#[tokio::test]
async fn postgres_finds_by_index_what_is_asked_often() {
    let fixture = PgFixture::new().await;
    let queries = hot_queries(&fixture.store()).await;
    let mut connection = PgConnection::connect(&fixture.url).await.unwrap();
    raw_sql(FILLED).execute(&mut connection).await.unwrap();
    for (name, statements) in queries {
        let mut plans = String::new();
        for statement in statements {
            for line in explained(&mut connection, &statement).await {
                writeln!(plans, "{line}").unwrap();
            }
            plans.push('\n');
        }
        assert_plan("postgres", name, &plans);
    }
}

/// A table of a few rows is read whole whatever indexes it has, so there are many, few enough for exact statistics; even
/// then only what has no index is. The plan for any values is the one to look at.
const FILLED: &str = "
    INSERT INTO users (id, username, display_name, display_key, role, password_hash, created_at)
        SELECT gen_random_uuid(), 'user' || n, '', '', 'member', '', 1 FROM generate_series(1, 1000) n;
    INSERT INTO conversations (id, kind, name, last_seq, last_rev, member_count, last_activity_at, created_at)
        SELECT gen_random_uuid(), 'group', 'Group ' || n, 0, 0, 0, n, 1 FROM generate_series(1, 1000) n;
    INSERT INTO memberships (conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, user_rev, joined_at)
        SELECT c.id, u.id, 'member', u.n, CASE WHEN u.n % 5 = 0 THEN u.n + 1 END, 1, u.n, c.n, 1
        FROM (SELECT id, row_number() OVER (ORDER BY username) AS n FROM users) u
        JOIN (SELECT id, row_number() OVER (ORDER BY name) AS n FROM conversations) c ON u.n % 50 = c.n % 50
        WHERE u.n > 10;
    INSERT INTO read_markers (conversation_id, user_id, seq, user_rev)
        SELECT conversation_id, user_id, 1, user_rev FROM memberships WHERE rev > 10 ON CONFLICT DO NOTHING;
    INSERT INTO messages (conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, body, sent_at)
        SELECT c.id, n, gen_random_uuid(), n, n, u.id, gen_random_uuid(), '', '', n
        FROM (SELECT id FROM conversations ORDER BY name LIMIT 40) c,
             (SELECT id FROM users ORDER BY username LIMIT 1) u, generate_series(1000, 1500) n;
    ANALYZE;
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    -- as on the connections of the store
    SET enable_bitmapscan = off;";

/// The plan for any values: PostgreSQL finds out their types by itself.
async fn explained(connection: &mut PgConnection, statement: &str) -> Vec<String> {
    let prepare = AssertSqlSafe(format!("PREPARE hot AS {statement}"));
    raw_sql(prepare).execute(&mut *connection).await.unwrap();
    let count = query_scalar::<_, i32>(
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'hot'",
    );
    let count = count.fetch_one(&mut *connection).await.unwrap();
    let nulls = vec!["NULL"; usize::try_from(count).unwrap()].join(",");
    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE hot({nulls})"));
    let plan = query_scalar::<_, String>(explain).persistent(false);
    let plan = plan.fetch_all(&mut *connection).await.unwrap();
    let deallocate = raw_sql("DEALLOCATE hot").execute(connection);
    deallocate.await.unwrap();
    plan
}

fn assert_plan(database: &str, name: &str, plans: &str) {
    assert!(!plans.trim().is_empty(), "{name} was caught");
    let file = format!("{database}__{}", name.replace([' ', '\''], "_"));
    insta::assert_snapshot!(file, plans);
}
