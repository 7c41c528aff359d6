use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use crate::problem::Problem;
use crate::state::App;

/// Lets a request run to its end even if its client goes away in the middle: what was committed is then published too. A panic
/// ends the request alone.
pub(crate) async fn detached(State(app): State<App>, request: Request, next: Next) -> Response {
    let running = app.tasks.spawn(next.run(request).in_current_span());
    running.await.unwrap_or_else(|_| {
        tracing::error!("a request handler panicked");
        Problem::internal().into_response()
    })
}
