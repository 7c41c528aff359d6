//! What other people, and one's other devices, are told of a change.

use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::connection::Connection;

async fn live(app: &TestApp, person: &Person) -> Connection {
    let mut connection = Connection::open(app, person).await;
    connection.event("Heads").await;
    connection
}

/// The next `UserChanged` of that kind.
async fn told_alone(connection: &mut Connection, kind: &str) -> Value {
    loop {
        let event = connection.event("UserChanged").await;
        if event["change"]["type"] == json!(kind) {
            assert_eq!(
                event["fromRev"].as_i64().map(|rev| rev + 1),
                event["toRev"].as_i64()
            );
            return event["change"].clone();
        }
    }
}

#[tokio::test]
async fn every_change_of_a_message_comes_with_the_message_as_it_is_now() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let mut bobs = live(&app, &bob).await;
    let message = ada.writes(&id, "hello").await;
    let mut position = bobs.event("ReceiveMessage").await["toRev"].clone();
    let mut changed = async |request| {
        ada_does(&ada, &message, request).await;
        let event = bobs.event("MessageChanged").await;
        assert_eq!(event["fromRev"], position, "without a hole");
        assert_eq!(event["toRev"], event["rev"]);
        position = event["toRev"].clone();
        event
    };
    assert_eq!(changed("PATCH ").await["body"], "changed");
    assert_eq!(changed("PUT /pin").await["pinnedBy"], json!(ada.id));
    let reacted = changed("PUT /reactions/%F0%9F%91%8D").await;
    assert_eq!(reacted["reactions"][0]["userIds"], json!([ada.id]));
    let gone = changed("DELETE ").await;
    assert_eq!(
        (&gone["body"], &gone["deletedBy"]),
        (&json!(""), &json!(ada.id))
    );
    assert_eq!((gone.get("reactions"), gone.get("pinnedAt")), (None, None));
    assert_eq!(changed("POST /restore").await["body"], "changed");
}

async fn ada_does(ada: &Person, message: &str, request: &str) {
    let (method, rest) = request.split_once(' ').unwrap();
    let path = format!("{message}{rest}");
    let request = ada.request(method.parse().unwrap(), &path);
    let request = request.json(&json!({ "body": "changed" }));
    assert!(
        request.send().await.unwrap().status().is_success(),
        "{path}"
    );
}

#[tokio::test]
async fn a_reply_in_a_thread_changes_the_message_that_it_hangs_on() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let root = ada.writes(&id, "what do you think?").await;
    let root_id = root.rsplit('/').next().unwrap();
    let mut bobs = live(&app, &bob).await;
    ada.sends(&id, json!({ "body": "anybody?", "threadOf": root_id }))
        .await;
    let reply = bobs.event("ReceiveMessage").await;
    assert_eq!(reply["threadOf"], json!(root_id));
    let changed = bobs.event("MessageChanged").await;
    assert_eq!(changed["messageId"], json!(root_id));
    assert_eq!(changed["thread"]["replyCount"], json!(1));
    assert_eq!(changed["fromRev"], reply["toRev"]);
}

#[tokio::test]
async fn who_came_later_only_learns_that_the_log_moved_on() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[]).await;
    let early = ada.writes(&id, "before bob").await;
    let added = json!({ "userId": bob.id });
    ada.post(&format!("/api/groups/{id}/members"), added).await;
    let mut bobs = live(&app, &bob).await;
    ada.patch(&early, json!({ "body": "still before bob" }))
        .await;
    ada.writes(&id, "for bob").await;
    let advanced = bobs.event("Advanced").await;
    assert_eq!(advanced["conversationId"], json!(id));
    assert_eq!(
        advanced.as_object().unwrap().len(),
        3,
        "nothing else: {advanced}"
    );
    let message = bobs.event("ReceiveMessage").await;
    assert_eq!(message["body"], "for bob");
    assert_eq!(message["fromRev"], advanced["toRev"]);
}

