//! Every route of the API against people who should not be there, and against requests with more in them than it knows.

mod routes;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Answer, Person, TestApp, answer};
use routes::{Access, ROUTES};

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
    async fn call(&self, who: Option<&Person>, route: &str, id: &str, body: &str) -> Answer {
        let (method, path) = route.split_once(' ').unwrap();
        let (method, path): (Method, _) = (method.parse().unwrap(), self.fill(path, id));
        let request = match who {
            Some(person) => person.request(method, &path),
            None => self.app.request(method, &path),
        };
        let request = match body {
            "" => request,
            body => request
                .header("content-type", "application/json")
                .body(self.fill(body, id)),
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
    let table: BTreeSet<_> = ROUTES
        .iter()
        .map(|(route, _, _)| route.split('?').next().unwrap().to_owned())
        .collect();
    assert_eq!(described, table);
}

#[tokio::test]
async fn who_is_not_signed_in_reaches_nothing_that_is_not_for_everybody() {
    let world = World::new().await;
    for &(route, access, body) in ROUTES {
        let id = Uuid::nil().to_string();
        let answer = world.call(None, route, &id, body).await;
        if access == Access::Everybody {
            assert!(!answer.status.is_server_error(), "{route}: {answer:?}");
        } else {
            assert_eq!(answer.verdict(), (401, "unauthenticated"), "{route}");
        }
    }
}

#[tokio::test]
async fn for_who_is_not_in_it_a_conversation_does_not_exist() {
    let world = World::new().await;
    for &(route, access, body) in ROUTES {
        let id = world.id_in(route.split_once(' ').unwrap().1).await;
        let answer = world.call(Some(&world.stranger), route, &id, body).await;
        match access {
            Access::Everybody => {}
            Access::SignedIn => assert!(answer.status.is_success(), "{route}: {answer:?}"),
            Access::Administrators => assert_eq!(answer.verdict(), (403, "forbidden"), "{route}"),
            Access::Insiders => {
                assert_eq!(answer.verdict(), (404, "not_found"), "{route}");
                let nowhere = Uuid::nil().to_string();
                let missing = world.call(Some(&world.stranger), route, &nowhere, body);
                assert_eq!(told(&answer), told(&missing.await), "{route}");
                let former = world.call(Some(&world.former), route, &id, body).await;
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
    for &(route, _, body) in ROUTES {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(body) else {
            continue;
        };
        fields.insert("surprise".to_owned(), json!(1));
        let id = world.id_in(route.split_once(' ').unwrap().1).await;
        let body = &Value::Object(fields).to_string();
        let answer = world.call(Some(&world.owner), route, &id, body).await;
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
    for &(route, _, _) in ROUTES {
        let (bare, query) = route.split_once('?').unwrap_or((route, ""));
        if !takes_query(bare) {
            continue;
        }
        let id = world.id_in(bare.split_once(' ').unwrap().1).await;
        let route = format!("{bare}?{query}&surprise=1");
        let answer = world.call(Some(&world.owner), &route, &id, "");
        assert_eq!(answer.await.verdict(), (400, "invalid_request"), "{route}");
        count += 1;
    }
    assert!(count >= 5, "only {count} routes take a query");
    assert_eq!(before, world.owner.reads("/api/conversations").await);
}
