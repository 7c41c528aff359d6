//! A bare axum WebSocket server as its documentation writes it: default buffers, and two tasks and a channel per connection.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use signalr_hub_bench::announce;
use slab::Slab;
use tokio::net::TcpListener;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, channel};

type Members = Arc<Mutex<Slab<Sender<Utf8Bytes>>>>;

/// More than ever waits for one connection in these measurements.
const QUEUE: usize = 64;

async fn serve(socket: WebSocket, members: Members) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut queue) = channel::<Utf8Bytes>(QUEUE);
    let key = members.lock().insert(sender.clone());
    let writer = async move {
        while let Some(text) = queue.recv().await {
            if sink.send(Message::Text(text)).await.is_err() {
                break;
            }
        }
    };
    let reader = async {
        while let Some(Ok(Message::Text(text))) = stream.next().await {
            if text.starts_with('b') {
                for member in members.lock().iter().map(|(_, member)| member) {
                    // One that has just gone is no concern of the others; none ever falls behind here.
                    if let Err(TrySendError::Full(_)) = member.try_send(text.clone()) {
                        panic!("members keep up with the load program");
                    }
                }
            } else if sender.send(text).await.is_err() {
                break;
            }
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the peer is to be as it is usually written"
    )]
    let writer = tokio::spawn(writer);
    reader.await;
    members.lock().remove(key);
    writer.abort();
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let upgrade = any(
        async |upgrade: WebSocketUpgrade, State(members): State<Members>| {
            upgrade.on_upgrade(|socket| serve(socket, members))
        },
    );
    let app = Router::new()
        .route("/", upgrade)
        .with_state(Members::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?.port());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket"));
    axum::serve(listener, app).await
}
