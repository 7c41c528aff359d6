//! A client renews its authentication without a new connection: `POST <hub>/refresh?id=<token>`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use tokio::time::Instant;

use crate::auth::{AuthenticationError, RequestPurpose};
use crate::connection::{Connection, Phase};
use crate::context::DisconnectReason;
use crate::endpoint::Endpoint;
use crate::error::CloseReason;
use crate::refusal::Refusal;
use crate::router::{authenticate, find};
use crate::user::User;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refreshed {
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Refused {
    error: &'static str,
    error_description: &'static str,
}

/// For how many whole seconds the user's authentication holds, if it ends at all.
pub(crate) fn lifetime_seconds(user: &User) -> Option<u64> {
    let left = user.expiry()?.saturating_duration_since(Instant::now());
    Some(left.as_secs())
}

pub(crate) async fn handle<E: Endpoint>(
    State(endpoint): State<Arc<E>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    endpoint.core().ensure_heartbeat();
    if !endpoint.core().options.authentication_refresh {
        let text = "Authentication refresh is not enabled for this endpoint.";
        return Ok(refuse(StatusCode::NOT_FOUND, "refresh_disabled", text));
    }
    match authenticate(&endpoint, &parts, RequestPurpose::Continue).await {
        Ok(user) => Ok(refresh(&endpoint, &parts, user)),
        Err(AuthenticationError::Unauthenticated) => {
            let text = "The token is missing or not valid.";
            let mut response = refuse(StatusCode::UNAUTHORIZED, "invalid_token", text);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            Ok(response)
        }
        Err(AuthenticationError::Forbidden) => {
            let text = "The user may no longer use this endpoint.";
            Ok(refuse(StatusCode::FORBIDDEN, PERMISSION, text))
        }
        Err(error) => Err(error.into()),
    }
}

const PERMISSION: &str = "permission_change_rejected";

fn refresh<E: Endpoint>(endpoint: &Arc<E>, parts: &Parts, user: User) -> Response {
    let (token, connection) = find(endpoint, parts);
    if token.is_none() {
        let text = "The request names no connection.";
        return refuse(StatusCode::BAD_REQUEST, "missing_connection_token", text);
    }
    let is_live = |connection: &Arc<Connection>| {
        (Phase::Handshake..Phase::Ending).contains(&connection.phase())
    };
    let Some(connection) = connection.filter(is_live) else {
        let text = "There is no such connection.";
        return refuse(StatusCode::NOT_FOUND, "connection_not_found", text);
    };
    if connection.token == connection.id {
        let text = "The connection was not negotiated with version 1.";
        let code = "unsupported_negotiate_version";
        return refuse(StatusCode::BAD_REQUEST, code, text);
    }
    if !is_same_user(&**endpoint, &connection, &user) {
        // Whoever sends to the old user must not reach the new one.
        let close = CloseReason::normal();
        connection.end(DisconnectReason::ClosedByServer(close.clone()), Some(close));
        let text = "The token is another user's.";
        return refuse(StatusCode::FORBIDDEN, PERMISSION, text);
    }
    let token_lifetime_seconds = lifetime_seconds(&user);
    if connection.refresh_user(user) {
        endpoint.refreshed(&connection);
    }
    let body = Refreshed {
        token_lifetime_seconds,
    };
    json(StatusCode::OK, &body)
}

/// Whether a user is addressed as the connection's is.
fn is_same_user<E: Endpoint>(endpoint: &E, connection: &Connection, user: &User) -> bool {
    let Some(request) = connection.request() else {
        return false;
    };
    let before = if connection.phase() == Phase::Open {
        connection.user_id()
    } else {
        endpoint.user_id(&connection.user(), request)
    };
    before == endpoint.user_id(user, request)
}

fn refuse(status: StatusCode, error: &'static str, error_description: &'static str) -> Response {
    json(
        status,
        &Refused {
            error,
            error_description,
        },
    )
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("strings and numbers are serialisable");
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
