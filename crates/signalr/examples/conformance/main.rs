//! A host that any SignalR client's test suite can be pointed at.
//!
//! ```text
//! cargo run -p signalr-hub --example conformance -- \
//!     --http 127.0.0.1:5100 --https 127.0.0.1:5101 --cert FILE --key FILE --webworker FILE
//! ```
//!
//! `--https` needs a certificate and its key in PEM files; `--webworker` names the client library for web workers, which is served
//! under `/lib/signalr-webworker/signalr.js`. Everything but `--http` may be left out.

mod arguments;
mod authorized;
mod middleware;
mod serve;
mod test_hub;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::header;
use serde_json::json;
use signalr_hub::{Hub, HubContext, HubError, HubOptions, RawConnection, RawEndpoint, Transports};

use arguments::Arguments;

/// Detailed errors, as the test suites expect them.
pub(crate) fn options() -> HubOptions {
    HubOptions {
        detailed_errors: true,
        ..HubOptions::default()
    }
}

/// A hub whose connections fail as if its class could not be instantiated.
///
/// It takes its time over that: a client that learns of the failure together with the handshake reports it as a failed start, and
/// the test suites expect a connection that is closed.
fn uncreatable() -> Hub {
    Hub::builder()
        .on_connected(async |_| {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Err::<(), _>(HubError::internal(
                "InvalidOperationException",
                "Unable to resolve service for type 'System.Object' while attempting to activate \
                 'FunctionalTests.UncreatableHub'.",
            ))
        })
        .options(options())
        .build()
}

async fn echo(mut connection: RawConnection) {
    while let Some(bytes) = connection.receive().await {
        connection.send(bytes);
    }
}

/// Asks a connection for a result and answers with it, or with the error.
async fn client_result(State(hub): State<HubContext>, Path(id): Path<String>) -> String {
    match hub.clients().client(&id).invoke::<i32>("Result", ()).await {
        Ok(number) => number.to_string(),
        Err(error) => error.to_string(),
    }
}

async fn deployment() -> impl IntoResponse {
    Json(json!({ "server": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

fn app(webworker: Option<Arc<str>>) -> Router {
    let test_hub = test_hub::hub(options());
    let without_websockets = HubOptions {
        transports: Transports {
            websockets: false,
            ..Transports::ALL
        },
        ..options()
    };
    let script = get(async move || match webworker {
        Some(script) => (
            [(header::CONTENT_TYPE, "text/javascript")],
            script.to_string(),
        )
            .into_response(),
        None => http::StatusCode::NOT_FOUND.into_response(),
    });
    Router::new()
        .route("/clientresult/{id}", get(client_result))
        .with_state(test_hub.context())
        .route("/lib/signalr-webworker/signalr.js", script)
        .route("/generateJwtToken", get(async || authorized::token()))
        .route("/deployment", get(deployment))
        .merge(test_hub.router("/testhub"))
        .merge(test_hub::hub(without_websockets).router("/testhub-nowebsockets"))
        .merge(uncreatable().router("/uncreatable"))
        .merge(authorized::hub().router("/authorizedhub"))
        .merge(RawEndpoint::new(echo).router("/echo"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let webworker = arguments
        .webworker
        .map(std::fs::read_to_string)
        .transpose()?
        .map(Arc::from);
    let app = app(webworker);
    let http = serve::plain(arguments.http, middleware::around(app.clone(), "http"));
    match arguments.https {
        Some(tls) => tokio::try_join!(http, serve::tls(&tls, middleware::around(app, "https")))?.0,
        None => http.await?,
    }
    Ok(())
}
