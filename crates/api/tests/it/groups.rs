//! Groups and channels over HTTP: settings, roles, bans and links.

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::app::{GENERAL, Person, TestApp};

async fn three(app: &TestApp) -> (String, Person, Person, Person) {
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let eve = app.guest_of(&ada, "eve").await;
    let id = ada.founds("Tea", &[&bob, &eve]).await;
    (id, ada, bob, eve)
}

#[tokio::test]
async fn who_manages_a_group_renames_it_and_its_log_tells() {
    let app = TestApp::start().await;
    let (id, ada, bob, _) = three(&app).await;
    let path = format!("/api/groups/{id}");
    let wish = json!({ "name": "Coffee", "topic": "Black", "history": "all" });
    let changed = ada.patch(&path, wish).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.text("name"), "Coffee");
    assert_eq!(
        (changed.text("topic"), changed.text("history")),
        ("Black", "all")
    );
    let cleared = ada.patch(&path, json!({ "topic": "" })).await;
    assert_eq!(cleared.body.get("topic"), None);
    assert_eq!(cleared.text("name"), "Coffee", "the rest stays");
    let notes: Vec<_> = bob.reads_all(&id).await;
    let notes: Vec<_> = notes.iter().map(|note| note["system"].clone()).collect();
    assert_eq!(
        notes,
        [
            json!({ "type": "founded" }),
            json!({ "type": "renamed", "name": "Coffee" }),
            json!({ "type": "topicChanged", "topic": "Black" }),
            json!({ "type": "topicChanged" }),
        ]
    );
    for (who, wish, verdict) in [
        (&bob, json!({ "name": "Mine" }), (403, "forbidden")),
        (&ada, json!({ "name": " " }), (422, "invalid_name")),
        (
            &ada,
            json!({ "topic": "a".repeat(251) }),
            (422, "invalid_topic"),
        ),
        (&ada, json!({ "history": "some" }), (400, "invalid_request")),
    ] {
        let refused = who.patch(&path, wish.clone()).await;
        assert_eq!(refused.verdict(), verdict, "{wish}");
    }
    let direct = json!({ "userId": bob.id });
    let direct = ada.post("/api/conversations/direct", direct).await.id();
    let refused = ada
        .patch(&format!("/api/groups/{direct}"), json!({ "name": "Us" }))
        .await;
    assert_eq!(refused.verdict(), (403, "forbidden"));
}

#[tokio::test]
async fn those_who_join_see_as_much_of_the_past_as_the_group_shows() {
    let app = TestApp::start().await;
    let (id, ada, _, _) = three(&app).await;
    ada.writes(&id, "before").await;
    let path = format!("/api/groups/{id}/members");
    let cyd = app.guest_of(&ada, "cyd").await;
    ada.post(&path, json!({ "userId": cyd.id })).await;
    let seen = |messages: Vec<serde_json::Value>| messages.iter().any(|m| m["body"] == "before");
    assert!(!seen(cyd.reads_all(&id).await), "a group shows nothing");
    ada.patch(&format!("/api/groups/{id}"), json!({ "history": "all" }))
        .await;
    let dan = app.guest_of(&ada, "dan").await;
    ada.post(&path, json!({ "userId": dan.id })).await;
    assert!(seen(dan.reads_all(&id).await));
    assert!(!seen(cyd.reads_all(&id).await), "only those who come after");
}

#[tokio::test]
async fn roles_are_given_by_owners_and_the_last_owner_stays_one() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = three(&app).await;
    let of = |person: &Person| format!("/api/groups/{id}/members/{}", person.id);
    let refused = ada.put(&of(&ada), json!({ "role": "member" })).await;
    assert_eq!(refused.verdict(), (409, "last_owner"));
    let admin = ada.put(&of(&bob), json!({ "role": "admin" })).await;
    assert_eq!(admin.status, StatusCode::NO_CONTENT, "{admin:?}");
    let reader = bob.put(&of(&eve), json!({ "role": "readOnly" })).await;
    assert_eq!(reader.status, StatusCode::NO_CONTENT, "{reader:?}");
    let shown = eve.reads(&format!("/api/conversations/{id}")).await;
    assert_eq!(shown["role"], "readOnly");
    for (who, whom, role, verdict) in [
        (&bob, &eve, "owner", (403, "forbidden")),
        (&bob, &ada, "member", (403, "forbidden")),
        (&eve, &bob, "member", (403, "forbidden")),
        (&ada, &eve, "king", (400, "invalid_request")),
    ] {
        let refused = who.put(&of(whom), json!({ "role": role })).await;
        assert_eq!(refused.verdict(), verdict, "{role}");
    }
    let nobody = format!("/api/groups/{id}/members/{}", Uuid::nil());
    let refused = ada.put(&nobody, json!({ "role": "admin" })).await;
    assert_eq!(refused.verdict(), (404, "not_found"));
}

