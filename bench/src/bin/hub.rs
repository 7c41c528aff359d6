//! The server under test: a hub with the crate's default options, whose connections have a user and a group each.

use axum::Router;
use axum::serve::ListenerExt;
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubError, User,
};
use signalr_hub_bench::{announce, ticket};
use tokio::net::TcpListener;

struct Tickets;

impl Authenticate for Tickets {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        request
            .token()
            .and_then(ticket::verify)
            .map(|user| User::new(user.to_owned()))
            .ok_or(AuthenticationError::Unauthenticated)
    }
}

async fn connected(context: Context) -> Result<(), HubError> {
    context.connection().join_group("everybody");
    Ok(())
}

async fn echo(_: Context, text: String) -> String {
    text
}

async fn broadcast(context: Context, text: String) -> Result<(), HubError> {
    Ok(context.clients().all().send("Message", (text,))?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let hub = Hub::builder()
        .authenticate(Tickets)
        .on_connected(connected)
        .on("Echo", echo)
        .on("Broadcast", broadcast)
        .build();
    let app = Router::new().merge(hub.router("/hub"));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?.port());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket"));
    axum::serve(listener, app).await
}
