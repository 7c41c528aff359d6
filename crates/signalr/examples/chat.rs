//! A whole chat: `cargo run -p signalr-hub --example chat`, then open <http://127.0.0.1:5000> twice.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use signalr_hub::{Context, DisconnectReason, Hub, HubError, SendError};

#[derive(Clone)]
struct Name(String);

async fn join(context: Context, name: String) -> Result<(), HubError> {
    if name.trim().is_empty() {
        return Err(HubError::message("everybody has a name"));
    }
    context.items().insert(Name(name.clone()));
    Ok(announce(&context, &format!("{name} came in"))?)
}

async fn say(context: Context, text: String) -> Result<(), HubError> {
    let Name(name) = context
        .items()
        .get()
        .ok_or(HubError::message("say who you are first"))?;
    Ok(context.clients().all().send("said", (name, text))?)
}

async fn left(context: Context, _: DisconnectReason) {
    if let Some(Name(name)) = context.items().remove() {
        announce(&context, &format!("{name} left")).expect("text is serialisable");
    }
}

fn announce(context: &Context, text: &str) -> Result<(), SendError> {
    context.clients().all().send("announced", (text,))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub::builder()
        .on("join", join)
        .on("say", say)
        .on_disconnected(left)
        .build();
    let app = Router::new()
        .route("/", get(Html(include_str!("chat.html"))))
        .merge(hub.router("/chat"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
    axum::serve(listener, app).await
}
