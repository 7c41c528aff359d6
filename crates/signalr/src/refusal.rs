//! Requests that the hub does not serve.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::auth::AuthenticationError;

/// The answer to a request that is not served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: &'static str,
}

impl Refusal {
    pub(crate) const UNKNOWN_CONNECTION: Self =
        Self::new(StatusCode::NOT_FOUND, "No Connection with that ID");

    pub(crate) const fn new(status: StatusCode, body: &'static str) -> Self {
        Self { status, body }
    }

    pub(crate) const fn empty(status: StatusCode) -> Self {
        Self::new(status, "")
    }
}

impl From<AuthenticationError> for Refusal {
    fn from(error: AuthenticationError) -> Self {
        Self::empty(match error {
            AuthenticationError::Unauthenticated => StatusCode::UNAUTHORIZED,
            AuthenticationError::Forbidden => StatusCode::FORBIDDEN,
            AuthenticationError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Clients show the reason phrase of a refused request only if its body is empty.
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "text/plain")],
            self.body,
        )
            .into_response();
        let explanation = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::UPGRADE_REQUIRED => Some((header::SEC_WEBSOCKET_VERSION, "13")),
            _ => None,
        };
        if let Some((name, value)) = explanation {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
