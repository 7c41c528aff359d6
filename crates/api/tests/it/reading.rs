//! What is only one's own, over HTTP: markers, unread counts, receipts, preferences, threads, and how one is shown.

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Person, TestApp};

async fn summary(person: &Person, id: &str) -> Value {
    person.reads(&format!("/api/conversations/{id}")).await
}

fn counts(summary: &Value) -> [i64; 3] {
    ["lastReadSeq", "unreadCount", "mentionCount"].map(|field| summary[field].as_i64().unwrap())
}

#[tokio::test]
async fn what_was_read_can_be_marked_unread_and_others_see_only_the_reading() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    // The first place is the note of the founding.
    for text in ["one", "two for @bob", "three"] {
        ada.writes(&id, text).await;
    }
    let path = format!("/api/conversations/{id}");
    assert_eq!(counts(&summary(&bob, &id).await), [0, 3, 1]);
    let read = bob.put(&format!("{path}/read"), json!({ "seq": 4 })).await;
    assert_eq!(read.status, StatusCode::NO_CONTENT, "{read:?}");
    assert_eq!(counts(&summary(&bob, &id).await), [4, 0, 0]);
    let unread = bob
        .put(&format!("{path}/unread"), json!({ "seq": 3 }))
        .await;
    assert_eq!(unread.status, StatusCode::NO_CONTENT, "{unread:?}");
    let shown = summary(&bob, &id).await;
    assert_eq!(counts(&shown), [4, 2, 1]);
    assert_eq!(shown["unreadFrom"], json!(3));
    let receipts = ada.reads(&format!("{path}/receipts")).await;
    let of_bob = receipts["receipts"].as_array().unwrap();
    let of_bob = of_bob.iter().find(|one| one["userId"] == json!(bob.id));
    assert_eq!(of_bob.unwrap()["seq"], json!(4), "{receipts}");
    bob.put(&format!("{path}/read"), json!({ "seq": 4 })).await;
    assert_eq!(summary(&bob, &id).await.get("unreadFrom"), None);
    for path in [format!("{path}/read"), format!("{path}/unread")] {
        let refused = bob.put(&path, json!({ "seq": "four" })).await;
        assert_eq!(refused.verdict(), (400, "invalid_request"));
    }
    let nowhere = json!({ "seq": 4, "threadOf": Uuid::nil() });
    let refused = bob.put(&format!("{path}/read"), nowhere).await;
    assert_eq!(refused.verdict(), (404, "not_found"));
}

#[tokio::test]
async fn a_conversation_is_muted_until_it_is_not() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let id = ada.founds("Tea", &[]).await;
    let path = format!("/api/conversations/{id}/preferences");
    let until = "2999-01-01T00:00:00Z";
    let wish = json!({ "mutedUntil": until, "level": "mentions" });
    let muted = ada.patch(&path, wish).await;
    assert_eq!(
        (muted.text("mutedUntil"), muted.text("level")),
        (until, "mentions")
    );
    let louder = ada.patch(&path, json!({ "level": "all" })).await;
    assert_eq!(louder.text("mutedUntil"), until, "what is not said stays");
    let ended = ada.patch(&path, json!({ "mutedUntil": null })).await;
    assert_eq!(ended.body.get("mutedUntil"), None, "{ended:?}");
    assert_eq!(summary(&ada, &id).await["level"], "all");
    for wish in [
        json!({ "level": "some" }),
        json!({ "mutedUntil": "tomorrow" }),
    ] {
        let refused = ada.patch(&path, wish.clone()).await;
        assert_eq!(refused.verdict(), (400, "invalid_request"), "{wish}");
    }
}

#[tokio::test]
async fn threads_have_followers_with_markers_of_their_own() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let root = ada.writes(&id, "what do you think?").await;
    let root_id = root.rsplit('/').next().unwrap();
    let reply = json!({ "body": "a lot", "threadOf": root_id });
    let reply = bob.reads(&bob.sends(&id, reply).await).await;
    assert_eq!(
        counts(&summary(&ada, &id).await)[1],
        0,
        "threads count apart"
    );
    let threads = ada.reads("/api/threads").await;
    let thread = &threads["threads"][0];
    assert_eq!(thread["rootId"], json!(root_id));
    assert_eq!(
        (&thread["unreadCount"], &thread["following"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(thread["root"]["body"], "what do you think?");
    let path = format!("/api/conversations/{id}");
    let read = json!({ "seq": reply["seq"], "threadOf": root_id });
    ada.put(&format!("{path}/read"), read).await;
    let threads = ada.reads("/api/threads").await;
    assert_eq!(threads["threads"][0]["unreadCount"], json!(0));
    let follow = format!("{path}/threads/{root_id}/following");
    let left = ada.put(&follow, json!({ "following": false })).await;
    assert_eq!(left.body["following"], json!(false), "{left:?}");
    assert_eq!(ada.reads("/api/threads").await["threads"], json!([]));
    let refused = ada.put(&follow, json!({ "following": "yes" })).await;
    assert_eq!(refused.verdict(), (400, "invalid_request"));
    let nowhere = format!("{path}/threads/{}/following", Uuid::nil());
    let refused = ada.put(&nowhere, json!({ "following": true })).await;
    assert_eq!(refused.verdict(), (404, "not_found"));
}

#[tokio::test]
async fn who_keeps_reading_private_neither_shows_nor_sees_it() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let before = bob.reads("/api/users/me").await;
    assert_eq!(before["privateReceipts"], json!(false));
    let wish = json!({ "privateReceipts": true });
    let profile = bob.patch("/api/users/me", wish).await;
    assert_eq!(profile.body["privateReceipts"], json!(true), "{profile:?}");
    assert_eq!(profile.text("displayName"), "bob", "the rest stays");
    let path = format!("/api/conversations/{id}/receipts");
    assert_eq!(bob.reads(&path).await["receipts"], json!([]));
    let shown = ada.reads(&path).await;
    assert!(!shown.to_string().contains(&bob.id), "{shown}");
    let renamed = bob
        .patch("/api/users/me", json!({ "displayName": "Bob" }))
        .await;
    assert_eq!(renamed.body["privateReceipts"], json!(true));
    let refused = bob
        .patch("/api/users/me", json!({ "displayName": "" }))
        .await;
    assert_eq!(refused.verdict(), (422, "invalid_display_name"));
}