#[tokio::test]
async fn settings_and_roles_are_told_to_all_members() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let mut bobs = live(&app, &bob).await;
    let group = format!("/api/groups/{id}");
    ada.patch(&group, json!({ "name": "Coffee", "history": "all" }))
        .await;
    let changed = bobs.event("ConversationChanged").await;
    assert_eq!(
        (&changed["name"], &changed["history"]),
        (&json!("Coffee"), &json!("all"))
    );
    assert_eq!(changed["toRev"], changed["rev"]);
    let note = bobs.event("ReceiveMessage").await;
    assert_eq!(
        note["system"],
        json!({ "type": "renamed", "name": "Coffee" })
    );
    assert_eq!(note["fromRev"], changed["toRev"]);
    let role = json!({ "role": "admin" });
    ada.put(&format!("{group}/members/{}", bob.id), role).await;
    let member = bobs.event("MemberChanged").await;
    assert_eq!(
        (&member["role"], &member["joined"]),
        (&json!("admin"), &json!(true))
    );
}

#[tokio::test]
async fn ones_other_devices_follow_what_is_only_ones_own() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut laptop = live(&app, &bob).await;
    let id = ada.founds("Tea", &[&bob]).await;
    let gained = told_alone(&mut laptop, "conversationGained").await;
    assert_eq!(gained["conversation"]["id"], json!(id));
    let root = ada.writes(&id, "hello @bob").await;
    let root_id = root.rsplit('/').next().unwrap();
    let seq = ada.reads(&root).await["seq"].clone();
    let path = format!("/api/conversations/{id}");
    bob.put(&format!("{path}/read"), json!({ "seq": seq }))
        .await;
    let state = told_alone(&mut laptop, "stateChanged").await;
    assert_eq!(
        (&state["lastReadSeq"], &state["unreadCount"]),
        (&seq, &json!(0))
    );
    bob.put(&format!("{path}/unread"), json!({ "seq": seq }))
        .await;
    let state = told_alone(&mut laptop, "stateChanged").await;
    assert_eq!(
        (&state["unreadFrom"], &state["mentionCount"]),
        (&seq, &json!(1))
    );
    let muted = json!({ "mutedUntil": "2999-01-01T00:00:00Z" });
    bob.patch(&format!("{path}/preferences"), muted).await;
    let state = told_alone(&mut laptop, "stateChanged").await;
    assert_eq!(state["mutedUntil"], "2999-01-01T00:00:00Z");
    let follow = format!("{path}/threads/{root_id}/following");
    bob.put(&follow, json!({ "following": true })).await;
    let thread = told_alone(&mut laptop, "threadStateChanged").await;
    assert_eq!(
        (&thread["rootId"], &thread["following"]),
        (&json!(root_id), &json!(true))
    );
    bob.patch("/api/users/me", json!({ "privateReceipts": true }))
        .await;
    let receipts = told_alone(&mut laptop, "receiptsChanged").await;
    assert_eq!(receipts["privateReceipts"], json!(true));
    ada.delete(&format!("/api/groups/{id}/members/{}", bob.id))
        .await;
    let lost = told_alone(&mut laptop, "conversationLost").await;
    assert_eq!(lost["conversationId"], json!(id));
}

#[tokio::test]
async fn reading_is_told_to_others_unless_it_is_kept_private() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let cyd = app.guest_of(&ada, "cyd").await;
    let id = ada.founds("Tea", &[&bob, &cyd]).await;
    bob.patch("/api/users/me", json!({ "privateReceipts": true }))
        .await;
    ada.writes(&id, "hello").await;
    let mut adas = live(&app, &ada).await;
    let read = format!("/api/conversations/{id}/read");
    bob.put(&read, json!({ "seq": 2 })).await;
    cyd.put(&read, json!({ "seq": 2 })).await;
    let moved = adas.event("ReadMarkerMoved").await;
    assert_eq!(moved["userId"], json!(cyd.id), "of bob nothing was said");
    assert_eq!(moved["seq"], json!(2));
}
