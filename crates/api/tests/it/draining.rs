//! The end of a node, as a service manager or an operator brings it about.

use std::time::{Duration, Instant};

use hubbub_testkit::PostgresCluster;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::{GENERAL, TestApp, binary};
use crate::connection::Connection;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the program may take to end after the window in which clients are sent away.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn clients_are_sent_away_one_after_the_other_with_leave_to_come_back_and_nobody_new_is_let_in()
 {
    let app = TestApp::of(binary().env("HUBBUB_SERVER__DRAIN_SECONDS", "4")).await;
    let ada = app.owner("ada").await;
    let mut connections = [
        Connection::open(&app, &ada).await,
        Connection::open(&app, &ada).await,
    ];
    for connection in &mut connections {
        connection.event("Heads").await;
    }
    let began = Instant::now();
    let [one, other] = &mut connections;
    let stopping = app.server.process().terminate(PATIENCE);
    let watching = async {
        // Which of the two goes first is the hub's affair.
        let first = tokio::select! {
            goodbye = one.close() => goodbye,
            goodbye = other.close() => goodbye,
        };
        assert_eq!(first["allowReconnect"], json!(true), "{first}");

        let ready = app.get("/health/ready").await;
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ready.body["status"], "draining");
        let refused = Connection::try_open(&app, &ada, None).await;
        assert_eq!(refused.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        // Who is still there can still speak.
        ada.posts(GENERAL, "goodbye").await;
    };
    let (status, ()) = tokio::join!(stopping, watching);
    assert!(status.unwrap().success());
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "they went at once"
    );
    assert!(began.elapsed() < Duration::from_secs(4) + GRACE);
}

#[tokio::test]
async fn a_database_that_does_not_answer_does_not_keep_a_node_from_ending() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let node = binary()
        .database_url(&url)
        .env("HUBBUB_SERVER__DRAIN_SECONDS", "1");
    let app = TestApp::of(node).await;
    let ada = app.owner("ada").await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let send = json!([{ "conversationId": GENERAL, "body": "is anybody there?" }]);
    cluster.freeze().unwrap();
    connection
        .send(
            &json!({ "type": 1, "invocationId": "1", "target": "SendMessage", "arguments": send }),
        )
        .await;
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.body["database"], "down", "{ready:?}");

    let began = Instant::now();
    let status = app.server.process().terminate(PATIENCE).await.unwrap();
    assert!(status.success(), "{status}");
    assert!(
        began.elapsed() < Duration::from_secs(1) + GRACE,
        "{:?}",
        began.elapsed()
    );
    cluster.thaw().unwrap();
    cluster.restart().await.unwrap();
}

#[tokio::test]
async fn who_asks_twice_does_not_wait_for_the_window() {
    let app = TestApp::of(binary().env("HUBBUB_SERVER__DRAIN_SECONDS", "300")).await;
    let ada = app.owner("ada").await;
    let mut one = Connection::open(&app, &ada).await;
    let mut other = Connection::open(&app, &ada).await;
    let process = app.server.process();
    let again = async {
        tokio::select! {
            _ = one.close() => {}
            _ = other.close() => {}
        }
        process.terminate(PATIENCE).await
    };
    let (first, second) = tokio::join!(process.terminate(PATIENCE), again);
    assert!(first.unwrap().success() && second.unwrap().success());
}
