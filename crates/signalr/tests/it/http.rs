//! Plain requests to a hub.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// An answer that has been read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// Sends a request and returns the answer as soon as it begins.
pub(crate) async fn begin(
    router: &Router,
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).expect("a valid request");
    router
        .clone()
        .oneshot(request)
        .await
        .expect("routers do not fail")
}

/// Sends a request and reads the whole answer.
pub(crate) async fn request(router: &Router, method: Method, uri: &str, body: &str) -> Answer {
    request_with(router, method, uri, &[], body).await
}

pub(crate) async fn request_with(
    router: &Router,
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let response = begin(router, method, uri, headers, body.to_owned()).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("text");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// Negotiates and returns the connection token.
pub(crate) async fn negotiate(router: &Router, base: &str) -> String {
    let answer = request(
        router,
        Method::POST,
        &format!("{base}/negotiate?negotiateVersion=1"),
        "",
    )
    .await;
    answer.json()["connectionToken"]
        .as_str()
        .expect("a token")
        .to_owned()
}
