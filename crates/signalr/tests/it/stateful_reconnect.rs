//! Connections that outlive their WebSocket.

use std::time::Duration;

use axum::Router;
use http::Method;
use signalr_hub::backplane::InProcessBackplane;
use signalr_hub::{Context, DisconnectReason, Hub, HubError, HubOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::client::{Client, connect_narrow};
use crate::http::request;

async fn echo(_: Context, text: String) -> String {
    text
}

async fn tell(context: Context, count: u32, size: usize) -> Result<(), HubError> {
    for number in 0..count {
        let text = format!("{number}{}", "x".repeat(size));
        context.clients().caller().send("Told", (text,))?;
    }
    Ok(())
}

fn hub() -> (Router, mpsc::Receiver<DisconnectReason>) {
    let (hub, endings) = build();
    (hub.router("/hub"), endings)
}

fn build() -> (Hub, mpsc::Receiver<DisconnectReason>) {
    let (ended, endings) = mpsc::channel(8);
    let hub = Hub::builder()
        .on("Echo", echo)
        .on("Tell", tell)
        .on_disconnected(move |_, reason| {
            let ended = ended.clone();
            async move { ended.send(reason).await.expect("the test listens") }
        })
        .options(HubOptions {
            stateful_reconnect: true,
            detailed_errors: true,
            ..HubOptions::default()
        })
        .build();
    (hub, endings)
}

/// Negotiates with stateful reconnect and returns the path of the connection.
async fn negotiate(router: &Router) -> String {
    let uri = "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let answer = request(router, Method::POST, uri, "").await;
    assert!(
        answer.body.starts_with(r#"{"useStatefulReconnect":true,"#),
        "{}",
        answer.body
    );
    format!(
        "/hub?id={}",
        answer.json()["connectionToken"].as_str().unwrap()
    )
}

async fn open(router: &Router, path: &str) -> Client {
    let mut client = Client::open(router.clone(), path).await.unwrap();
    client.send(r#"{"protocol":"json","version":2}"#).await;
    assert_eq!(client.next().await, "{}");
    client
}

async fn reopen(router: &Router, path: &str) -> Client {
    Client::open(router.clone(), path)
        .await
        .expect("the connection is still there")
}

fn echo_call(id: u32) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"Echo","arguments":["{id}"]}}"#)
}

fn echo_result(id: u32) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}","result":"{id}"}}"#)
}

