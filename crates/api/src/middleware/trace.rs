use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::problem::Problem;
use crate::state::App;
use crate::telemetry::traces;

/// Gives every request an id, which its log lines, its answer, a problem in it and its trace carry. Queries are never logged: they may
/// hold tokens.
pub(crate) async fn trace(State(app): State<App>, request: Request, next: Next) -> Response {
    let traced = traces::of_request();
    let id = traces::id_of(&traced).unwrap_or_else(|| app.ids.uuid().simple().to_string());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", trace.id = %id);
    let began = Instant::now();
    let answering = next.run(request).instrument(span.clone());
    let mut response = answering.instrument(traced.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = complete(problem, path.clone(), id.clone(), &response);
    }
    let route = route.as_ref().map(MatchedPath::as_str);
    app.instruments
        .answered(&method, route, response.status(), began.elapsed());
    traces::answered(&traced, &method, route, response.status());
    let _entered = span.enter();
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    tracing::debug!(http.method = %method, http.path = path, status, duration_ms, "a request was answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// A problem with the request's path and id, in an answer that is otherwise the same.
fn complete(problem: Problem, path: String, id: String, response: &Response) -> Response {
    let mut completed = Problem {
        instance: Some(path),
        trace_id: Some(id),
        ..problem
    }
    .into_response();
    completed.extensions_mut().remove::<Problem>();
    for (name, value) in response.headers() {
        if name != http::header::CONTENT_LENGTH {
            completed.headers_mut().insert(name, value.clone());
        }
    }
    completed
}
