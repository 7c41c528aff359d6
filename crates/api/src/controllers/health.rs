//! What a load balancer asks.

use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use hubbub_application::ports::BusHealth;
use serde::Serialize;

use crate::state::App;

/// How long the database may take to answer. A load balancer does not wait much longer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/health/live", get(async || StatusCode::OK))
        .route("/health/ready", get(ready))
        .route("/hubs/health", get(passing))
}

/// How the node is.
#[derive(Serialize)]
struct Readiness {
    /// Whether new connections should be sent here.
    status: &'static str,
    database: &'static str,
    /// The way to the other nodes. A node serves without it, only later.
    bus: &'static str,
}

/// What comes through to the hub.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Passing {
    web_sockets: bool,
}

/// Tells who asks for an upgrade to WebSockets, which is not done here, whether the proxies on the way left that in the request.
async fn passing(headers: HeaderMap) -> Json<Passing> {
    let upgrade = headers.get(header::UPGRADE);
    let web_sockets =
        upgrade.is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"));
    Json(Passing { web_sockets })
}

/// Whether new connections should be sent here: not while stopping, nor while the database is away.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let asked = tokio::time::timeout(DATABASE_TIMEOUT, app.auth.registration()).await;
    let has_database = matches!(asked, Ok(Ok(_)));
    let (code, status) = match (app.is_stopping(), has_database) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, true) => (StatusCode::OK, "ready"),
    };
    let readiness = Readiness {
        status,
        database: if has_database { "up" } else { "down" },
        bus: match *app.bus_health.borrow() {
            BusHealth::Healthy => "healthy",
            BusHealth::Degraded => "degraded",
        },
    };
    (code, Json(readiness))
}
