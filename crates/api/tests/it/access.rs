//! Every route of the API against people who should not be there, and against requests with more in them than it knows.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Answer, Person, TestApp, answer};

/// Whom a route serves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anybody, signed in or not.
    Everybody,
    /// Whoever is signed in.
    SignedIn,
    /// Only who is in the conversation, or whose own it is: for others it does not exist.
    Insiders,
    /// Only who administers the server.
    Administrators,
}

use Access::{Administrators, Everybody, Insiders, SignedIn};

/// Every route with a body that it takes. A route that is not here fails a test.
fn routes() -> Vec<(&'static str, Access, Value)> {
    let none = || Value::Null;
    let credentials = || json!({ "username": "nobody", "password": "a long password" });
    let message = || json!({ "body": "let me in" });
    vec![
        ("GET /api/server", Everybody, none()),
        ("POST /api/auth/register", Everybody, credentials()),
        ("POST /api/auth/login", Everybody, credentials()),
        (
            "POST /api/auth/refresh",
            Everybody,
            json!({ "refreshToken": "none of ours" }),
        ),
        (
            "POST /api/auth/logout",
            Everybody,
            json!({ "refreshToken": "none of ours" }),
        ),
        ("GET /api/invitations/{code}/preview", Everybody, none()),
        ("POST /api/auth/hub-ticket", SignedIn, none()),
        ("GET /api/users", SignedIn, none()),
        ("GET /api/users/{id}", SignedIn, none()),
        ("GET /api/users/me", SignedIn, none()),
        (
            "PATCH /api/users/me",
            SignedIn,
            json!({ "displayName": "Somebody" }),
        ),
        ("GET /api/users/me/sessions", SignedIn, none()),
        ("DELETE /api/users/me/sessions/{id}", Insiders, none()),
        ("POST /api/users/{id}/messages", SignedIn, message()),
        ("GET /api/invitations", Administrators, none()),
        ("POST /api/invitations", Administrators, json!({})),
        ("DELETE /api/invitations/{id}", Administrators, none()),
        ("GET /api/conversations", SignedIn, none()),
        (
            "POST /api/conversations/direct",
            SignedIn,
            json!({ "userId": "{userId}" }),
        ),
        ("GET /api/conversations/{id}", Insiders, none()),
        (
            "POST /api/conversations/{id}/typing",
            Insiders,
            json!({ "isTyping": true }),
        ),
        ("GET /api/conversations/{id}/messages", Insiders, none()),
        ("POST /api/conversations/{id}/messages", Insiders, message()),
        (
            "GET /api/conversations/{id}/messages/{messageId}",
            Insiders,
            none(),
        ),
        (
            "PATCH /api/conversations/{id}/messages/{messageId}",
            Insiders,
            message(),
        ),
        (
            "DELETE /api/conversations/{id}/messages/{messageId}",
            Insiders,
            none(),
        ),
        (
            "POST /api/conversations/{id}/messages/{messageId}/restore",
            Insiders,
            none(),
        ),
        (
            "GET /api/conversations/{id}/messages/{messageId}/revisions",
            Insiders,
            none(),
        ),
        (
            "PUT /api/conversations/{id}/messages/{messageId}/reactions/{emoji}",
            Insiders,
            none(),
        ),
        (
            "DELETE /api/conversations/{id}/messages/{messageId}/reactions/{emoji}",
            Insiders,
            none(),
        ),
        (
            "PUT /api/conversations/{id}/messages/{messageId}/pin",
            Insiders,
            none(),
        ),
        (
            "DELETE /api/conversations/{id}/messages/{messageId}/pin",
            Insiders,
            none(),
        ),
        ("GET /api/conversations/{id}/pins", Insiders, none()),
        (
            // Who was removed may read what happened up to then; nothing did after this.
            "GET /api/conversations/{id}/changes?afterRev=1000",
            Insiders,
            none(),
        ),
        (
            "PUT /api/conversations/{id}/read",
            Insiders,
            json!({ "seq": 1 }),
        ),
        (
            "PUT /api/conversations/{id}/unread",
            Insiders,
            json!({ "seq": 1 }),
        ),
        (
            "PATCH /api/conversations/{id}/preferences",
            Insiders,
            json!({ "level": "none" }),
        ),
        ("GET /api/conversations/{id}/receipts", Insiders, none()),
        (
            "PUT /api/conversations/{id}/threads/{rootId}/following",
            Insiders,
            json!({ "following": true }),
        ),
        ("GET /api/threads", SignedIn, none()),
        (
            "POST /api/sync",
            SignedIn,
            json!({ "positions": [{ "conversationId": "{id}", "rev": 0 }] }),
        ),
        ("GET /api/groups", SignedIn, none()),
        ("POST /api/groups", SignedIn, json!({ "name": "Mine" })),
        (
            "PATCH /api/groups/{id}",
            Insiders,
            json!({ "name": "Ours" }),
        ),
        ("POST /api/groups/{id}/join", Insiders, none()),
        ("POST /api/groups/{id}/leave", Insiders, none()),
        ("GET /api/groups/{id}/members", Insiders, none()),
        (
            "POST /api/groups/{id}/members",
            Insiders,
            json!({ "userId": "{userId}" }),
        ),
        (
            "PUT /api/groups/{id}/members/{userId}",
            Insiders,
            json!({ "role": "admin" }),
        ),
        ("DELETE /api/groups/{id}/members/{userId}", Insiders, none()),
        ("GET /api/groups/{id}/bans", Insiders, none()),
        ("PUT /api/groups/{id}/bans/{userId}", Insiders, none()),
        ("DELETE /api/groups/{id}/bans/{userId}", Insiders, none()),
        ("GET /api/groups/{id}/invitations", Insiders, none()),
        ("POST /api/groups/{id}/invitations", Insiders, json!({})),
        (
            "DELETE /api/groups/{id}/invitations/{invitationId}",
            Insiders,
            none(),
        ),
        // Who holds the code of a link may see and use it; nobody here does.
        ("GET /api/group-invitations/{code}", Insiders, none()),
        (
            "POST /api/group-invitations/{code}/accept",
            Insiders,
            none(),
        ),
    ]
}

