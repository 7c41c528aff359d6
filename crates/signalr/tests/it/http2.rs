//! A WebSocket inside an HTTP/2 connection.

use axum::body::Body;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use signalr_hub::{Context, Hub};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::task::TaskTracker;

use crate::client::{RS, connect};

async fn transport(context: Context) -> &'static str {
    context.request().transport().name()
}

#[tokio::test]
async fn a_hub_is_served_over_extended_connect() {
    let hub = Hub::builder().on("Transport", transport).build();
    let stream = TokioIo::new(connect(hub.router("/hub")));
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), stream)
            .await
            .unwrap();
    TaskTracker::new().spawn(connection);
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri("https://server/hub")
        .header("sec-websocket-version", "13")
        .body(Body::empty())
        .unwrap();
    request
        .extensions_mut()
        .insert(Protocol::from_static("websocket"));
    requests.ready().await.unwrap();
    let response = requests.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);

    let upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
    let call = r#"{"type":1,"invocationId":"1","target":"Transport","arguments":[]}"#;
    let text = format!("{{\"protocol\":\"json\",\"version\":1}}{RS}{call}{RS}");
    socket.send(Message::text(text)).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap().into_text().unwrap();
    let result = r#"{"type":3,"invocationId":"1","result":"WebSockets"}"#;
    assert_eq!(answer.as_str(), format!("{{}}{RS}{result}{RS}"));
}
