//! Two nodes on one PostgreSQL, with a Redis between them.

use std::process::Command;
use std::time::Duration;

use hubbub_testkit::{HubbubBuilder, PostgresCluster, RedisServer, Stream, TestDir};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{GENERAL, Person, TestApp, binary};
use crate::connection::Connection;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster in small.
struct Cluster {
    // Before what they need: fields are dropped in this order.
    first: TestApp,
    second: TestApp,
    redis: RedisServer,
    database_url: String,
    _postgres: PostgresCluster,
}

fn node(name: &str, database_url: &str, redis: &RedisServer) -> HubbubBuilder {
    binary()
        .name(name)
        .env("HUBBUB_DATABASE_URL", database_url)
        .env("HUBBUB_REDIS_URL", &redis.url())
}

impl Cluster {
    async fn start() -> Self {
        let cluster = Self::start_with(RedisServer::start().await.unwrap()).await;
        cluster.is_connected(1).await;
        cluster
    }

    async fn start_with(redis: RedisServer) -> Self {
        let postgres = PostgresCluster::start().await.unwrap();
        let url = postgres.create_database().await.unwrap();
        Self {
            first: TestApp::of(node("first", &url, &redis)).await,
            second: TestApp::of(node("second", &url, &redis)).await,
            redis,
            database_url: url,
            _postgres: postgres,
        }
    }

    /// Waits until both nodes have said so often that the bus works.
    async fn is_connected(&self, times: usize) {
        for app in [&self.first, &self.second] {
            let mut said = 0;
            let works = app.server.process().wait_for_line(
                Stream::Stderr,
                "was connected to the other nodes",
                PATIENCE,
                |line| {
                    said += usize::from(line.contains("the bus between nodes works"));
                    (said >= times).then_some(())
                },
            );
            works.await.unwrap();
        }
    }
}

/// A connection that is live.
async fn live(app: &TestApp, person: &Person) -> Connection {
    let mut connection = Connection::open(app, person).await;
    connection.event("Heads").await;
    connection
}

/// Waits for the change of a user's own log that is of this type.
async fn own_change(connection: &mut Connection, kind: &str) -> Value {
    loop {
        let change = connection.event("UserChanged").await["change"].take();
        if change["type"] == json!(kind) {
            return change;
        }
    }
}

#[tokio::test]
async fn what_is_said_on_one_node_is_heard_on_the_other() {
    let cluster = Cluster::start().await;
    let ada = cluster.first.owner("ada").await;
    let bob = cluster.first.guest_of(&ada, "bob").await;
    let mut adas = live(&cluster.first, &ada).await;
    let mut bobs = live(&cluster.second, &bob).await;

    ada.posts(GENERAL, "to all").await;
    assert_eq!(bobs.post().await["body"], "to all");

    // A conversation that did not exist when the connection was made.
    let path = format!("/api/users/{}/messages", bob.id);
    let sent = ada.post(&path, json!({ "body": "to you" })).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let direct = sent.text("conversationId").to_owned();
    let message = bobs.post().await;
    assert_eq!(
        (&message["body"], &message["conversationId"]),
        (&json!("to you"), &json!(direct))
    );

    let typing = adas.invoke("Typing", json!([direct, true])).await;
    typing.unwrap();
    let typing = bobs.event("UserTyping").await;
    assert_eq!(typing["userId"], json!(ada.id));

    let answer = json!([{ "conversationId": direct, "body": "and back" }]);
    bobs.invoke("SendMessage", answer).await.unwrap();
    while adas.post().await["body"] != "and back" {}
}

#[tokio::test]
async fn whoever_is_added_on_one_node_and_removed_hears_exactly_what_lies_between_on_the_other() {
    let cluster = Cluster::start().await;
    let ada = cluster.first.owner("ada").await;
    let bob = cluster.first.guest_of(&ada, "bob").await;
    let mut bobs = live(&cluster.second, &bob).await;
    let group = ada.founds("harbour", &[]).await;
    ada.posts(&group, "before").await;

    let members = format!("/api/groups/{group}/members");
    let added = ada.post(&members, json!({ "userId": bob.id })).await;
    assert_eq!(added.status, StatusCode::NO_CONTENT, "{added:?}");
    ada.posts(&group, "between").await;
    assert_eq!(bobs.post().await["body"], "between");

    let removed = ada.delete(&format!("{members}/{}", bob.id)).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    own_change(&mut bobs, "conversationLost").await;
    ada.posts(&group, "after").await;
    ada.posts(GENERAL, "elsewhere").await;
    assert_eq!(bobs.post().await["body"], "elsewhere");
}

