//! A database that cannot be written for a while: nothing is acknowledged, nothing is lost, and everything works again after.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query};

use crate::app::{GENERAL, TestApp, answer, fresh_key};
use crate::connection::Connection;

/// Takes the database away from Hubbub.
async fn lock_out(app: &TestApp) -> SqliteConnection {
    let file = app.server.data_dir().join("hubbub.db");
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

/// Gives it back.
async fn let_in(mut other: SqliteConnection) {
    query("ROLLBACK").execute(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_send_while_the_database_is_away_is_refused_with_a_hint_and_works_after() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let other = lock_out(&app).await;

    let path = format!("/api/conversations/{GENERAL}/messages");
    let body = json!({ "clientId": fresh_key(), "body": "hold on" });
    let refused = ada.post(&path, body.clone()).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    );
    assert!(
        refused.body["retryAfterMs"]
            .as_u64()
            .is_some_and(|wait| wait > 0),
        "{refused:?}"
    );
    assert!(!refused.header("retry-after").is_empty());
    let posts = ada.reads_posts(GENERAL).await;
    assert!(posts.is_empty(), "reading goes on: {posts:?}");

    let_in(other).await;
    let stored = answer(ada.request(Method::POST, &path).json(&body)).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{stored:?}");
    let posts = ada.reads_posts(GENERAL).await;
    assert_eq!(posts[0]["seq"], stored.body["seq"]);
}

#[tokio::test]
async fn over_the_hub_the_hint_comes_with_the_sentence() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let other = lock_out(&app).await;
    let arguments = json!([GENERAL, "hold on", fresh_key()]);
    let refused = connection.invoke("SendToGroup", arguments.clone()).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("HubException: unavailable: ") && refused.ends_with("[retryAfterMs=1000]"),
        "{refused}"
    );
    let_in(other).await;
    connection.invoke("SendToGroup", arguments).await.unwrap();
    assert_eq!(ada.reads_posts(GENERAL).await.len(), 1);
}
