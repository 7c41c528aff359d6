//! The one table from kinds of failure to HTTP statuses, and the one place where failures are logged.

use std::fmt::Write as _;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use hubbub_application::error::{ErrorKind, ServiceError};
use hubbub_shared::Causes;
use serde::Serialize;
use signalr_hub::HubError;
use utoipa::ToSchema;

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// Names the kind of problem: `urn:hubbub:problem:<code>`.
    pub(crate) r#type: String,
    /// The HTTP status in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What went wrong, for people.
    pub(crate) detail: String,
    /// A stable word for programs.
    pub(crate) code: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) instance: Option<String>,
    /// Finds the request in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) trace_id: Option<String>,
    /// After how many milliseconds trying again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem that the HTTP layer itself found.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("urn:hubbub:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: sentence(&detail.into()),
            code: code.to_owned(),
            instance: None,
            trace_id: None,
            retry_after_ms: None,
        }
    }

    /// A request that cannot be understood.
    pub(crate) fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// A defect of ours, which is not described.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on the server",
        )
    }

    /// A failed use case.
    pub(crate) fn of(error: &dyn ServiceError) -> Self {
        log(error);
        Self {
            retry_after_ms: retry_after_ms(error),
            ..Self::new(status_of(error.kind()), error.code(), error.to_string())
        }
    }
}

impl<E: ServiceError> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(milliseconds) = self.retry_after_ms {
            let seconds = milliseconds.div_ceil(1_000);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Completed on its way out, where the request's path and id are known.
        response.extensions_mut().insert(self);
        response
    }
}

/// A failed hub method: `<code>: <sentence>`, as SignalR clients receive it.
pub(crate) struct HubProblem(HubError);

impl<E: ServiceError> From<E> for HubProblem {
    fn from(error: E) -> Self {
        log(&error);
        let mut text = format!("{}: {}", error.code(), sentence(&error.to_string()));
        if let Some(milliseconds) = retry_after_ms(&error) {
            // Writing to a string cannot fail.
            let _ = write!(text, " [retryAfterMs={milliseconds}]");
        }
        Self(HubError::message(text))
    }
}

impl From<HubProblem> for HubError {
    fn from(problem: HubProblem) -> Self {
        problem.0
    }
}

fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// After how long to try again what could not be done now.
fn retry_after_ms(error: &dyn ServiceError) -> Option<u64> {
    let after = error.retry_after()?;
    // Never zero: a client that waits as long as it is told must not be too early.
    u64::try_from(after.as_micros().div_ceil(1_000).max(1)).ok()
}

fn log(error: &dyn ServiceError) {
    let (code, causes) = (error.code(), Causes(error));
    match error.kind() {
        ErrorKind::Internal => {
            tracing::error!(code, error = %causes, "a use case failed");
        }
        ErrorKind::Unavailable => {
            tracing::warn!(code, error = %causes, "a use case could not be served");
        }
        _ => tracing::debug!(code, error = %causes, "a use case was refused"),
    }
}

/// Error texts begin in lower case, as is usual in Rust; people read sentences.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let mut sentence: String = characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use hubbub_application::chat::ChatError;
    use hubbub_domain::error::{InvalidValue, RepositoryError, RepositoryErrorKind};

    use super::*;

    #[test]
    fn what_people_read_are_sentences() {
        let problem = Problem::from(ChatError::Invalid(InvalidValue::MessageTooLong {
            length: 16_385,
        }));
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (422, "message_too_long")
        );
        assert_eq!(
            problem.detail,
            "A message has at most 16,384 characters; this one has 16385."
        );
    }

    #[test]
    fn a_database_that_is_away_says_when_to_try_again_and_nothing_internal() {
        let away = RepositoryError::new(
            RepositoryErrorKind::Unavailable,
            "disk I/O error at /secret/path",
        );
        let problem = Problem::from(ChatError::from(away));
        assert_eq!((problem.status, problem.retry_after_ms), (503, Some(1_000)));
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }

    #[test]
    fn a_defect_is_not_described() {
        let broken = RepositoryError::new(RepositoryErrorKind::Corrupt, "no such table: users");
        let problem = Problem::from(ChatError::from(broken));
        assert_eq!((problem.status, problem.code.as_str()), (500, "internal"));
        assert_eq!(problem.detail, "Something went wrong on the server.");
    }
}