/// What is there to be got at.
struct World {
    app: TestApp,
    owner: Person,
    /// Has never been in the group.
    stranger: Person,
    /// Was in it, and saw the message.
    former: Person,
    /// What stands for the parts of a path, where they lead somewhere.
    places: Vec<(&'static str, String)>,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let owner = app.owner("owner").await;
        let member = app.guest_of(&owner, "member").await;
        let former = app.guest_of(&owner, "former").await;
        let stranger = app.guest_of(&owner, "stranger").await;
        let group = owner.founds("Secret", &[&member, &former]).await;
        let message = owner.writes(&group, "for members").await;
        let path = format!("/api/groups/{group}");
        let removed = owner.delete(&format!("{path}/members/{}", former.id)).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        let invitation = owner.post(&format!("{path}/invitations"), json!({})).await;
        let message_id = message.rsplit('/').next().unwrap().to_owned();
        let places = vec![
            ("{messageId}", message_id.clone()),
            ("{rootId}", message_id),
            ("{userId}", member.id.clone()),
            ("{invitationId}", invitation.id()),
            ("{emoji}", "%F0%9F%91%8D".to_owned()),
            ("{code}", "no-such-code".to_owned()),
            ("{id}", group),
        ];
        Self {
            app,
            owner,
            stranger,
            former,
            places,
        }
    }

    /// What `{id}` stands for in a path.
    async fn id_in(&self, path: &str) -> String {
        let of_owner = |list: Value, items: &str| list[items][0]["id"].as_str().unwrap().to_owned();
        if path.starts_with("/api/users/me/sessions") {
            let sessions = self.owner.reads("/api/users/me/sessions").await;
            return of_owner(sessions, "sessions");
        }
        if path.starts_with("/api/users/") {
            return self.owner.id.clone();
        }
        if path.starts_with("/api/invitations/") {
            let made = self.owner.post("/api/invitations", json!({})).await;
            return made.id();
        }
        self.place("{id}").to_owned()
    }

    fn place(&self, name: &str) -> &str {
        let place = self.places.iter().find(|(place, _)| *place == name);
        &place.expect("a place that is known").1
    }

    fn fill(&self, text: &str, id: &str) -> String {
        let text = text.replace("{id}", id);
        let fill = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.places.iter().fold(text, fill)
    }

