//! The hub with a bare WebSocket: what connections are told, and what becomes of those that go.

use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite};

use crate::app::{GENERAL, TestApp};
use crate::connection::Connection;

#[tokio::test]
async fn the_first_event_says_from_where_on_the_connection_is_live() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    ada.posts(GENERAL, "before").await;
    let mut connection = Connection::open(&app, &ada).await;
    let first = connection.next().await;
    assert_eq!(first["target"], "Heads");
    let heads = &first["arguments"][0];
    assert_eq!(
        heads["conversations"],
        json!([{ "conversationId": GENERAL, "rev": 3 }])
    );
    ada.posts(GENERAL, "after").await;
    let message = connection.event("ReceiveMessage").await;
    assert_eq!(
        (&message["fromRev"], &message["toRev"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(
        (&message["body"], &message["seq"]),
        (&json!("after"), &json!(3))
    );
}

#[tokio::test]
async fn several_devices_of_one_person_all_receive_and_one_going_leaves_the_others() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut phone = Connection::open(&app, &ada).await;
    let mut laptop = Connection::open(&app, &ada).await;
    let mut watcher = Connection::open(&app, &bob).await;
    for device in [&mut phone, &mut laptop, &mut watcher] {
        device.event("Heads").await;
    }
    let shown = watcher
        .invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    assert_eq!(shown[0]["state"], "active");
    drop(phone);
    bob.posts(GENERAL, "hello").await;
    assert_eq!(laptop.event("ReceiveMessage").await["body"], "hello");
    let states = watcher
        .invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    assert_eq!(states[0]["state"], "active", "the laptop is still there");
}

#[tokio::test]
async fn signing_out_closes_the_connections_of_that_sign_in_and_shows_at_once() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut adas = Connection::open(&app, &ada).await;
    let mut bobs = Connection::open(&app, &bob).await;
    adas.event("Heads").await;
    bobs.event("Heads").await;
    bobs.invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    app.post(
        "/api/auth/logout",
        json!({ "refreshToken": ada.refresh_token }),
    )
    .await;
    let goodbye = adas.close().await;
    assert!(
        goodbye["error"]
            .as_str()
            .is_some_and(|error| error.starts_with("session_revoked")),
        "{goodbye}"
    );
    assert_eq!(goodbye.get("allowReconnect"), None);
    assert_eq!(bobs.event("UserOffline").await["userId"], json!(ada.id));
}

#[tokio::test]
async fn a_person_who_only_reloads_was_never_away() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut bobs = Connection::open(&app, &bob).await;
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    let before = bobs
        .invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    drop(adas);
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    let after = bobs
        .invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    assert_eq!(
        before[0]["version"], after[0]["version"],
        "nothing changed for those who watch"
    );
}

#[tokio::test]
async fn people_who_share_nothing_cannot_watch_each_other() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let eve = app.guest_of(&ada, "eve").await;
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    eve.post(&format!("/api/groups/{GENERAL}/leave"), json!({}))
        .await;
    let mut eves = Connection::open(&app, &eve).await;
    let watched = eves
        .invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    assert_eq!(watched[0]["state"], "offline");
    let too_many: Vec<_> = (0..201)
        .map(|number| uuid::Uuid::from_u128(number).to_string())
        .collect();
    let refused = eves
        .invoke("WatchPresence", json!([too_many]))
        .await
        .unwrap_err();
    assert!(
        refused.contains("HubException: limit_exceeded: "),
        "{refused}"
    );
}

#[tokio::test]
async fn a_removed_member_hears_of_the_removal_and_of_nothing_after_it() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut bobs = Connection::open(&app, &bob).await;
    bobs.event("Heads").await;
    let group = ada
        .post(
            "/api/groups",
            json!({ "name": "Tea", "memberIds": [bob.id] }),
        )
        .await;
    let id = group.body["id"].as_str().unwrap();
    let gained = bobs.event("UserChanged").await;
    assert_eq!(gained["change"]["type"], "conversationGained");
    assert_eq!(gained["change"]["conversation"]["name"], "Tea");
    assert_eq!(bobs.event("MemberChanged").await["joined"], json!(true));

    ada.posts(id, "for members").await;
    assert_eq!(bobs.post().await["body"], "for members");
    let removal = ada.request(
        reqwest::Method::DELETE,
        &format!("/api/groups/{id}/members/{}", bob.id),
    );
    removal.send().await.unwrap();
    ada.posts(id, "not for bob").await;
    ada.posts(GENERAL, "for all").await;
    assert_eq!(bobs.event("MemberChanged").await["joined"], json!(false));
    assert_eq!(
        bobs.post().await["body"],
        "for all",
        "what was written after the removal never came"
    );
}

#[tokio::test]
async fn a_renewed_connection_belongs_to_the_same_person() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let session = app
        .post(
            "/api/auth/refresh",
            json!({ "refreshToken": ada.refresh_token, "tokenDelivery": "body" }),
        )
        .await;
    let fresh = session.body["accessToken"].clone();
    assert_eq!(
        connection.invoke("Reauthenticate", json!([fresh])).await,
        Ok(Value::Null)
    );
    for token in [json!(bob.access_token), json!("nonsense"), json!("")] {
        let refused = connection
            .invoke("Reauthenticate", json!([token]))
            .await
            .unwrap_err();
        assert!(
            refused.contains("HubException: unauthenticated: "),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_renews_none() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let ticket = ada.post("/api/auth/hub-ticket", json!({})).await.body["ticket"].clone();
    let mut by_ticket = ada.clone();
    ticket
        .as_str()
        .unwrap()
        .clone_into(&mut by_ticket.access_token);
    let negotiate = by_ticket.post("/hubs/chat/negotiate?negotiateVersion=1", json!({}));
    assert_eq!(negotiate.await.status.as_u16(), 200);
    let mut connection = Connection::open(&app, &by_ticket).await;
    connection.event("Heads").await;
    let again = by_ticket.get("/hubs/chat").await;
    assert_eq!(again.status.as_u16(), 400, "it opens nothing: {again:?}");
    let (address, token) = (app.server.address(), &by_ticket.access_token);
    let url = format!("ws://{address}/hubs/chat?access_token={token}");
    let refused = connect_async(url).await.unwrap_err();
    assert!(
        matches!(&refused, tungstenite::Error::Http(answer) if answer.status().as_u16() == 401),
        "{refused}"
    );
    let refused = connection.invoke("Reauthenticate", json!([token])).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("HubException: unauthenticated: "),
        "{refused}"
    );
}

#[tokio::test]
async fn a_stop_sends_clients_away_to_come_back() {
    let app = TestApp::of(crate::app::binary().env("HUBBUB_SERVER__DRAIN_SECONDS", "1")).await;
    let ada = app.owner("ada").await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let (status, goodbye) = tokio::join!(app.server.stop(), connection.close());
    assert_eq!(goodbye["allowReconnect"], json!(true), "{goodbye}");
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn the_hub_is_found_however_its_path_is_written() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let answer = ada
        .post("/Hubs/CHAT/Negotiate?NegotiateVersion=1", json!({}))
        .await;
    assert_eq!(answer.status, reqwest::StatusCode::OK, "{answer:?}");
    assert!(answer.body["connectionToken"].is_string(), "{answer:?}");
}
