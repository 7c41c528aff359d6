//! Connections that end in every way there is, and connections that survive the loss of their sockets.
//!
//! ```text
//! cargo run -p signalr-hub --example lifecycle -- 127.0.0.1:5200 http://pages.example
//! ```
//!
//! `/lifecycle` is one hub with stateful reconnect, open to pages of the origins that follow the address. Its connections end as their clients ask for it, and `GET /end/{id}` waits for the
//! end of a connection and tells how the server saw it. Interrupted or terminated, the host tells its clients to come back, and ends.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use parking_lot::Mutex;
use signalr_hub::{CloseReason, Context, DisconnectReason, Hub, HubError, HubOptions};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How connections have ended so far, by their ids.
type Ends = watch::Sender<HashMap<String, String>>;

/// The numbers that a client has sent, in the order in which they came.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<Vec<u64>>>);

async fn connected(context: Context<Ends>) -> Result<(), HubError> {
    context.items().insert(Numbers::default());
    Ok(())
}

async fn disconnected(context: Context<Ends>, reason: DisconnectReason) {
    let id = context.connection_id().to_string();
    context
        .state()
        .send_modify(|ends| drop(ends.insert(id, format!("{reason:?}"))));
}

fn numbers(context: &Context<Ends>) -> Arc<Mutex<Vec<u64>>> {
    let Numbers(numbers) = context.items().get().expect("every connection has some");
    numbers
}

/// Remembers a number and sends it back.
async fn add(context: Context<Ends>, number: u64, padding: String) -> Result<(), HubError> {
    numbers(&context).lock().push(number);
    context
        .clients()
        .caller()
        .send("Added", (number, padding))
        .map_err(HubError::from_error)
}

async fn added(context: Context<Ends>) -> Vec<u64> {
    numbers(&context).lock().clone()
}

async fn abort(context: Context<Ends>) {
    context.abort();
}

/// Ends the caller's connection with a Close message of the caller's choice.
async fn close(context: Context<Ends>, error: Option<String>, allow_reconnect: bool) {
    let reason = error.map_or_else(CloseReason::normal, CloseReason::error);
    context
        .connection()
        .close(reason.allow_reconnect(allow_reconnect));
}

/// Waits until a connection has ended.
async fn end(State(ends): State<Ends>, Path(id): Path<String>) -> String {
    let mut changes = ends.subscribe();
    let ends = changes.wait_for(|ends| ends.contains_key(&id)).await;
    ends.expect("the sender is at hand")[&id].clone()
}

async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next();
    let ends = Ends::default();
    let hub = Hub::with_state(ends.clone())
        .on_connected(connected)
        .on("Add", add)
        .on("Added", added)
        .on("Abort", abort)
        .on("Close", close)
        .on_disconnected(disconnected)
        .options(HubOptions {
            stateful_reconnect: true,
            allowed_origins: Some(arguments.collect()),
            ..HubOptions::default()
        })
        .build();
    let app = Router::new()
        .route("/end/{id}", get(end))
        .with_state(ends)
        .merge(hub.router("/lifecycle"));

    let listener =
        tokio::net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:5200")).await?;
    #[expect(clippy::print_stdout, reason = "a test suite waits for this line")]
    {
        println!("listening on {}", listener.local_addr()?);
    }
    tokio::select! {
        served = serve(listener, app) => served,
        stopped = asked_to_stop() => {
            stopped?;
            hub.context().drain(Duration::from_millis(500)).await;
            Ok(())
        }
    }
}

fn serve(
    listener: tokio::net::TcpListener,
    app: Router,
) -> impl Future<Output = std::io::Result<()>> {
    let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    async { axum::serve(listener, app).await }
}