#[tokio::test]
async fn a_sign_out_on_one_node_ends_the_connections_on_the_other() {
    let cluster = Cluster::start().await;
    let ada = cluster.first.owner("ada").await;
    let mut adas = live(&cluster.second, &ada).await;

    let token = json!({ "refreshToken": ada.refresh_token });
    cluster.first.post("/api/auth/logout", token).await;

    let goodbye = adas.close().await["error"].take();
    assert!(
        goodbye.as_str().unwrap().contains("session_revoked"),
        "{goodbye}"
    );
}

#[tokio::test]
async fn without_redis_a_node_serves_its_own_and_with_it_again_the_others_too() {
    let mut cluster = Cluster::start().await;
    let ada = cluster.first.owner("ada").await;
    let bob = cluster.first.guest_of(&ada, "bob").await;
    let mut here = live(&cluster.first, &bob).await;
    let mut there = live(&cluster.second, &bob).await;

    cluster.redis.kill().await.unwrap();
    ada.posts(GENERAL, "without").await;
    assert_eq!(here.post().await["body"], "without");
    // Somebody who comes now is not kept waiting either.
    let mut later = live(&cluster.first, &bob).await;
    ada.posts(GENERAL, "still without").await;
    assert_eq!(later.post().await["body"], "still without");

    cluster.redis.restart_empty().await.unwrap();
    cluster.is_connected(2).await;
    ada.posts(GENERAL, "with").await;
    // What was missed comes first, from the database.
    for expected in ["without", "still without", "with"] {
        assert_eq!(there.post().await["body"], expected);
    }
}

#[tokio::test]
async fn nodes_that_start_before_redis_find_each_other_when_it_is_there() {
    let redis = RedisServer::start().await.unwrap();
    redis.kill().await.unwrap();
    let mut cluster = Cluster::start_with(redis).await;
    let ada = cluster.first.owner("ada").await;
    let mut adas = live(&cluster.second, &ada).await;

    cluster.redis.restart_empty().await.unwrap();
    cluster.is_connected(1).await;

    ada.posts(GENERAL, "hello").await;
    assert_eq!(adas.post().await["body"], "hello");
}

#[test]
fn redis_without_postgres_is_refused_in_one_sentence() {
    let folder = TestDir::new("refused").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hubbub"))
        .env_clear()
        .env("HUBBUB_REDIS_URL", "redis://127.0.0.1:1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("set HUBBUB_DATABASE_URL as well"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_connection_negotiated_on_one_node_opens_on_the_other_for_the_same_person_alone() {
    let cluster = Cluster::start().await;
    let ada = cluster.first.owner("ada").await;
    let bob = cluster.first.guest_of(&ada, "bob").await;
    let negotiated = ada
        .post("/hubs/chat/negotiate?negotiateVersion=1", json!({}))
        .await;
    let id = negotiated.text("connectionToken").to_owned();

    let refused = Connection::try_open(&cluster.second, &bob, Some(&id)).await;
    assert_eq!(refused.err(), Some(StatusCode::NOT_FOUND));
    let opened = Connection::try_open(&cluster.second, &ada, Some(&id)).await;
    opened.unwrap().event("Heads").await;
}

#[tokio::test]
async fn a_node_without_redis_and_nodes_with_it_do_not_serve_one_database() {
    let cluster = Cluster::start().await;
    let lonely = binary().name("lonely").database_url(&cluster.database_url);
    let refused = lonely.start().await.unwrap_err().to_string();
    assert!(
        refused.contains("another running Hubbub serves it"),
        "{refused}"
    );

    let postgres = PostgresCluster::start().await.unwrap();
    let url = postgres.create_database().await.unwrap();
    let _lonely = TestApp::of(binary().database_url(&url)).await;
    let refused = node("late", &url, &cluster.redis).start().await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("serves it without Redis"), "{refused}");
    assert!(refused.contains("HUBBUB_REDIS_URL"), "{refused}");
}
