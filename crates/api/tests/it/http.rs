//! What the API answers to requests that are wrong in every way.

use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::app::{GENERAL, TestApp, answer, fresh_key};

#[tokio::test]
async fn a_problem_has_the_shape_of_the_standard() {
    let app = TestApp::start().await;
    let refused = app.get("/api/conversations").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_eq!(refused.header("cache-control"), "no-store");
    let body = &refused.body;
    assert_eq!(body["type"], "urn:hubbub:problem:unauthenticated");
    assert_eq!(
        (&body["title"], &body["status"]),
        (&json!("Unauthorized"), &json!(401))
    );
    assert_eq!(body["detail"], "You are not signed in.");
    assert_eq!(body["instance"], "/api/conversations");
    assert_eq!(
        body["traceId"].as_str(),
        Some(refused.header("x-request-id"))
    );
}

#[tokio::test]
async fn malformed_requests_are_told_what_is_wrong() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let path = format!("/api/conversations/{GENERAL}/messages");
    let post = |body: &'static str, kind: &'static str| {
        ada.request(Method::POST, &path)
            .header("content-type", kind)
            .body(body)
    };
    let json = "application/json";
    for (request, status, code) in [
        (post("{", json), 400, "invalid_request"),
        (post("[]", json), 400, "invalid_request"),
        (post("{}", json), 400, "invalid_request"),
        (post(r#"{"body":1}"#, json), 400, "invalid_request"),
        (
            post(r#"{"body":"a","senderId":"b"}"#, json),
            400,
            "invalid_request",
        ),
        (
            post(r#"{"body":"a","clientId":"b"}"#, json),
            400,
            "invalid_request",
        ),
        (
            post(r#"{"body":"a"}"#, "text/plain"),
            415,
            "unsupported_media_type",
        ),
        (post(r#"{"body":""}"#, json), 422, "message_empty"),
        (
            ada.request(Method::GET, "/api/conversations/1/messages"),
            400,
            "invalid_request",
        ),
        (
            ada.request(Method::GET, &format!("{path}?limit=many")),
            400,
            "invalid_request",
        ),
        (
            ada.request(Method::GET, &format!("{path}?before=1&after=1")),
            400,
            "invalid_request",
        ),
        (
            ada.request(Method::DELETE, &path),
            405,
            "method_not_allowed",
        ),
        (ada.request(Method::GET, "/api/nothing"), 404, "not_found"),
    ] {
        let answer = answer(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code),
            "{answer:?}"
        );
        assert!(
            answer.body["detail"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn sizes_are_bounded_and_the_bound_is_stated() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let chinese = "汉".repeat(16_384);
    assert_eq!(
        ada.posts(GENERAL, &chinese).await.status,
        StatusCode::CREATED
    );
    let long = ada.posts(GENERAL, &"a".repeat(16_385)).await;
    assert_eq!(
        (long.status.as_u16(), long.code()),
        (422, "message_too_long")
    );
    assert!(
        long.body["detail"].as_str().unwrap().contains("16,384"),
        "{long:?}"
    );
    let huge = ada.posts(GENERAL, &"a".repeat(300_000)).await;
    assert_eq!(
        (huge.status.as_u16(), huge.code()),
        (413, "payload_too_large")
    );
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_ones_own_get_the_same_answer() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let bob = app.guest_of(&ada, "bob").await;
    let eve = app.guest_of(&ada, "eve").await;
    let direct = ada
        .post("/api/conversations/direct", json!({ "userId": bob.id }))
        .await;
    let secret = direct.body["id"].as_str().unwrap();
    let nowhere = Uuid::nil().to_string();
    let mut answers = Vec::new();
    for id in [secret, &nowhere] {
        let path = format!("/api/conversations/{id}");
        let mut got = vec![
            eve.get(&path).await,
            eve.get(&format!("{path}/messages")).await,
            eve.posts(id, "hello").await,
            eve.get(&format!("/api/groups/{id}/members")).await,
            eve.post(&format!("/api/groups/{id}/join"), json!({})).await,
            eve.post(&format!("/api/groups/{id}/leave"), json!({}))
                .await,
        ];
        answers.push(
            got.drain(..)
                .map(|answer| {
                    (
                        answer.status,
                        answer.body["code"].clone(),
                        answer.body["detail"].clone(),
                    )
                })
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(answers[0], answers[1]);
    assert!(
        answers[0]
            .iter()
            .all(|(status, code, _)| *status == StatusCode::NOT_FOUND && code == "not_found")
    );
    let nobody = eve
        .post(
            &format!("/api/users/{nowhere}/messages"),
            json!({ "body": "hi" }),
        )
        .await;
    assert_eq!(
        (nobody.status, nobody.code()),
        (StatusCode::NOT_FOUND, "not_found")
    );
}

#[tokio::test]
async fn a_retry_over_http_gets_the_same_receipt() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let path = format!("/api/conversations/{GENERAL}/messages");
    let body = json!({ "clientId": fresh_key(), "body": "once" });
    let first = ada.post(&path, body.clone()).await;
    let second = ada.post(&path, body.clone()).await;
    assert_eq!(first.body, second.body);
    let other = ada
        .post(
            &path,
            json!({ "clientId": body["clientId"], "body": "twice" }),
        )
        .await;
    assert_eq!(
        (other.status.as_u16(), other.code()),
        (409, "idempotency_mismatch")
    );
    assert_eq!(ada.reads_posts(GENERAL).await.len(), 1);
}

#[tokio::test]
async fn health_is_told_without_a_sign_in() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::OK);
    let expected = json!({ "status": "ready", "database": "up", "bus": "healthy" });
    assert_eq!(ready.body, expected);
}
