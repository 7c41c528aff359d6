//! What can be done with a message over HTTP, by whom, and what a wrong wish is told.

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{GENERAL, Person, TestApp};

const THUMB: &str = "%F0%9F%91%8D";

/// Three people in a group: its owner, a member, and one who may only read.
async fn group(app: &TestApp) -> (String, Person, Person, Person) {
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let eve = app.guest_of(&ada, "eve").await;
    let id = ada.founds("Tea", &[&bob, &eve]).await;
    let reader = format!("/api/groups/{id}/members/{}", eve.id);
    let changed = ada.put(&reader, json!({ "role": "readOnly" })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    (id, ada, bob, eve)
}

#[tokio::test]
async fn a_message_says_what_it_answers_whom_it_calls_and_what_hangs_on_it() {
    let app = TestApp::start().await;
    let (id, ada, bob, _) = group(&app).await;
    let root = ada.writes(&id, "who is there?").await;
    let root_id = root.rsplit('/').next().unwrap();
    let wish = json!({ "body": "me, @ada and @all", "replyTo": root_id, "threadOf": root_id, "notifyAll": true });
    let reply = bob.reads(&bob.sends(&id, wish).await).await;
    let asked = bob.reads(&root).await;
    assert_eq!(
        reply["replyTo"],
        json!({ "messageId": root_id, "seq": asked["seq"], "senderId": ada.id })
    );
    assert_eq!(reply["threadOf"], json!(root_id));
    assert_eq!(
        reply["mentions"],
        json!({ "userIds": [ada.id], "all": true })
    );
    assert_eq!(
        asked["thread"],
        json!({ "replyCount": 1, "lastReplySeq": reply["seq"], "lastReplyAt": reply["sentAt"] })
    );

    let path = format!("/api/conversations/{id}/messages?thread={root_id}&limit=1");
    let page = ada.reads(&path).await;
    assert_eq!(page["messages"], json!([reply]), "only what hangs on it");
    assert_eq!(
        (&page["hasBefore"], &page["hasAfter"]),
        (&json!(false), &json!(false))
    );
    for (field, expected) in [("replyTo", 404), ("threadOf", 404)] {
        let wish = json!({ "body": "to nobody", field: Uuid::nil() });
        let path = format!("/api/conversations/{id}/messages");
        let refused = ada.post(&path, wish).await;
        assert_eq!(refused.status.as_u16(), expected, "{field}");
    }
    let reply_id = reply["messageId"].clone();
    let path = format!("/api/conversations/{id}/messages");
    let deeper = ada.post(&path, json!({ "body": "deeper", "threadOf": reply_id }));
    assert_eq!(deeper.await.verdict(), (422, "invalid_request"));
}

#[tokio::test]
async fn only_its_author_edits_a_message_and_what_it_said_stays_readable() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = group(&app).await;
    let message = bob.writes(&id, "teh tea").await;
    let before = bob.reads(&message).await;
    let receipt = bob.patch(&message, json!({ "body": "the tea" })).await;
    assert_eq!(receipt.status, StatusCode::OK, "{receipt:?}");
    let after = eve.reads(&message).await;
    assert_eq!(after["body"], "the tea");
    assert!(after["editedAt"].is_string(), "{after}");
    assert_eq!(receipt.body["rev"], after["rev"]);
    assert_eq!(receipt.body["seq"], before["seq"]);
    let again = bob.patch(&message, json!({ "body": "the tea" })).await;
    assert_eq!(again.body, receipt.body, "it says so already");
    let revisions = eve.reads(&format!("{message}/revisions")).await;
    assert_eq!(
        revisions["revisions"],
        json!([{ "body": "teh tea", "writtenAt": before["sentAt"] }])
    );
    for (who, body, verdict) in [
        (&ada, "not mine", (403, "forbidden")),
        (&bob, "", (422, "message_empty")),
        (&bob, &"a".repeat(16_385), (422, "message_too_long")),
    ] {
        let refused = who.patch(&message, json!({ "body": body })).await;
        assert_eq!(refused.verdict(), verdict, "{refused:?}");
    }
    let elsewhere = message.replace(&id, GENERAL);
    let refused = bob.patch(&elsewhere, json!({ "body": "elsewhere" })).await;
    assert_eq!(refused.verdict(), (404, "not_found"));
}

