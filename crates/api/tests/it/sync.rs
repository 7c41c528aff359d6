//! Coming back after an absence: over the hub and over HTTP, with the same pages.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{GENERAL, Person, TestApp};
use crate::connection::Connection;

/// What a client keeps.
async fn positions_of(person: &Person) -> Value {
    let list = person.reads("/api/conversations").await;
    let conversations = list["conversations"].as_array().unwrap();
    let positions: Vec<_> = conversations
        .iter()
        .map(|one| json!({ "conversationId": one["id"], "rev": one["rev"] }))
        .collect();
    json!({ "epoch": list["epoch"], "userRev": list["userRev"], "positions": positions })
}

/// The pages, after seeing that both ways answer the same ones.
async fn synced(app: &TestApp, person: &Person, request: &Value) -> Vec<Value> {
    let answer = person.post("/api/sync", request.clone()).await;
    assert_eq!(answer.body["more"], json!(false), "{answer:?}");
    let mut connection = Connection::open(app, person).await;
    let streamed = connection.stream("Sync", json!([request])).await.unwrap();
    assert_eq!(answer.body["pages"], json!(streamed));
    streamed
}

fn types(pages: &[Value]) -> Vec<&str> {
    pages
        .iter()
        .map(|page| page["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn who_has_everything_is_told_only_that() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    ada.founds("Tea", &[]).await;
    let own = positions_of(&ada).await;
    let pages = synced(&app, &ada, &own).await;
    assert_eq!(types(&pages), ["done"]);
    assert_eq!(pages[0]["userRev"], own["userRev"]);
    assert_eq!(pages[0]["heads"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn who_was_away_gets_the_rows_as_they_are_now() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let known = ada.writes(&id, "known").await;
    let own = positions_of(&bob).await;
    let fresh = ada.writes(&id, "fresh").await;
    for message in [&known, &fresh] {
        ada.patch(message, json!({ "body": "edited" })).await;
    }
    ada.patch(&format!("/api/groups/{id}"), json!({ "name": "Coffee" }))
        .await;
    let second = ada.founds("Cake", &[&bob]).await;

    let pages = synced(&app, &bob, &own).await;
    assert_eq!(types(&pages), ["user", "changes", "done"]);
    let gained = &pages[0]["changes"][0];
    assert_eq!(gained["conversation"]["id"], json!(second));
    let page = &pages[1];
    assert_eq!(page["toRev"], page["asOfRev"]);
    let rows: Vec<_> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["type"].as_str().unwrap(),
                row["message"]["body"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("message", Some("edited")),
            ("message", Some("edited")),
            ("settings", None),
            ("message", Some("")),
        ],
        "{page}"
    );
    let rev = page["fromRev"].as_i64().unwrap();
    let path = format!("/api/conversations/{id}/changes?afterRev={rev}");
    assert_eq!(&bob.reads(&path).await, page);
    let part = bob.reads(&format!("{path}&limit=2")).await;
    assert_eq!(part["rows"].as_array().unwrap().len(), 2, "{part}");
    assert!(part["toRev"].as_i64() < part["asOfRev"].as_i64());
    let refused = bob.get(&format!("/api/conversations/{id}/changes")).await;
    assert_eq!(refused.verdict(), (400, "invalid_request"));
}

#[tokio::test]
async fn who_was_removed_meanwhile_sees_up_to_the_removal_and_that_it_is_lost() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[&bob]).await;
    let own = positions_of(&bob).await;
    ada.writes(&id, "bob is late").await;
    ada.delete(&format!("/api/groups/{id}/members/{}", bob.id))
        .await;
    ada.writes(&id, "bob is gone").await;
    let pages = synced(&app, &bob, &own).await;
    assert_eq!(types(&pages), ["changes", "user", "done"]);
    let rows = pages[0]["rows"].as_array().unwrap();
    assert_eq!(rows[0]["message"]["body"], "bob is late");
    assert_eq!(
        (&rows[1]["type"], &rows[1]["joined"]),
        (&json!("member"), &json!(false))
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(
        pages[1]["changes"],
        json!([{ "type": "conversationLost", "conversationId": id }])
    );
    let heads = pages[2]["heads"].as_array().unwrap();
    assert!(heads.iter().all(|head| head["conversationId"] != json!(id)));
}

#[tokio::test]
async fn of_a_stay_that_ended_nothing_is_told_to_who_was_not_there_at_its_beginning() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let ben = app.guest_of(&ada, "ben").await;
    let group = ada.founds("Tea", &[&ben]).await;
    let first = ada.writes(&group, "as it was first").await;
    let before = positions_of(&ben).await;
    let remove = format!("/api/groups/{group}/members/{}", ben.id);
    ada.delete(&remove).await;
    // Meanwhile, and not for ben: how the first message stood then nobody knows any more.
    ada.patch(&first, json!({ "body": "as it is now" })).await;
    let add = format!("/api/groups/{group}/members");
    ada.post(&add, json!({ "userId": ben.id })).await;
    ada.delete(&remove).await;
    let mut nothing = before.clone();
    nothing["positions"] = json!([{ "conversationId": group, "rev": 0 }]);
    for own in [before, nothing] {
        let pages = synced(&app, &ben, &own).await;
        let told: Vec<_> = pages
            .iter()
            .filter(|page| page["conversationId"] == json!(group))
            .map(|page| page["type"].as_str().unwrap())
            .collect();
        assert_eq!(told, ["lost"], "{pages:?}");
    }
}

#[tokio::test]
async fn of_what_one_was_never_in_nothing_is_told() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let eve = app.guest_of(&ada, "eve").await;
    let id = ada.founds("Secret", &[]).await;
    for id in [id, Uuid::nil().to_string()] {
        let mut own = positions_of(&eve).await;
        let position = json!({ "conversationId": id, "rev": 1 });
        own["positions"].as_array_mut().unwrap().push(position);
        let pages = synced(&app, &eve, &own).await;
        assert_eq!(pages[0], json!({ "type": "lost", "conversationId": id }));
        assert_eq!(types(&pages), ["lost", "done"]);
    }
}

