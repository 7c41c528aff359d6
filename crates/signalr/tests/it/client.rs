//! A client that says exactly what a test wants, over a connection in memory.

use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::task::TaskTracker;

/// The separator of JSON messages.
pub(crate) const RS: &str = "\u{1e}";

/// Serves a router on a connection in memory and returns the client's end.
pub(crate) fn connect(router: Router) -> DuplexStream {
    connect_narrow(router, 256 * 1024)
}

/// The same with room for so many bytes that the other side has not read.
pub(crate) fn connect_narrow(router: Router, capacity: usize) -> DuplexStream {
    let (client, server) = tokio::io::duplex(capacity);
    TaskTracker::new().spawn(async move {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http2().enable_connect_protocol();
        let _ = builder
            .serve_connection_with_upgrades(TokioIo::new(server), TowerToHyperService::new(router))
            .await;
    });
    client
}

/// A WebSocket on which JSON hub messages are spoken.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<DuplexStream>,
    received: Vec<String>,
    pub(crate) close_frame: Option<CloseFrame>,
}

impl Client {
    /// Opens a WebSocket; nothing is said yet.
    pub(crate) async fn open(router: Router, path: &str) -> Result<Self, Error> {
        Self::open_with(router, path, &[]).await
    }

    pub(crate) async fn open_with(
        router: Router,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://server{path}").into_client_request()?;
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().expect("a header name");
            request
                .headers_mut()
                .insert(name, value.parse().expect("a header value"));
        }
        Self::open_over(connect(router), request).await
    }

    /// Opens a WebSocket over a given connection.
    pub(crate) async fn open_over(
        network: DuplexStream,
        request: impl IntoClientRequest + Unpin,
    ) -> Result<Self, Error> {
        let (socket, _) = tokio_tungstenite::client_async(request, network).await?;
        Ok(Self {
            socket,
            received: Vec::new(),
            close_frame: None,
        })
    }

    /// Opens a WebSocket and completes the handshake.
    pub(crate) async fn hub(router: Router, path: &str) -> Self {
        let mut client = Self::open(router, path)
            .await
            .expect("the upgrade succeeds");
        client.handshake().await;
        client
    }

    pub(crate) async fn handshake(&mut self) {
        self.send(r#"{"protocol":"json","version":1}"#).await;
        assert_eq!(self.next().await, "{}");
    }

    /// Breaks the connection without a goodbye.
    pub(crate) fn cut(self) {
        drop(self.socket);
    }

    /// Sends one hub message.
    pub(crate) async fn send(&mut self, message: &str) {
        self.socket
            .send(Message::text(format!("{message}{RS}")))
            .await
            .expect("the connection is open");
    }

    /// The next hub message, or `closed` when the server has said goodbye.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            if !self.received.is_empty() {
                return self.received.remove(0);
            }
            match tokio::time::timeout(Duration::from_mins(10), self.socket.next())
                .await
                .expect("something comes")
            {
                Some(Ok(Message::Text(text))) => {
                    let text = text.as_str().strip_suffix(RS).expect("whole messages only");
                    self.received.extend(text.split(RS).map(str::to_owned));
                }
                Some(Ok(Message::Close(frame))) => {
                    self.close_frame = frame;
                    return "closed".to_owned();
                }
                None | Some(Err(_)) => return "closed".to_owned(),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Everything that comes until the server says goodbye.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        loop {
            match self.next().await {
                message if message == "closed" => return rest,
                message => rest.push(message),
            }
        }
    }
}