#[tokio::test]
async fn clients_that_do_not_ask_are_not_offered_it() {
    let (router, _endings) = hub();
    let answer = request(
        &router,
        Method::POST,
        "/hub/negotiate?negotiateVersion=1",
        "",
    )
    .await;
    assert!(!answer.body.contains("useStatefulReconnect"));
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again_and_duplicates_are_dropped() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    for id in 1..=3 {
        client.send(&echo_call(id)).await;
        assert_eq!(client.next().await, echo_result(id));
    }
    client.send(r#"{"type":8,"sequenceId":1}"#).await;
    client.send(&echo_call(4)).await;
    assert_eq!(client.next().await, echo_result(4));
    client.cut();

    let mut client = reopen(&router, &path).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":2}"#);
    for id in 2..=4 {
        assert_eq!(client.next().await, echo_result(id));
    }
    // The client sends its third and fourth call again, and goes on with a fifth.
    client.send(r#"{"type":9,"sequenceId":3}"#).await;
    for id in 3..=5 {
        client.send(&echo_call(id)).await;
    }
    assert_eq!(client.next().await, echo_result(5));
}

#[tokio::test]
async fn nothing_counts_before_the_sequence_and_gaps_are_fatal() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    open(&router, &path).await.cut();
    let mut client = reopen(&router, &path).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    client.send(&echo_call(1)).await;
    client.send(r#"{"type":9,"sequenceId":2}"#).await;
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1);
    assert!(
        rest[0].contains("Sequence ID greater than amount of messages we've received."),
        "{rest:?}"
    );
}

#[tokio::test]
async fn messages_sent_meanwhile_arrive_after_the_reconnect() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    client
        .send(r#"{"type":1,"target":"Tell","arguments":[3,0]}"#)
        .await;
    client.cut();
    let mut client = reopen(&router, &path).await;
    client.send(r#"{"type":9,"sequenceId":1}"#).await;
    client
        .send(r#"{"type":1,"target":"Tell","arguments":[3,0]}"#)
        .await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    for number in 0..3 {
        assert_eq!(
            client.next().await,
            format!(r#"{{"type":1,"target":"Told","arguments":["{number}"]}}"#)
        );
    }
}

#[tokio::test]
async fn a_new_socket_takes_over_from_one_that_seems_alive() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut old = open(&router, &path).await;
    let mut new = reopen(&router, &path).await;
    assert_eq!(new.next().await, r#"{"type":9,"sequenceId":1}"#);
    assert!(old.rest().await.is_empty());
    new.send(r#"{"type":9,"sequenceId":1}"#).await;
    new.send(&echo_call(1)).await;
    assert_eq!(new.next().await, echo_result(1));
}

#[tokio::test]
async fn a_message_cut_in_two_by_the_loss_is_void() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    let half = tokio_tungstenite::tungstenite::Message::text(&echo_call(1)[..20]);
    futures_util::SinkExt::send(&mut client.socket, half)
        .await
        .unwrap();
    client.cut();
    let mut client = reopen(&router, &path).await;
    client.send(r#"{"type":9,"sequenceId":1}"#).await;
    client.send(&echo_call(1)).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    assert_eq!(client.next().await, echo_result(1));
}

#[tokio::test]
async fn more_than_the_buffer_holds_waits_for_acknowledgements() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    client
        .send(r#"{"type":1,"invocationId":"t","target":"Tell","arguments":[30,10000]}"#)
        .await;
    let mut received = 0u64;
    while received < 10 {
        client.next().await;
        received += 1;
    }
    // The eleventh message would exceed 100,000 unacknowledged bytes by far; it comes when there is room.
    while received < 31 {
        client
            .send(&format!(r#"{{"type":8,"sequenceId":{received}}}"#))
            .await;
        client.next().await;
        received += 1;
    }
}

#[tokio::test]
async fn after_a_goodbye_there_is_nothing_to_return_to() {
    let (router, mut endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    client.send(r#"{"type":7}"#).await;
    assert_eq!(client.rest().await, [r#"{"type":7}"#]);
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ClosedByClient { error: None }
    );
    let Err(refused) = Client::open(router, &path).await else {
        panic!("the connection is gone")
    };
    assert!(refused.to_string().contains("404"), "{refused}");
}

#[tokio::test]
async fn the_first_version_of_the_handshake_turns_it_off() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = Client::open(router.clone(), &path).await.unwrap();
    client.handshake().await;
    let Err(refused) = Client::open(router, &path).await else {
        panic!("it was not asked for")
    };
    assert!(refused.to_string().contains("409"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_client_stays_away_ends_after_15_seconds() {
    let (router, mut endings) = hub();
    let path = negotiate(&router).await;
    open(&router, &path).await.cut();
    let cut_at = Instant::now();
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ConnectionLost
    );
    assert!(
        (15..=17).contains(&cut_at.elapsed().as_secs()),
        "{:?}",
        cut_at.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn received_messages_are_acknowledged_once_a_second() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    for id in 1..=3 {
        client.send(&echo_call(id)).await;
        client.next().await;
    }
    let before = Instant::now();
    assert_eq!(client.next().await, r#"{"type":8,"sequenceId":3}"#);
    assert!(before.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_stalled_socket_that_was_replaced_is_held_against_nobody() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let network = connect_narrow(router.clone(), 16 * 1024);
    let mut old = Client::open_over(network, format!("ws://server{path}"))
        .await
        .unwrap();
    old.send(r#"{"protocol":"json","version":2}"#).await;
    assert_eq!(old.next().await, "{}");
    old.send(r#"{"type":1,"target":"Tell","arguments":[5,10000]}"#)
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut new = reopen(&router, &path).await;
    assert_eq!(new.next().await, r#"{"type":9,"sequenceId":1}"#);
    let mut told = 0;
    while told < 5 {
        // There is an acknowledgement as well.
        told += usize::from(new.next().await.contains("Told"));
    }
    new.send(r#"{"type":9,"sequenceId":2}"#).await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    new.send(&echo_call(2)).await;
    assert_eq!(new.next().await, echo_result(2));
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_during_a_long_absence_may_take_its_time_afterwards() {
    let (hub, _endings) = build();
    let router = hub.router("/hub");
    let path = negotiate(&router).await;
    open(&router, &path).await.cut();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let text = "x".repeat(10_000);
    for _ in 0..30 {
        hub.context()
            .clients()
            .all()
            .send("Told", (&text,))
            .unwrap();
    }
    tokio::time::sleep(Duration::from_secs(12)).await;

    let mut client = reopen(&router, &path).await;
    client.send(r#"{"type":9,"sequenceId":1}"#).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    for number in 1..=30 {
        assert!(client.next().await.contains("Told"), "message {number}");
        tokio::time::sleep(Duration::from_millis(250)).await;
        client
            .send(&format!(r#"{{"type":8,"sequenceId":{number}}}"#))
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_breaks_while_it_is_opened_is_one_more_loss() {
    let (router, _endings) = hub();
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    // Too narrow for the answer, which waits to be read.
    let mut broken = connect_narrow(router.clone(), 64);
    let upgrade = format!(
        "GET {path} HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    broken.write_all(upgrade.as_bytes()).await.unwrap();
    assert!(client.rest().await.is_empty(), "it was cut for the new one");
    drop(broken);
    tokio::time::sleep(Duration::from_secs(3)).await;

    let mut client = reopen(&router, &path).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    client.send(r#"{"type":9,"sequenceId":1}"#).await;
    client.send(&echo_call(1)).await;
    assert_eq!(client.next().await, echo_result(1));
}

#[tokio::test]
async fn what_other_nodes_send_is_numbered_too() {
    let bus = InProcessBackplane::new();
    let other = Hub::builder().backplane(bus.clone()).build();
    let hub = Hub::builder()
        .on("Echo", echo)
        .backplane(bus)
        .options(HubOptions {
            stateful_reconnect: true,
            ..HubOptions::default()
        })
        .build();
    let router = hub.router("/hub");
    let path = negotiate(&router).await;
    let mut client = open(&router, &path).await;
    client.send(&echo_call(1)).await;
    assert_eq!(client.next().await, echo_result(1));
    client.cut();
    other
        .context()
        .clients()
        .all()
        .send("Told", ("you",))
        .unwrap();

    let mut client = reopen(&router, &path).await;
    client.send(r#"{"type":9,"sequenceId":2}"#).await;
    client.send(r#"{"type":8,"sequenceId":1}"#).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":1}"#);
    assert_eq!(client.next().await, echo_result(1));
    let told = r#"{"type":1,"target":"Told","arguments":["you"]}"#;
    assert_eq!(client.next().await, told);
    client.cut();
    let mut client = reopen(&router, &path).await;
    assert_eq!(client.next().await, r#"{"type":9,"sequenceId":2}"#);
    assert_eq!(client.next().await, told, "it was not acknowledged");
}
