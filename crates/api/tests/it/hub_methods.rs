//! Each method of the hub once: what it answers, that HTTP answers the same, and what a wrong call is told.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Person, TestApp};
use crate::connection::Connection;

/// Two people in a group, and a connection of each.
struct Table {
    ada: Person,
    bob: Person,
    id: String,
    adas: Connection,
    bobs: Connection,
}

impl Table {
    async fn laid(app: &TestApp) -> Self {
        let ada = app.owner("ada").await;
        let bob = app.guest_of(&ada, "bob").await;
        let id = ada.founds("Tea", &[&bob]).await;
        let mut adas = Connection::open(app, &ada).await;
        let mut bobs = Connection::open(app, &bob).await;
        adas.event("Heads").await;
        bobs.event("Heads").await;
        Self {
            ada,
            bob,
            id,
            adas,
            bobs,
        }
    }

    async fn message(&self, id: &Value) -> Value {
        let id = id.as_str().unwrap();
        let path = format!("/api/conversations/{}/messages/{id}", self.id);
        self.ada.reads(&path).await
    }
}

/// The code of a call that was refused.
async fn refused(connection: &mut Connection, method: &str, arguments: Value) -> String {
    let error = connection.invoke(method, arguments).await.unwrap_err();
    let text = error.split("HubException: ").nth(1);
    let (code, sentence) = text.and_then(|text| text.split_once(": ")).expect(&error);
    assert!(sentence.ends_with(['.', ']']), "{error}");
    code.to_owned()
}

#[tokio::test]
async fn messages_are_sent_changed_deleted_and_restored() {
    let app = TestApp::start().await;
    let mut table = Table::laid(&app).await;
    let id = table.id.clone();
    let key = Uuid::from_u128(7);
    let wish = json!({ "conversationId": id, "clientId": key, "body": "hello" });
    let root = table
        .adas
        .invoke("SendMessage", json!([wish]))
        .await
        .unwrap();
    let again = table
        .adas
        .invoke("SendToGroup", json!([id, "hello", key]))
        .await;
    assert_eq!(again.unwrap(), root, "one key, one message, by any method");
    let other = json!([id, "other words", key]);
    let mismatch = refused(&mut table.adas, "SendToGroup", other).await;
    assert_eq!(mismatch, "idempotency_mismatch");
    let root_id = &root["messageId"];
    let reply = json!({ "conversationId": id, "body": "@ada hi", "replyTo": root_id, "threadOf": root_id, "notifyAll": false });
    let reply = table
        .bobs
        .invoke("SendMessage", json!([reply]))
        .await
        .unwrap();
    let shown = table.message(&reply["messageId"]).await;
    assert_eq!(
        (&shown["threadOf"], &shown["replyTo"]["messageId"]),
        (root_id, root_id)
    );
    let private = json!([table.ada.id, "just us"]);
    let private = table
        .bobs
        .invoke("SendPrivateMessage", private)
        .await
        .unwrap();
    assert_ne!(private["conversationId"], json!(id));

    let edit = json!([id, root_id, "hello all"]);
    let edited = table
        .adas
        .invoke("EditMessage", edit.clone())
        .await
        .unwrap();
    assert_eq!(table.message(root_id).await["rev"], edited["rev"]);
    assert_eq!(
        refused(&mut table.bobs, "EditMessage", edit).await,
        "forbidden"
    );
    let place = json!([id, root_id]);
    assert_eq!(
        refused(&mut table.bobs, "DeleteMessage", place.clone()).await,
        "forbidden"
    );
    let deleted = table
        .adas
        .invoke("DeleteMessage", place.clone())
        .await
        .unwrap();
    assert_eq!(table.message(root_id).await["body"], "");
    assert_eq!(deleted["seq"], root["seq"]);
    let restored = table.adas.invoke("RestoreMessage", place).await.unwrap();
    let shown = table.message(root_id).await;
    assert_eq!(
        (&shown["body"], &shown["rev"]),
        (&json!("hello all"), &restored["rev"])
    );
}

#[tokio::test]
async fn reactions_and_pins_answer_their_place_in_the_log() {
    let app = TestApp::start().await;
    let mut table = Table::laid(&app).await;
    let id = table.id.clone();
    let sent = table
        .adas
        .invoke("SendToGroup", json!([id, "hello"]))
        .await
        .unwrap();
    let message_id = &sent["messageId"];
    for (method, extra) in [
        ("AddReaction", json!("👍")),
        ("RemoveReaction", json!("👍")),
        ("PinMessage", Value::Null),
        ("UnpinMessage", Value::Null),
    ] {
        let mut arguments = vec![json!(id), message_id.clone()];
        arguments.extend((!extra.is_null()).then_some(extra));
        let rev = table.bobs.invoke(method, json!(arguments)).await.unwrap();
        assert_eq!(table.message(message_id).await["rev"], rev, "{method}");
        let again = table.bobs.invoke(method, json!(arguments)).await.unwrap();
        assert_eq!(again, rev, "{method} changes nothing twice");
    }
    let arguments = json!([id, message_id, "ok"]);
    let code = refused(&mut table.bobs, "AddReaction", arguments).await;
    assert_eq!(code, "invalid_emoji");
}