#[tokio::test]
async fn who_is_banned_is_out_and_comes_back_by_no_way_until_it_is_lifted() {
    let app = TestApp::start().await;
    let (id, ada, bob, eve) = three(&app).await;
    let group = format!("/api/groups/{id}");
    let ban = format!("{group}/bans/{}", eve.id);
    assert_eq!(bob.put(&ban, json!({})).await.verdict(), (403, "forbidden"));
    assert_eq!(
        bob.get(&format!("{group}/bans")).await.verdict(),
        (403, "forbidden")
    );
    let link = ada.post(&format!("{group}/invitations"), json!({})).await;
    let accept = format!("/api/group-invitations/{}/accept", link.text("code"));
    for _ in 0..2 {
        assert_eq!(
            ada.put(&ban, json!({})).await.status,
            StatusCode::NO_CONTENT
        );
    }
    let gone = eve.get(&format!("/api/conversations/{id}")).await;
    assert_eq!(gone.verdict(), (404, "not_found"));
    let bans = ada.reads(&format!("{group}/bans?limit=1")).await;
    assert_eq!(bans["bans"][0]["user"]["id"], json!(eve.id));
    assert_eq!(bans["bans"][0]["bannedBy"], json!(ada.id));
    assert_eq!(bans.get("next"), None);
    let added = ada
        .post(&format!("{group}/members"), json!({ "userId": eve.id }))
        .await;
    assert_eq!(added.verdict(), (403, "banned"));
    let came = eve.post(&accept, json!({})).await;
    assert_eq!(came.verdict(), (403, "forbidden"));
    for _ in 0..2 {
        assert_eq!(ada.delete(&ban).await.status, StatusCode::NO_CONTENT);
    }
    let came = eve.post(&accept, json!({})).await;
    assert_eq!(came.status, StatusCode::OK, "{came:?}");
    let own = ada
        .put(&format!("{group}/bans/{}", ada.id), json!({}))
        .await;
    assert_eq!(own.verdict(), (403, "forbidden"));
}

#[tokio::test]
async fn a_link_into_a_group_is_used_once_by_each_and_not_after_its_end() {
    let app = TestApp::start().await;
    let (id, ada, bob, _) = three(&app).await;
    let group = format!("/api/groups/{id}");
    let links = format!("{group}/invitations");
    let refused = bob.post(&links, json!({})).await;
    assert_eq!(refused.verdict(), (403, "forbidden"));
    let many = ada.post(&links, json!({ "maxUses": 1_001 })).await;
    assert_eq!(many.verdict(), (422, "limit_exceeded"));
    let link = ada.post(&links, json!({ "maxUses": 1 })).await;
    assert_eq!(link.status, StatusCode::CREATED, "{link:?}");
    let code = link.text("code");
    assert_eq!(link.text("path"), format!("/g/{code}"));
    let cyd = app.guest_of(&ada, "cyd").await;
    let dan = app.guest_of(&ada, "dan").await;
    let place = format!("/api/group-invitations/{code}");
    let preview = cyd.reads(&place).await;
    assert_eq!(preview["invitedBy"], "ada");
    assert_eq!(
        preview["conversation"],
        json!({ "id": id, "name": "Tea", "kind": "group", "memberCount": 3 })
    );
    let accept = format!("{place}/accept");
    assert_eq!(
        bob.post(&accept, json!({})).await.status,
        StatusCode::OK,
        "a member"
    );
    let came = cyd.post(&accept, json!({})).await;
    assert_eq!((came.status, came.text("name")), (StatusCode::OK, "Tea"));
    assert_eq!(
        dan.post(&accept, json!({})).await.verdict(),
        (404, "not_found")
    );
    assert_eq!(dan.get(&place).await.verdict(), (404, "not_found"));

    let other = ada.post(&links, json!({})).await;
    let listed = ada.reads(&links).await;
    assert_eq!(listed["invitations"][0]["id"], json!(other.id()));
    assert!(!listed.to_string().contains(other.text("code")), "{listed}");
    let withdrawn = ada.delete(&format!("{links}/{}", other.id())).await;
    assert_eq!(withdrawn.status, StatusCode::NO_CONTENT);
    let late = format!("/api/group-invitations/{}/accept", other.text("code"));
    assert_eq!(
        dan.post(&late, json!({})).await.verdict(),
        (404, "not_found")
    );
    let joins = dan
        .post(&format!("/api/groups/{GENERAL}/join"), json!({}))
        .await;
    assert_eq!(joins.status, StatusCode::OK, "an open channel needs none");
}
