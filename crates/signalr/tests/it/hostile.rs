//! Clients that misbehave.

use std::time::Duration;

use futures_util::{SinkExt, stream};
use http::{Method, StatusCode};
use signalr_hub::{Context, Hub, HubOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, RS, connect};
use crate::http::{negotiate, request};

async fn echo(_: Context, text: String) -> String {
    text
}

async fn wait(_: Context, token: CancellationToken) {
    token.cancelled().await;
}

fn hub() -> axum::Router {
    let options = HubOptions {
        detailed_errors: true,
        maximum_depth: 32,
        ..HubOptions::default()
    };
    Hub::builder()
        .on("Echo", echo)
        .on("Wait", wait)
        .options(options)
        .build()
        .router("/hub")
}

const ECHO: &str = r#"{"type":1,"invocationId":"1","target":"Echo","arguments":["x"]}"#;
const ECHOED: &str = r#"{"type":3,"invocationId":"1","result":"x"}"#;

/// Sends pieces as WebSocket messages of their own.
async fn send_pieces(client: &mut Client, pieces: &[&str]) {
    for piece in pieces {
        client.socket.send(Message::text(*piece)).await.unwrap();
    }
}

#[tokio::test]
async fn a_goodbye_in_mid_message_is_a_breach_of_the_protocol() {
    let half = &ECHO[..20];
    for (sent, error) in [
        (half.to_owned(), true),
        (format!("{ECHO}{RS}{half}"), true),
        (format!("{ECHO}{RS}"), false),
    ] {
        let mut client = Client::hub(hub(), "/hub").await;
        send_pieces(&mut client, &[&sent]).await;
        client.socket.close(None).await.unwrap();
        let closed = r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: Connection terminated while reading a message.","allowReconnect":true}"#;
        let rest = client.rest().await;
        assert_eq!(
            rest.iter().any(|message| message == closed),
            error,
            "{sent}: {rest:?}"
        );
    }
}

#[tokio::test]
async fn messages_may_be_cut_at_every_byte() {
    let conversation = format!(
        "{{\"protocol\":\"json\",\"version\":1}}{RS}{ECHO}{RS}{{\"type\":6}}{RS}{ECHO}{RS}"
    );
    for cut in 0..=conversation.len() {
        let (head, tail) = conversation.split_at(cut);
        let mut client = Client::open(hub(), "/hub").await.unwrap();
        send_pieces(&mut client, &[head, tail]).await;
        assert_eq!(client.next().await, "{}");
        assert_eq!(client.next().await, ECHOED);
        assert_eq!(client.next().await, ECHOED);
    }
    let mut client = Client::open(hub(), "/hub").await.unwrap();
    for index in 0..conversation.len() {
        send_pieces(&mut client, &[&conversation[index..=index]]).await;
    }
    assert_eq!(
        (client.next().await, client.next().await),
        ("{}".to_owned(), ECHOED.to_owned())
    );
}

/// A masked WebSocket frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut out = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => out.push(0x80 | length),
        _ => {
            out.push(0x80 | 0x7e);
            out.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    out.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    out
}

/// Opens a WebSocket by hand.
async fn raw() -> DuplexStream {
    let mut stream = connect(hub());
    let request = "GET /hub HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(
        head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{head}"
    );
    stream
}

/// Reads one frame of the server.
async fn read_frame(stream: &mut DuplexStream) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let mut length = usize::from(stream.read_u8().await.ok()?);
    if length == 126 {
        length = usize::from(stream.read_u16().await.ok()?);
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((first, payload))
}

fn handshake() -> Vec<u8> {
    format!("{{\"protocol\":\"json\",\"version\":1}}{RS}").into_bytes()
}

