//! The same program on PostgreSQL.

use std::process::{Command, Output};
use std::time::Duration;

use hubbub_testkit::postgres::PostgresCluster;
use hubbub_testkit::{HubbubBuilder, Stream, TestDir};
use reqwest::StatusCode;

use crate::app::{GENERAL, TestApp, binary};

fn on(url: &str) -> HubbubBuilder {
    binary().env("HUBBUB_DATABASE_URL", url)
}

/// Runs a node that is expected to be refused to its end.
fn refused(url: &str) -> Output {
    let folder = TestDir::new("refused").unwrap();
    Command::new(env!("CARGO_BIN_EXE_hubbub"))
        .env_clear()
        .env("HUBBUB_SERVER__LISTEN", "127.0.0.1:0")
        .env("HUBBUB_DATABASE_URL", url)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

fn assert_refused(output: &Output, about: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    let sentence = said.lines().last().unwrap_or_default();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        sentence.starts_with("hubbub: the PostgreSQL database") && sentence.contains(about),
        "{said}"
    );
}

#[tokio::test]
async fn it_keeps_everything_in_postgres_and_nothing_in_a_folder() {
    let cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let mut app = TestApp::of(on(&url)).await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    for text in ["one", "two", "three"] {
        assert_eq!(ada.posts(GENERAL, text).await.status, StatusCode::CREATED);
    }
    assert!(app.server.stop().await.unwrap().success());
    app.server.start_again().await.unwrap();
    let bodies: Vec<_> = bob
        .reads_posts(GENERAL)
        .await
        .iter()
        .map(|message| message["body"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(bodies, ["one", "two", "three"]);
    let left = std::fs::read_dir(app.server.data_dir()).unwrap().count();
    assert_eq!(left, 0, "no file beside the database");
}

#[tokio::test]
async fn a_second_node_is_refused_while_the_first_runs() {
    let cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let first = TestApp::of(on(&url)).await;
    let second_url = url.clone();
    let second = tokio::task::spawn_blocking(move || refused(&second_url));
    assert_refused(&second.await.unwrap(), "another running Hubbub serves it");
    // Not even a node that had no time to say goodbye keeps the next one away.
    first.server.kill().await.unwrap();
    let next = TestApp::of(on(&url)).await;
    assert_eq!(next.get("/health/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_node_outlives_a_restart_of_its_server_and_still_keeps_others_away() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let app = TestApp::of(on(&url)).await;
    cluster.kill().await.unwrap();
    cluster.start_again().await.unwrap();
    let told = app.server.process().wait_for_line(
        Stream::Stderr,
        "held its lock again",
        Duration::from_secs(30),
        |line| line.contains("the database is kept again").then_some(()),
    );
    told.await.unwrap();
    assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
    let address = url.clone();
    let second = tokio::task::spawn_blocking(move || refused(&address));
    assert_refused(&second.await.unwrap(), "another running Hubbub serves it");
}

#[tokio::test]
async fn a_server_with_unsafe_settings_is_refused_unless_that_is_allowed() {
    let cluster = PostgresCluster::builder().setting("synchronous_commit", "off");
    let cluster = cluster.start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let address = url.clone();
    let output = tokio::task::spawn_blocking(move || refused(&address));
    assert_refused(&output.await.unwrap(), "synchronous_commit=off");
    let allowed = on(&url).env("HUBBUB_STORAGE__ALLOW_UNSAFE_SETTINGS", "true");
    let app = TestApp::of(allowed).await;
    assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
}
