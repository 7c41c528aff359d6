//! Connections without a hub.

use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use http::{Method, StatusCode};
use signalr_hub::{RawConnection, RawEndpoint};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::http::{begin, negotiate, request};

/// Sends back what it receives. It ends at the word "end", and fails at the word "fail".
async fn echo(mut connection: RawConnection) {
    while let Some(bytes) = connection.receive().await {
        match &bytes[..] {
            b"end" => return,
            b"fail" => panic!("on purpose"),
            _ => connection.send(bytes),
        }
    }
}

fn router() -> Router {
    RawEndpoint::new(echo).router("/raw")
}

#[tokio::test]
async fn bytes_come_back_and_the_connection_ends_with_its_handler() {
    for last in ["end", "fail"] {
        let mut client = Client::open(router(), "/raw").await.unwrap();
        client.socket.send(Message::text("hello")).await.unwrap();
        let answer = client.socket.next().await.unwrap().unwrap();
        assert_eq!(answer, Message::text("hello"));
        client.socket.send(Message::text(last)).await.unwrap();
        let goodbye = timeout(Duration::from_secs(5), client.socket.next()).await;
        let goodbye = goodbye.expect("the connection ends").unwrap().unwrap();
        assert!(goodbye.is_close(), "{goodbye:?}");
    }
}

#[tokio::test]
async fn a_handler_learns_that_its_client_has_left() {
    let (told, mut left) = mpsc::channel(1);
    let wait = move |mut connection: RawConnection| {
        let told = told.clone();
        async move {
            let aborted = connection.aborted();
            while connection.receive().await.is_some() {}
            told.send(aborted.is_cancelled()).await.unwrap();
        }
    };
    let router = RawEndpoint::new(wait).router("/raw");
    Client::open(router, "/raw").await.unwrap().cut();
    assert_eq!(left.recv().await, Some(true));
}

#[tokio::test]
async fn lines_of_a_payload_are_lines_of_an_event() {
    let router = router();
    let uri = format!("/raw?id={}", negotiate(&router, "/raw").await);
    let accept = [("accept", "text/event-stream")];
    let response = begin(&router, Method::GET, &uri, &accept, "").await;
    let mut events = response.into_body().into_data_stream();
    assert_eq!(events.next().await.unwrap().unwrap(), ":\r\n");
    let sent = request(&router, Method::POST, &uri, "a\nb\r\nc").await;
    assert_eq!(sent.status, StatusCode::OK);
    assert_eq!(
        events.next().await.unwrap().unwrap(),
        "data: a\r\ndata: b\r\ndata: c\r\n\r\n"
    );
}

#[tokio::test]
async fn a_client_that_sends_more_than_is_taken_has_to_wait() {
    let (taken, mut pieces) = mpsc::channel(1);
    let reader = move |mut connection: RawConnection| {
        let taken = taken.clone();
        async move {
            while let Some(bytes) = connection.receive().await {
                taken.send(bytes.len()).await.unwrap();
            }
        }
    };
    let router = RawEndpoint::new(reader).router("/raw");
    let uri = format!("/raw?id={}", negotiate(&router, "/raw").await);
    request(&router, Method::GET, &uri, "").await;
    let body = "x".repeat(400_000);
    let mut post = Box::pin(request(&router, Method::POST, &uri, &body));
    let early = timeout(Duration::from_millis(50), &mut post).await;
    assert!(early.is_err(), "nobody has taken most of it");
    let take = async {
        let mut left = body.len();
        while left > 0 {
            left -= pieces.recv().await.unwrap();
        }
    };
    let (answer, ()) = tokio::join!(post, take);
    assert_eq!(answer.status, StatusCode::OK);
}
