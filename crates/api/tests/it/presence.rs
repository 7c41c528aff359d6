//! What people are shown of one another, and say of themselves.

use serde_json::json;

use crate::app::TestApp;
use crate::connection::Connection;

#[tokio::test]
async fn who_only_ever_sent_a_private_message_sees_the_other_come_and_go() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut bobs = Connection::open(&app, &bob).await;
    bobs.event("Heads").await;
    bobs.invoke("SendPrivateMessage", json!([ada.id, "are you there?"]))
        .await
        .unwrap();

    let mut adas = Connection::open(&app, &ada).await;
    let online = bobs.event("UserOnline").await;
    assert_eq!(
        (&online["userId"], &online["state"]),
        (&json!(ada.id), &json!("active"))
    );
    assert_eq!(
        adas.event("UserOnline").await["userId"],
        json!(bob.id),
        "who was there before"
    );
    app.post(
        "/api/auth/logout",
        json!({ "refreshToken": ada.refresh_token }),
    )
    .await;
    let offline = bobs.event("UserOffline").await;
    assert_eq!(
        (&offline["userId"], &offline["state"]),
        (&json!(ada.id), &json!("offline"))
    );
    assert!(offline["lastSeen"].is_string(), "{offline}");
    assert!(offline["version"].as_u64() > online["version"].as_u64());
}

#[tokio::test]
async fn what_one_says_of_oneself_reaches_those_who_watch_over_the_hub_and_over_http() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    let mut bobs = Connection::open(&app, &bob).await;
    bobs.event("Heads").await;
    bobs.invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    let busy = json!({ "state": "doNotDisturb", "text": "in a meeting", "emoji": "📅", "until": "2099-01-01T00:00:00Z" });
    let set = ada.put("/api/users/me/status", busy.clone()).await;
    assert_eq!((set.status.as_u16(), &set.body), (200, &busy));
    let told = loop {
        let told = bobs.next().await;
        if told["arguments"][0]["state"] == json!("doNotDisturb") {
            break told["arguments"][0].clone();
        }
    };
    assert_eq!(told["status"]["text"], "in a meeting");
    assert_eq!(told["status"]["until"], "2099-01-01T00:00:00Z");
    assert_eq!(ada.reads("/api/users/me/status").await, busy);

    adas.invoke("SetStatus", json!([{}])).await.unwrap();
    let told = bobs.event("PresenceChanged").await;
    assert_eq!(
        (&told["state"], told.get("status")),
        (&json!("active"), None)
    );
    adas.invoke("SetStatus", json!([{ "state": "invisible" }]))
        .await
        .unwrap();
    assert_eq!(bobs.event("UserOffline").await["userId"], json!(ada.id));
    let refused = adas
        .invoke("SetStatus", json!([{ "text": "x".repeat(101) }]))
        .await;
    assert!(refused.unwrap_err().contains("invalid_status: "));
}

#[tokio::test]
async fn a_device_says_that_nobody_is_at_it_and_doing_something_says_the_opposite() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let mut bobs = Connection::open(&app, &bob).await;
    bobs.event("Heads").await;
    bobs.invoke("WatchPresence", json!([[ada.id]]))
        .await
        .unwrap();
    let mut adas = Connection::open(&app, &ada).await;
    adas.event("Heads").await;
    assert_eq!(bobs.event("UserOnline").await["state"], "active");
    adas.invoke("SetActivity", json!([false])).await.unwrap();
    assert_eq!(bobs.event("PresenceChanged").await["state"], "away");
    adas.invoke("SendPrivateMessage", json!([bob.id, "back"]))
        .await
        .unwrap();
    assert_eq!(bobs.event("PresenceChanged").await["state"], "active");
}
