//! What a load balancer asks.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;

use crate::state::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/health/live", get(async || StatusCode::OK))
        .route("/health/ready", get(ready))
}

/// Whether new connections should be sent here: not while stopping, nor while the database is away.
async fn ready(State(app): State<App>) -> StatusCode {
    if !app.is_stopping() && app.auth.registration().await.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
