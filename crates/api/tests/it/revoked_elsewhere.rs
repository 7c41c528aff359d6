//! A sign-in that ends without a word of it reaching this node.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query};

use crate::app::TestApp;
use crate::connection::Connection;

#[tokio::test]
async fn the_connections_of_a_sign_in_that_another_node_ended_are_closed_within_seven_seconds() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut adas = Connection::open(&app, &ada).await;
    let mut bobs = Connection::open(&app, &bob).await;
    adas.event("Heads").await;
    bobs.event("Heads").await;

    let file = app.server.data_dir().join("hubbub.db");
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let ended = query(
        "UPDATE sessions SET revoked_at = unixepoch() * 1000000
         WHERE user_id = (SELECT id FROM users WHERE username = 'ada')",
    );
    assert_eq!(ended.execute(&mut other).await.unwrap().rows_affected(), 1);

    let goodbye = tokio::time::timeout(Duration::from_secs(7), adas.close()).await;
    let goodbye = goodbye.expect("it is noticed in time");
    assert!(
        goodbye["error"]
            .as_str()
            .is_some_and(|error| error.starts_with("session_revoked")),
        "{goodbye}"
    );
    let still = bobs.invoke("WatchPresence", serde_json::json!([[]])).await;
    assert!(still.is_ok(), "others stay");
}
