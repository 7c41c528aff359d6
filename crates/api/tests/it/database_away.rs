//! A database that cannot be written for a while: nothing is acknowledged, nothing is lost, and everything works again after.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query};

use crate::app::{GENERAL, TestApp, answer, fresh_key};

#[tokio::test]
async fn a_send_while_the_database_is_away_is_refused_with_a_hint_and_works_after() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let file = app.server.data_dir().join("hubbub.db");
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

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
    let page = ada.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "reading goes on");
    assert_eq!(page.body["messages"], json!([]));

    query("ROLLBACK").execute(&mut other).await.unwrap();
    let stored = answer(ada.request(Method::POST, &path).json(&body)).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{stored:?}");
    assert_eq!(stored.body["seq"], json!(1));
}
