//! How each database finds what the hot queries ask for. The plans are snapshots, so a lost index fails a test.
//!
//! A case is a call over the traits: the statements that it really sends are caught on their way and explained. To add one,
//! add a line to [`hot_queries`] and accept the new snapshots with `cargo insta accept`.

mod caught;

use std::fmt::Write as _;
use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::Epoch;
use hubbub_domain::message::Message;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::personal::{PersonalState, ThreadState};
use hubbub_domain::repository::{Append, ChangeCursor, MessageRange, PostKey};
use hubbub_domain::unit_of_work::Store;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, query_as, query_scalar, raw_sql};
use uuid::Uuid;

use crate::conformance::Fixture as _;
use crate::conformance::world::{at, client_id, people, post, stored_group};
use crate::postgres::PgFixture;
use crate::sqlite::SqliteFixture;
use caught::Caught;

/// Sends every hot query once, by name.
async fn hot_queries(store: &Arc<dyn Store>) -> Vec<(&'static str, Vec<String>)> {
    let [ada, bob] = people(store, ["ada", "bob"]).await;
    let mut tea = stored_group(store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.server()
        .initialise(Epoch::from_uuid(Uuid::nil()), "CODE", at(1))
        .await
        .unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let mut caught = Caught::default();
    let (id, first) = (tea.id, Seq::FIRST);
    let seq = Seq::new(1);
    let thread = ThreadState::new(id, root.id, root.seq, ada.id);
    let names = [ada.username.clone()];
    let state = PersonalState::default();
    macro_rules! catch {
        ($name:literal: $repository:ident.$method:ident($($argument:expr),*)) => {
            caught.of($name, view.$repository().$method($($argument),*)).await.unwrap()
        };
    }
    catch!("newest page": messages.list(id, first, MessageRange::Newest, 50));
    catch!("page before": messages.list(id, first, MessageRange::Before(seq), 50));
    catch!("page after": messages.list(id, first, MessageRange::After(seq), 50));
    catch!("page around": messages.list(id, first, MessageRange::Around(seq), 50));
    catch!("page around in a thread": messages.list_thread(id, root.id, first, MessageRange::Around(seq), 50));
    catch!("message by its id": messages.find(id, root.id));
    catch!("message by its sender's key": messages.find_by_client_id(ada.id, client_id(1)));
    catch!("pins": messages.list_pinned(id, first, 50));
    catch!("number of pins": messages.count_pinned(id));
    catch!("earlier texts": messages.list_revisions(root.id));
    catch!("unread count": personal_states.count_unread(id, ada.id, &state));
    catch!("unread replies": personal_states.count_unread_replies(&thread));
    catch!("followed threads": personal_states.list_followed(ada.id, 50));
    catch!("receipts": personal_states.list_receipts(id, 100));
    catch!("personal state": personal_states.find(id, ada.id));
    catch!("open stay": memberships.find_open(id, ada.id));
    catch!("stays": memberships.list_stays(id, ada.id));
    catch!("departures": memberships.list_departures(id, Rev::FIRST));
    catch!("members": memberships.list_open(id, None, 50));
    catch!("members by name": memberships.list_named(id, &names));
    catch!("bans": bans.list(id, None, 50));
    catch!("one overview": conversations.find_overview(id, ada.id));
    catch!("overviews of a member": conversations.list_overviews(ada.id));
    catch!("heads of a member": conversations.find_heads(ada.id));
    catch!("changes of a conversation": conversations.list_changes(id, Rev::ZERO, 50));
    catch!("changes of a user": users.list_changes(ada.id, UserRev::ZERO, 50));
    let cursor = Some(ChangeCursor(1));
    catch!("logs that have changed": heads.changed_since(cursor, 50));
    catch!("heads of logs": heads.list(&[id], &[ada.id]));
    catch!("those who share a conversation": users.list_sharing(ada.id, &[bob.id]));
    catch!("partners": users.list_partners(ada.id, 200));
    catch!("kept presence": presence.list(&[ada.id, bob.id]));
    catch!("ended sessions": sessions.list_revoked(at(1), 500));
    drop(view);
    write(store, &tea, root, &mut caught).await;
    caught.into_statements()
}

/// Sends what writers send.
async fn write(store: &Arc<dyn Store>, tea: &Conversation, root: Message, caught: &mut Caught) {
    let key = PostKey {
        conversation_id: tea.id,
        sender_id: root.sender_id,
        client_id: root.client_id,
        reply_to: Some(root.id),
        thread_root: Some(root.id),
    };
    let append = Append {
        conversations: vec![tea.clone()],
        messages: vec![root.clone()],
        roots: vec![root.clone()],
        read: vec![(tea.id, root.sender_id, root.seq)],
        followed: vec![ThreadState::new(tea.id, root.id, root.seq, root.sender_id)],
    };
    let mut unit = store.begin().await.unwrap();
    let ids = [tea.id];
    caught.of("locks", unit.log().lock(&ids)).await.unwrap();
    let keys = [key];
    let circumstances = unit.log().find_circumstances(&keys);
    caught.of("circumstances", circumstances).await.unwrap();
    let changed = unit.messages().update(&root);
    caught.of("changed message", changed).await.unwrap();
    let purged = unit.messages().purge_deleted(at(1), 50);
    caught.of("purge", purged).await.unwrap();
    let appended = caught.of("batch", unit.log().append(&append)).await;
    assert!(appended.is_err_and(|error| error.is_conflict()));
    drop(unit);
    let mut log = store.optimistic_log().unwrap();
    caught.of("sight", log.sight(&keys)).await.unwrap();
    let seen = [(tea.id, tea.last_rev)];
    let appended = log.append_if_unmoved(&seen, &append);
    let appended = caught.of("batch if unmoved", appended).await;
    assert!(appended.is_err_and(|error| error.is_conflict()));
    let plain = Append {
        roots: Vec::new(),
        followed: Vec::new(),
        ..append
    };
    let appended = log.append_if_unmoved(&seen, &plain);
    let appended = caught.of("plain batch if unmoved", appended).await;
    assert!(appended.is_err_and(|error| error.is_conflict()));
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
    INSERT INTO conversations (id, kind, name, last_seq, last_rev, settings_rev, history, member_count,
                               last_activity_at, created_at)
        SELECT gen_random_uuid(), 'group', 'Group ' || n, 0, 0, 0, 'all', 0, n, 1 FROM generate_series(1, 1000) n;
    INSERT INTO memberships (conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, user_rev, joined_at)
        SELECT c.id, u.id, 'member', u.n, CASE WHEN u.n % 5 = 0 THEN u.n + 1 END, 1,
               CASE WHEN u.n % 5 = 0 THEN u.n + 1 ELSE u.n END, c.n, 1
        FROM (SELECT id, row_number() OVER (ORDER BY username) AS n FROM users) u
        JOIN (SELECT id, row_number() OVER (ORDER BY name) AS n FROM conversations) c ON u.n % 50 = c.n % 50
        WHERE u.n > 10;
    INSERT INTO personal_states (conversation_id, user_id, read_seq, level, user_rev)
        SELECT conversation_id, user_id, 1, 'all', user_rev FROM memberships ON CONFLICT DO NOTHING;
    INSERT INTO bans (conversation_id, user_id, banned_by, banned_at)
        SELECT conversation_id, user_id, user_id, 1 FROM memberships WHERE to_rev IS NOT NULL;
    INSERT INTO messages (conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, body, sent_at,
                          thread_id, mentions_all, pinned_at, deleted_at, deleted_by)
        SELECT c.id, n, gen_random_uuid(), n, CASE WHEN n % 7 = 0 THEN n + 1000 ELSE n END, u.id, gen_random_uuid(), '', '', n,
               CASE WHEN n % 10 = 5 THEN md5(c.id::text || n / 100)::uuid END, n % 50 = 2,
               CASE WHEN n % 100 = 1 THEN n END, CASE WHEN n % 50 = 3 THEN n END, CASE WHEN n % 50 = 3 THEN u.id END
        FROM (SELECT id FROM conversations ORDER BY name LIMIT 40) c,
             (SELECT id FROM users ORDER BY username LIMIT 1) u, generate_series(1000, 1500) n;
    INSERT INTO mentions (user_id, conversation_id, seq)
        SELECT m.user_id, x.conversation_id, x.seq FROM messages x
        JOIN memberships m ON m.conversation_id = x.conversation_id WHERE x.seq % 100 = 7;
    INSERT INTO revisions (message_id, number, body, written_at)
        SELECT id, n, '', 1 FROM messages, generate_series(1, 3) n WHERE rev > created_rev;
    INSERT INTO thread_states (user_id, root_id, conversation_id, root_seq, is_following, read_seq, user_rev)
        SELECT m.user_id, x.id, x.conversation_id, x.seq, TRUE, x.seq, x.seq FROM messages x
        JOIN memberships m ON m.conversation_id = x.conversation_id WHERE x.seq % 100 = 7;
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
    let nulls = match vec!["NULL"; usize::try_from(count).unwrap()].join(",") {
        none if none.is_empty() => none,
        nulls => format!("({nulls})"),
    };
    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE hot{nulls}"));
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