    /// Calls a route as somebody, or as nobody.
    async fn call(&self, who: Option<&Person>, route: &str, id: &str, body: &Value) -> Answer {
        let (method, path) = route.split_once(' ').unwrap();
        let (method, path): (Method, _) = (method.parse().unwrap(), self.fill(path, id));
        let request = match who {
            Some(person) => person.request(method, &path),
            None => self.app.request(method, &path),
        };
        let request = match body {
            Value::Null => request,
            body => {
                let text = self.fill(&body.to_string(), id);
                request
                    .header("content-type", "application/json")
                    .body(text)
            }
        };
        answer(request).await
    }
}

/// What is told, as far as it may not differ.
fn told(answer: &Answer) -> (StatusCode, Value, Value) {
    let field = |name: &str| answer.body[name].clone();
    (answer.status, field("code"), field("detail"))
}

#[test]
fn every_route_of_the_description_is_in_the_table_and_no_other() {
    let document = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let table: BTreeSet<_> = routes()
        .iter()
        .map(|(route, _, _)| route.split('?').next().unwrap().to_owned())
        .collect();
    assert_eq!(described, table);
}

#[tokio::test]
async fn who_is_not_signed_in_reaches_nothing_that_is_not_for_everybody() {
    let world = World::new().await;
    for (route, access, body) in routes() {
        let id = Uuid::nil().to_string();
        let answer = world.call(None, route, &id, &body).await;
        if access == Everybody {
            assert!(!answer.status.is_server_error(), "{route}: {answer:?}");
        } else {
            assert_eq!(answer.verdict(), (401, "unauthenticated"), "{route}");
        }
    }
}

#[tokio::test]
async fn for_who_is_not_in_it_a_conversation_does_not_exist() {
    let world = World::new().await;
    for (route, access, body) in routes() {
        let id = world.id_in(route.split_once(' ').unwrap().1).await;
        let answer = world.call(Some(&world.stranger), route, &id, &body).await;
        match access {
            Everybody => {}
            SignedIn => assert!(answer.status.is_success(), "{route}: {answer:?}"),
            Administrators => assert_eq!(answer.verdict(), (403, "forbidden"), "{route}"),
            Insiders => {
                assert_eq!(answer.verdict(), (404, "not_found"), "{route}");
                let nowhere = Uuid::nil().to_string();
                let missing = world.call(Some(&world.stranger), route, &nowhere, &body);
                assert_eq!(told(&answer), told(&missing.await), "{route}");
                let former = world.call(Some(&world.former), route, &id, &body).await;
                assert_eq!(told(&answer), told(&former), "{route}: who was removed");
            }
        }
    }
    let secret = world.place("{id}");
    let sync = json!({ "positions": [{ "conversationId": secret, "rev": 0 }] });
    let pages = world.stranger.post("/api/sync", sync).await;
    assert!(!pages.body.to_string().contains("for members"), "{pages:?}");
}

#[tokio::test]
async fn a_field_that_a_route_does_not_know_is_refused_before_anything_happens() {
    let world = World::new().await;
    let before = world.owner.reads("/api/conversations").await;
    for (route, _, body) in routes() {
        let Value::Object(mut fields) = body else {
            continue;
        };
        fields.insert("surprise".to_owned(), json!(1));
        let id = world.id_in(route.split_once(' ').unwrap().1).await;
        let body = Value::Object(fields);
        let answer = world.call(Some(&world.owner), route, &id, &body).await;
        assert_eq!(answer.verdict(), (400, "invalid_request"), "{route}");
    }
    let document = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let takes_query = |route: &str| {
        let (method, path) = route.split_once(' ').unwrap();
        let operation = &document["paths"][path][method.to_lowercase()];
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["in"] == "query"))
    };
    let mut count = 0;
    for (route, _, _) in routes() {
        let (bare, query) = route.split_once('?').unwrap_or((route, ""));
        if !takes_query(bare) {
            continue;
        }
        let id = world.id_in(bare.split_once(' ').unwrap().1).await;
        let route = format!("{bare}?{query}&surprise=1");
        let answer = world.call(Some(&world.owner), &route, &id, &Value::Null);
        assert_eq!(answer.await.verdict(), (400, "invalid_request"), "{route}");
        count += 1;
    }
    assert!(count >= 5, "only {count} routes take a query");
    assert_eq!(before, world.owner.reads("/api/conversations").await);
}