#[tokio::test]
async fn websocket_frames_may_be_cut_at_every_byte() {
    let mut bytes = frame(0x01, &handshake()[..7]);
    bytes.extend(frame(0x89, b"ping"));
    bytes.extend(frame(0x80, &handshake()[7..]));
    let long = "y".repeat(300);
    let call = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{long}\"]}}{RS}"
    );
    bytes.extend(frame(0x82, call.as_bytes()));
    for cut in 0..=bytes.len() {
        let mut stream = raw().await;
        stream.write_all(&bytes[..cut]).await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(&bytes[cut..]).await.unwrap();
        let (mut hub_bytes, mut pongs) = (Vec::new(), 0);
        while !hub_bytes.ends_with(format!("\"{long}\"}}{RS}").as_bytes()) {
            match read_frame(&mut stream).await.unwrap() {
                (0x81, payload) => hub_bytes.extend(payload),
                (0x8a, payload) => {
                    assert_eq!(payload, b"ping");
                    pongs += 1;
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        assert!(hub_bytes.starts_with(format!("{{}}{RS}").as_bytes()));
        assert_eq!(pongs, 1, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_close_frame_without_a_code_is_answered_with_1000() {
    let mut stream = raw().await;
    stream.write_all(&frame(0x81, &handshake())).await.unwrap();
    read_frame(&mut stream).await.unwrap();
    stream.write_all(&frame(0x88, b"")).await.unwrap();
    assert_eq!(
        read_frame(&mut stream).await.unwrap(),
        (0x88, 1000u16.to_be_bytes().to_vec())
    );
    assert_eq!(read_frame(&mut stream).await, None);
}

#[tokio::test]
async fn violations_of_the_websocket_protocol_end_the_connection() {
    let unmasked = vec![0x81, 0x01, b'x'];
    for violation in [
        unmasked,
        frame(0xc1, b"reserved bit"),
        frame(0x83, b"reserved opcode"),
        frame(0x80, b"continuation of nothing"),
        frame(0x09, b"fragmented ping"),
        frame(0x89, &[b'x'; 126]),
        [frame(0x01, b"{"), frame(0x81, b"}")].concat(),
    ] {
        let mut stream = raw().await;
        stream.write_all(&violation).await.unwrap();
        assert_eq!(read_frame(&mut stream).await, None, "{violation:x?}");
    }
}

#[tokio::test]
async fn a_flood_of_pings_is_answered_within_bounds() {
    let mut stream = raw().await;
    stream.write_all(&frame(0x81, &handshake())).await.unwrap();
    read_frame(&mut stream).await.unwrap();
    // Small enough for both directions of the connection in memory.
    let ping = frame(0x89, &[b'p'; 125]);
    for _ in 0..1000 {
        stream.write_all(&ping).await.unwrap();
    }
    stream
        .write_all(&frame(0x81, format!("{ECHO}{RS}").as_bytes()))
        .await
        .unwrap();
    let mut pongs = 0;
    loop {
        match read_frame(&mut stream).await.unwrap() {
            (0x8a, _) => pongs += 1,
            (0x81, payload) => {
                assert_eq!(payload, format!("{ECHOED}{RS}").as_bytes());
                break;
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!((1..=1000).contains(&pongs));
}

#[tokio::test]
async fn broken_messages_end_the_connection_with_the_reason() {
    for (message, detail) in [
        ("x", "Error reading JSON."),
        (
            r#"{"type":1,"arguments":[]}"#,
            "Missing required property 'target'.",
        ),
        (
            &format!(
                r#"{{"type":1,"target":"Echo","arguments":[{}{}]}}"#,
                "[".repeat(31),
                "]".repeat(31)
            ),
            "Error reading JSON.",
        ),
    ] {
        let mut client = Client::hub(hub(), "/hub").await;
        client.send(message).await;
        client.send(ECHO).await;
        assert_eq!(
            client.rest().await,
            [format!(
                r#"{{"type":7,"error":"Connection closed with an error. InvalidDataException: {detail}","allowReconnect":true}}"#
            )]
        );
    }
}

#[tokio::test]
async fn what_is_unknown_or_late_is_ignored() {
    let mut client = Client::hub(hub(), "/hub").await;
    for message in [
        r#"{"type":42}"#,
        r#"{"type":2,"invocationId":"no stream","item":1}"#,
        r#"{"type":3,"invocationId":"no call","result":1}"#,
        r#"{"type":5,"invocationId":"no call"}"#,
        r#"{"type":8,"sequenceId":1}"#,
        r#"{"type":9,"sequenceId":7}"#,
    ] {
        client.send(message).await;
    }
    client.send(ECHO).await;
    assert_eq!(client.next().await, ECHOED);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_fills_the_line_behind_a_slow_call_is_read_no_further() {
    let mut client = Client::hub(hub(), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"w","target":"Wait","arguments":[]}"#)
        .await;
    let call = format!(
        r#"{{"type":1,"target":"Echo","arguments":["{}"]}}"#,
        "x".repeat(1000)
    );
    // 64 KiB wait at the server and 256 KiB on the line; the rest finds no room.
    let flood = async {
        for _ in 0..1000 {
            client.send(&call).await;
        }
    };
    let stuck = tokio::time::timeout(std::time::Duration::from_millis(300), flood).await;
    assert!(stuck.is_err(), "a megabyte was taken");
}

#[tokio::test]
async fn cancel_behind_a_running_call_is_heard_and_invocations_keep_their_order() {
    let mut client = Client::hub(hub(), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"w","target":"Wait","arguments":[]}"#)
        .await;
    client.send(r#"{"type":5,"invocationId":"w"}"#).await;
    client.send(ECHO).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"w","result":null}"#
    );
    assert_eq!(client.next().await, ECHOED);
}

#[tokio::test]
async fn streams_and_connections_are_limited() {
    let options = HubOptions {
        maximum_parallel_streams: 2,
        maximum_connections: Some(2),
        ..HubOptions::default()
    };
    let hub = Hub::builder()
        .on("Silence", async |_: Context| stream::pending::<i32>())
        .options(options)
        .build();
    let router = hub.router("/hub");
    let mut client = Client::hub(router.clone(), "/hub").await;
    for id in 1..=3 {
        client
            .send(&format!(
                r#"{{"type":4,"invocationId":"{id}","target":"Silence","arguments":[]}}"#
            ))
            .await;
    }
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"3","error":"Failed to invoke 'Silence' due to an error on the server. HubException: Too many streams are running."}"#
    );
    let _second = Client::hub(router.clone(), "/hub").await;
    let Err(third) = Client::open(router, "/hub").await else {
        panic!("there was no room")
    };
    assert!(third.to_string().contains("503"), "{third}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_have_ended_take_no_room() {
    let (ended, mut endings) = mpsc::channel(1);
    let hub = Hub::builder()
        .on_disconnected(move |_, _| {
            let ended = ended.clone();
            async move { ended.send(()).await.expect("the test listens") }
        })
        .options(HubOptions {
            maximum_connections: Some(1),
            ..HubOptions::default()
        })
        .build();
    let router = hub.router("/hub");
    let has_room = async || {
        let answer = request(&router, Method::POST, "/hub/negotiate", "").await;
        answer.status == StatusCode::OK
    };
    for _ in 0..2 {
        // The client has not fetched the last words of this one.
        let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
        request(&router, Method::GET, &uri, "").await;
        let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
        request(&router, Method::POST, &uri, handshake).await;
        request(&router, Method::GET, &uri, "").await;
        assert!(!has_room().await, "it is open");
        request(&router, Method::POST, &uri, "{\"type\":7}\u{1e}").await;
        endings.recv().await.unwrap();

        Client::hub(router.clone(), "/hub").await.cut();
        endings.recv().await.unwrap();

        assert!(has_room().await);
        assert!(!has_room().await, "one is negotiated");
        tokio::time::sleep(Duration::from_secs(17)).await;
    }
}

#[tokio::test]
async fn handshakes_are_refused_for_these_reasons() {
    for (request, error) in [
        (
            r#"{"protocol":"smoke","version":1}"#,
            "The protocol 'smoke' is not supported.",
        ),
        (
            r#"{"protocol":"JSON","version":3}"#,
            "The server does not support version 3 of the 'json' protocol.",
        ),
        (
            "[]",
            "An unexpected error occurred during connection handshake. InvalidDataException: Unexpected JSON Token Type 'StartArray'. Expected a JSON Object.",
        ),
        (&" ".repeat(40_000), "Handshake was canceled."),
    ] {
        let mut client = Client::open(hub(), "/hub").await.unwrap();
        client.send(request).await;
        assert_eq!(client.rest().await, [format!(r#"{{"error":"{error}"}}"#)]);
    }
}

#[tokio::test]
async fn headers_that_would_be_kept_for_long_are_limited() {
    let large = "x".repeat(33 * 1024);
    let Err(refused) = Client::open_with(hub(), "/hub", &[("x-large", &large)]).await else {
        panic!("it would be kept as long as the connection")
    };
    assert!(refused.to_string().contains("431"), "{refused}");
    let fair = [("x-fair", &large[..16 * 1024])];
    assert!(Client::open_with(hub(), "/hub", &fair).await.is_ok());
}