#[tokio::test]
async fn a_deleted_message_is_unreadable_at_once_and_comes_back_for_its_author_alone() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = group(&app).await;
    let message = bob.writes(&id, "too much said").await;
    assert_eq!(
        eve.delete(&message).await.verdict(),
        (403, "forbidden"),
        "neither author nor admin"
    );
    let receipt = bob.delete(&message).await;
    assert_eq!(receipt.status, StatusCode::OK, "{receipt:?}");
    assert_eq!(
        bob.delete(&message).await.body,
        receipt.body,
        "once is enough"
    );
    let gone = ada.reads(&message).await;
    assert_eq!(
        (&gone["body"], &gone["deletedBy"]),
        (&json!(""), &json!(bob.id))
    );
    for path in [format!("{message}/revisions"), format!("{message}/pin")] {
        let refused = if path.ends_with("pin") {
            ada.put(&path, json!({})).await
        } else {
            ada.get(&path).await
        };
        assert_eq!(refused.verdict(), (404, "not_found"), "{path}");
    }
    let restored = ada.post(&format!("{message}/restore"), json!({})).await;
    assert_eq!(restored.verdict(), (403, "forbidden"));
    let restored = bob.post(&format!("{message}/restore"), json!({})).await;
    assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    assert_eq!(ada.reads(&message).await["body"], "too much said");

    ada.delete(&message).await;
    let refused = bob.post(&format!("{message}/restore"), json!({})).await;
    assert_eq!(
        refused.verdict(),
        (403, "forbidden"),
        "what the owner has deleted"
    );
    let note = format!("/api/conversations/{id}/messages?after=0&limit=1");
    let note = ada.reads(&note).await["messages"][0].clone();
    assert_eq!(note["system"], json!({ "type": "founded" }));
    let note_id = note["messageId"].as_str().unwrap();
    let note = format!("/api/conversations/{id}/messages/{note_id}");
    assert_eq!(ada.delete(&note).await.verdict(), (403, "forbidden"));
}

#[tokio::test]
async fn reactions_are_counted_once_for_each_person() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = group(&app).await;
    let message = ada.writes(&id, "tea is ready").await;
    let thumb = format!("{message}/reactions/{THUMB}");
    let first = bob.put(&thumb, json!({})).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(bob.put(&thumb, json!({})).await.body, first.body);
    ada.put(&thumb, json!({})).await;
    let shown = eve.reads(&message).await;
    assert_eq!(
        shown["reactions"],
        json!([{ "emoji": "👍", "userIds": [bob.id, ada.id] }])
    );
    assert_eq!(
        shown["rev"].as_i64(),
        first.body["rev"].as_i64().map(|rev| rev + 1)
    );
    bob.delete(&thumb).await;
    let gone = ada.delete(&thumb).await;
    let shown = eve.reads(&message).await;
    assert_eq!(shown.get("reactions"), None);
    assert_eq!(shown["rev"], gone.body["rev"]);
    assert_eq!(ada.delete(&thumb).await.body, gone.body);
    for (who, emoji, verdict) in [
        (&bob, "ok", (422, "invalid_emoji")),
        (&bob, "%20", (422, "invalid_emoji")),
        (&eve, THUMB, (403, "forbidden")),
    ] {
        let refused = who
            .put(&format!("{message}/reactions/{emoji}"), json!({}))
            .await;
        assert_eq!(refused.verdict(), verdict, "{emoji}");
    }
    // Rats, mice, oxen and so on, each an emoji of its own.
    let mut verdicts = Vec::new();
    for last in 0x80..0x95 {
        let encoded = format!("%F0%9F%90%{last:02X}");
        let added = bob
            .put(&format!("{message}/reactions/{encoded}"), json!({}))
            .await;
        verdicts.push(added.verdict().0);
    }
    assert_eq!((verdicts[19], verdicts[20]), (200, 422), "{verdicts:?}");
}

#[tokio::test]
async fn writers_pin_in_a_group_and_owners_in_a_channel() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = group(&app).await;
    let (first, second) = (
        ada.writes(&id, "first").await,
        ada.writes(&id, "second").await,
    );
    for message in [&first, &second] {
        let pinned = bob.put(&format!("{message}/pin"), json!({})).await;
        let again = bob.put(&format!("{message}/pin"), json!({})).await;
        assert_eq!(pinned.status, StatusCode::OK, "{pinned:?}");
        assert_eq!(pinned.body, again.body);
    }
    let bodies = |list: Value| -> Vec<String> {
        let messages = list["messages"].as_array().unwrap().clone();
        let body = |message: &Value| message["body"].as_str().unwrap().to_owned();
        messages.iter().map(body).collect()
    };
    let pins = format!("/api/conversations/{id}/pins");
    assert_eq!(bodies(eve.reads(&pins).await), ["second", "first"]);
    let unpinned = ada.delete(&format!("{second}/pin")).await;
    assert_eq!(unpinned.status, StatusCode::OK);
    ada.delete(&first).await;
    assert!(bodies(eve.reads(&pins).await).is_empty());
    let refused = eve.put(&format!("{second}/pin"), json!({})).await;
    assert_eq!(refused.verdict(), (403, "forbidden"));

    let wish = json!({ "name": "News", "kind": "channel" });
    let channel = ada.post("/api/groups", wish).await.id();
    bob.post(&format!("/api/groups/{channel}/join"), json!({}))
        .await;
    let news = bob.writes(&channel, "news").await;
    let refused = bob.put(&format!("{news}/pin"), json!({})).await;
    assert_eq!(refused.verdict(), (403, "forbidden"));
    let pinned = ada.put(&format!("{news}/pin"), json!({})).await;
    assert_eq!(pinned.status, StatusCode::OK, "{pinned:?}");
}

#[tokio::test]
async fn who_may_only_read_is_told_so() {
    let app = TestApp::start().await;
    let (id, _, _, eve) = group(&app).await;
    let refused = eve.posts(&id, "may I?").await;
    assert_eq!(refused.verdict(), (403, "forbidden"));
}