#[tokio::test]
async fn a_position_before_ones_own_time_begins_anew() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let id = ada.founds("Tea", &[]).await;
    ada.writes(&id, "before bob").await;
    let added = json!({ "userId": bob.id });
    ada.post(&format!("/api/groups/{id}/members"), added).await;
    ada.writes(&id, "for bob").await;
    let mut own = positions_of(&bob).await;
    own["positions"] = json!([{ "conversationId": id, "rev": 0 }]);
    let pages = synced(&app, &bob, &own).await;
    assert_eq!(types(&pages), ["reset", "done"]);
    let page = &pages[0]["page"];
    assert_eq!(
        (&page["conversationId"], &page["hasBefore"]),
        (&json!(id), &json!(false))
    );
    let text = page.to_string();
    assert!(
        text.contains("for bob") && !text.contains("before bob"),
        "{text}"
    );
}

#[tokio::test]
async fn another_history_voids_everything() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let epoch = positions_of(&ada).await["epoch"].clone();
    let at = |rev| json!([{ "conversationId": GENERAL, "rev": rev }]);
    let foreign = json!({ "epoch": Uuid::nil(), "positions": at(1) });
    for request in [foreign, json!({ "positions": at(1_000_000) })] {
        let pages = synced(&app, &ada, &request).await;
        assert_eq!(types(&pages), ["epoch", "conversations", "reset", "done"]);
        assert_eq!(pages[0]["epoch"], epoch);
    }
    let pages = synced(&app, &ada, &json!({})).await;
    assert_eq!(
        types(&pages),
        ["conversations", "done"],
        "a first time is no other history"
    );
}

#[tokio::test]
async fn an_answer_over_http_ends_after_twenty_pages_and_goes_on_from_there() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut ids = Vec::new();
    for number in 0..21 {
        ids.push(ada.founds(&format!("Group {number}"), &[&bob]).await);
    }
    let mut own = positions_of(&bob).await;
    for id in &ids {
        ada.writes(id, "hello").await;
    }
    let first = bob.post("/api/sync", own.clone()).await.body;
    assert_eq!(
        (first["pages"].as_array().unwrap().len(), &first["more"]),
        (20, &json!(true))
    );
    for page in first["pages"].as_array().unwrap() {
        let positions = own["positions"].as_array_mut().unwrap();
        let position = positions
            .iter_mut()
            .find(|one| one["conversationId"] == page["conversationId"])
            .unwrap();
        position["rev"] = page["toRev"].clone();
    }
    let rest = synced(&app, &bob, &own).await;
    assert_eq!(types(&rest), ["changes", "done"]);
}
