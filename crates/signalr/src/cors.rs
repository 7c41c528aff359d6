//! Cross-origin requests, for hubs that name the origins they allow.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::endpoint::Endpoint;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-requested-with, x-signalr-user-agent");

/// Answers preflight requests before anything is authenticated, and lets pages of allowed origins read the answers to others.
pub(crate) async fn layer<E: Endpoint>(
    State(hub): State<Arc<E>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let origin = origin.filter(|origin| {
        origin
            .to_str()
            .is_ok_and(|origin| hub.core().options.allows_origin(origin))
    });
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        let requested = request
            .headers()
            .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
            .cloned();
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(origin) = origin {
            allow(response.headers_mut(), origin);
            response
                .headers_mut()
                .insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            response.headers_mut().insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                requested.unwrap_or(HEADERS),
            );
        }
        return response;
    }
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        allow(response.headers_mut(), origin);
    }
    response
}

/// Clients send credentials, so the origin must be named.
fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