#[tokio::test]
async fn reading_and_preferences_are_set_and_threads_followed() {
    let app = TestApp::start().await;
    let mut table = Table::laid(&app).await;
    let id = table.id.clone();
    let sent = table
        .adas
        .invoke("SendToGroup", json!([id, "hello"]))
        .await
        .unwrap();
    let (seq, root_id) = (&sent["seq"], &sent["messageId"]);
    let bobs = &mut table.bobs;
    let path = format!("/api/conversations/{id}");
    bobs.invoke("MarkRead", json!([id, seq])).await.unwrap();
    assert_eq!(table.bob.reads(&path).await["lastReadSeq"], *seq);
    bobs.invoke("MarkUnread", json!([id, seq])).await.unwrap();
    assert_eq!(table.bob.reads(&path).await["unreadFrom"], *seq);
    let quiet = json!([id, { "level": "none", "mutedUntil": null }]);
    let state = bobs.invoke("SetPreferences", quiet).await.unwrap();
    assert_eq!(
        (&state["level"], &state["unreadCount"]),
        (&json!("none"), &json!(1))
    );
    let follow = json!([id, root_id, true]);
    let thread = bobs.invoke("FollowThread", follow).await.unwrap();
    assert_eq!(
        (&thread["rootId"], &thread["following"]),
        (root_id, &json!(true))
    );
    let reply = json!({ "conversationId": id, "body": "more", "threadOf": root_id });
    let reply = table
        .adas
        .invoke("SendMessage", json!([reply]))
        .await
        .unwrap();
    let read = json!([id, reply["seq"], root_id]);
    bobs.invoke("MarkRead", read).await.unwrap();
    let threads = table.bob.reads("/api/threads").await;
    assert_eq!(threads["threads"][0]["lastReadSeq"], reply["seq"]);
}

#[tokio::test]
async fn for_a_stranger_every_method_answers_as_if_nothing_were_there() {
    let app = TestApp::start().await;
    let table = Table::laid(&app).await;
    let message = table.ada.writes(&table.id, "for members").await;
    let message_id = message.rsplit('/').next().unwrap();
    let eve = app.guest_of(&table.ada, "eve").await;
    let mut eves = Connection::open(&app, &eve).await;
    for (method, rest) in [
        ("SendMessage", json!(null)),
        ("SendToGroup", json!(["hello"])),
        ("EditMessage", json!([message_id, "hello"])),
        ("DeleteMessage", json!([message_id])),
        ("RestoreMessage", json!([message_id])),
        ("AddReaction", json!([message_id, "👍"])),
        ("RemoveReaction", json!([message_id, "👍"])),
        ("PinMessage", json!([message_id])),
        ("UnpinMessage", json!([message_id])),
        ("JoinGroup", json!([])),
        ("LeaveGroup", json!([])),
        ("MarkRead", json!([1])),
        ("MarkUnread", json!([1])),
        ("SetPreferences", json!([{ "level": "all" }])),
        ("FollowThread", json!([message_id, true])),
        ("Typing", json!([true])),
    ] {
        let mut answers = Vec::new();
        for id in [table.id.clone(), Uuid::nil().to_string()] {
            let arguments = match rest.as_array() {
                None => json!([{ "conversationId": id, "body": "hello" }]),
                Some(rest) => {
                    let mut arguments = vec![json!(id)];
                    arguments.extend(rest.clone());
                    json!(arguments)
                }
            };
            let error = eves.invoke(method, arguments).await.unwrap_err();
            assert!(error.contains("HubException: not_found: "), "{error}");
            answers.push(error);
        }
        assert_eq!(answers[0], answers[1], "{method}");
    }
}

#[tokio::test]
async fn what_a_method_does_not_know_is_refused() {
    let app = TestApp::start().await;
    let mut table = Table::laid(&app).await;
    let id = table.id.clone();
    for (method, arguments) in [
        (
            "SendMessage",
            json!([{ "conversationId": id, "body": "a", "surprise": 1 }]),
        ),
        (
            "SendMessage",
            json!([{ "conversationId": id, "body": "a", "replyTo": "b" }]),
        ),
        ("SetPreferences", json!([id, { "surprise": 1 }])),
        ("MarkRead", json!([id])),
        ("EditMessage", json!([id, "not an id", "a"])),
    ] {
        let error = table.adas.invoke(method, arguments).await.unwrap_err();
        assert!(
            error.contains("InvalidDataException: "),
            "{method}: {error}"
        );
    }
    let sync = json!([{ "surprise": 1 }]);
    let error = table.adas.stream("Sync", sync).await.unwrap_err();
    assert!(error.contains("InvalidDataException: "), "{error}");
    let nowhere = Uuid::nil();
    let many = vec![json!({ "conversationId": nowhere, "rev": 0 }); 501];
    let sync = json!([{ "positions": many }]);
    let error = table.adas.stream("Sync", sync.clone()).await.unwrap_err();
    assert!(error.contains("HubException: limit_exceeded: "), "{error}");
    let over_http = table.ada.post("/api/sync", sync[0].clone()).await;
    assert_eq!(over_http.verdict(), (422, "limit_exceeded"));
}
