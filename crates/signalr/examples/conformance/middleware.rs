//! What happens to requests before they reach a hub.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::uri::Uri;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Where there are hubs and raw endpoints, and the path that leads to one.
const HUBS: &[&str] = &[
    "/testhub",
    "/testhub-nowebsockets",
    "/uncreatable",
    "/authorizedhub",
    "/echo",
    "/echoredirect",
];

/// Wraps an application that is served under `scheme`.
pub(crate) fn around(app: Router, scheme: &'static str) -> Router {
    let app = app
        .layer(from_fn_with_state(scheme, rewrite))
        .layer(from_fn(cors));
    signalr_hub::match_any_case(app, HUBS)
}

/// Lets pages of every origin in.
async fn cors(request: Request, next: Next) -> Response {
    let asked = request.headers().clone();
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let mut echo = |to, from| {
        if let Some(value) = asked.get(from) {
            response.headers_mut().insert(to, HeaderValue::clone(value));
        }
    };
    echo(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ORIGIN);
    echo(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        header::ACCESS_CONTROL_REQUEST_METHOD,
    );
    echo(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        header::ACCESS_CONTROL_REQUEST_HEADERS,
    );
    response.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    response
}

/// How often a client was sent elsewhere.
static REDIRECTS: AtomicU64 = AtomicU64::new(0);

async fn rewrite(State(scheme): State<&'static str>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/echoredirect" || path.starts_with("/echoredirect/") {
        let location = request
            .uri()
            .to_string()
            .replacen("echoredirect", "echo", 1);
        return (
            StatusCode::TEMPORARY_REDIRECT,
            [(header::LOCATION, location)],
        )
            .into_response();
    }
    if path.starts_with("/redirect") {
        return redirect(request.uri());
    }
    if path.starts_with("/bad-negotiate") {
        return (StatusCode::BAD_REQUEST, "Some response from server").into_response();
    }
    let is_negotiation = path.contains("/negotiate");
    let mut response = next.run(request).await;
    if is_negotiation {
        set_cookies(response.headers_mut(), scheme == "https");
    }
    response
}

/// Answers a negotiation with another place to negotiate.
fn redirect(uri: &Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let base = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("baseUrl="))
        .unwrap_or_default();
    let base = base
        .replace("%3A", ":")
        .replace("%2F", "/")
        .replace("%3a", ":")
        .replace("%2f", "/");
    let count = REDIRECTS.fetch_add(1, Ordering::Relaxed) + 1;
    let body = serde_json::json!({ "url": format!("{base}/testHub?numRedirects={count}") });
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("the headers are valid")
}

fn set_cookies(headers: &mut HeaderMap, is_secure: bool) {
    let attributes = if is_secure {
        "; Path=/; SameSite=None; Secure"
    } else {
        "; Path=/"
    };
    for cookie in [
        "testCookie=testValue",
        "testCookie2=testValue2",
        "expiredCookie=doesntmatter; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=-3600",
    ] {
        let value =
            HeaderValue::try_from(format!("{cookie}{attributes}")).expect("cookies are ASCII");
        headers.append(header::SET_COOKIE, value);
    }
}
