//! Who does something too often is told to wait, over the hub and over HTTP alike.

use serde_json::json;

use crate::app::{GENERAL, TestApp, binary};
use crate::connection::Connection;

#[tokio::test]
async fn who_sends_too_fast_is_told_when_to_try_again() {
    let builder = binary()
        .env("HUBBUB_LIMITS__SENDS_PER_SECOND", "1")
        .env("HUBBUB_LIMITS__SENDS_BURST", "3");
    let app = TestApp::of(builder).await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    let path = format!("/api/conversations/{GENERAL}/messages");
    for _ in 0..2 {
        assert_eq!(ada.posts(GENERAL, "hello").await.status, 201);
    }
    let mut refused = None;
    for _ in 0..20 {
        let sent = adas.invoke("SendToGroup", json!([GENERAL, "hello"])).await;
        if let Err(error) = sent {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.expect("a limit for both ways together");
    assert!(
        refused.contains("HubException: rate_limited: "),
        "{refused}"
    );
    assert!(refused.contains("[retryAfterMs="), "{refused}");
    let over_http = ada.post(&path, json!({ "body": "hello" })).await;
    assert_eq!(over_http.verdict(), (429, "rate_limited"));
    let wait = over_http.body["retryAfterMs"].as_u64().unwrap();
    assert!((1..=1_000).contains(&wait), "{wait}");
    assert_eq!(over_http.header("retry-after"), "1");
    assert_eq!(bob.posts(GENERAL, "others are free to").await.status, 201);
}

#[tokio::test]
async fn typing_too_often_is_dropped_without_a_word() {
    let builder = binary()
        .env("HUBBUB_LIMITS__TYPING_PER_SECOND", "1")
        .env("HUBBUB_LIMITS__TYPING_BURST", "2");
    let app = TestApp::of(builder).await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut adas = Connection::open(&app, &ada).await;
    let mut bobs = Connection::open(&app, &bob).await;
    adas.event("Heads").await;
    bobs.event("Heads").await;
    for _ in 0..50 {
        let typing = adas.invoke("Typing", json!([GENERAL, true])).await;
        assert_eq!(typing, Ok(json!(null)));
    }
    ada.posts(GENERAL, "here it is").await;
    let mut told = 0;
    loop {
        let record = bobs.next().await;
        if record["target"] == "UserTyping" {
            told += 1;
        }
        if record["arguments"][0]["body"] == "here it is" {
            break;
        }
    }
    assert!((1..=20).contains(&told), "{told} of 50");
}
