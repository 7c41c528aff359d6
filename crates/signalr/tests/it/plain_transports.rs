//! Server-Sent Events and long polling.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::StreamExt;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use signalr_hub::{Context, DisconnectReason, Hub, HubError, HubOptions, OutboxLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use crate::client::connect;
use crate::http::{Answer, begin, negotiate, request};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

async fn echo(_: Context, text: String) -> String {
    text
}

async fn transport(context: Context) -> &'static str {
    context.request().transport().name()
}

async fn abort(context: Context) {
    context.abort();
}

/// A hub, and what it says about ended connections.
fn hub() -> (Router, mpsc::Receiver<DisconnectReason>) {
    let (ended, endings) = mpsc::channel(8);
    let hub = Hub::builder()
        .on("Echo", echo)
        .on("Transport", transport)
        .on("Abort", abort)
        .on_connected(async |_| Ok::<(), HubError>(()))
        .on_disconnected(move |_, reason| {
            let ended = ended.clone();
            async move { ended.send(reason).await.expect("the test listens") }
        })
        .options(HubOptions {
            detailed_errors: true,
            ..HubOptions::default()
        })
        .build();
    (hub.router("/hub"), endings)
}

/// Reads the next event of a stream.
async fn event(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.expect("the stream is whole");
    let data = frame.into_data().expect("data");
    Some(String::from_utf8(data.to_vec()).expect("text"))
}

async fn open_events(router: &Router, uri: &str) -> Body {
    let response = begin(
        router,
        Method::GET,
        uri,
        &[("accept", "text/event-stream")],
        "",
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache,no-store");
    assert_eq!(response.headers()["content-encoding"], "identity");
    let mut body = response.into_body();
    assert_eq!(event(&mut body).await.unwrap(), ":\r\n");
    body
}

async fn post(router: &Router, uri: &str, text: &str) -> Answer {
    request(router, Method::POST, uri, text).await
}

#[tokio::test]
async fn events_carry_whole_messages_and_posts_carry_anything() {
    let (router, _endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    let (first, second) = HANDSHAKE.split_at(11);
    assert_eq!(post(&router, &uri, first).await.status, StatusCode::OK);
    let answer = post(&router, &uri, second).await;
    assert_eq!(
        (answer.body.as_str(), answer.header("content-type")),
        ("", Some("text/plain"))
    );
    assert_eq!(event(&mut events).await.unwrap(), "data: {}\u{1e}\r\n\r\n");
    let two = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"a\\nb\"]}\u{1e}\
               {\"type\":1,\"invocationId\":\"2\",\"target\":\"Transport\",\"arguments\":[]}\u{1e}";
    post(&router, &uri, two).await;
    assert_eq!(
        event(&mut events).await.unwrap(),
        "data: {\"type\":3,\"invocationId\":\"1\",\"result\":\"a\\nb\"}\u{1e}\
         {\"type\":3,\"invocationId\":\"2\",\"result\":\"ServerSentEvents\"}\u{1e}\r\n\r\n"
    );
    let second = begin(
        &router,
        Method::GET,
        &uri,
        &[("accept", "text/event-stream")],
        "",
    )
    .await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_end_of_an_event_stream_follows_the_last_words() {
    let (router, mut endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(&router, &uri, HANDSHAKE).await;
    event(&mut events).await;
    post(
        &router,
        &uri,
        "{\"type\":1,\"target\":\"Abort\",\"arguments\":[]}\u{1e}",
    )
    .await;
    assert_eq!(
        event(&mut events).await.unwrap(),
        "data: {\"type\":7}\u{1e}\r\n\r\n"
    );
    assert_eq!(event(&mut events).await, None);
    assert!(matches!(
        endings.recv().await.unwrap(),
        DisconnectReason::ClosedByServer(_)
    ));
    assert_eq!(post(&router, &uri, "x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_may_follow_the_end_of_its_event_stream() {
    let (router, mut endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(&router, &uri, HANDSHAKE).await;
    event(&mut events).await;
    drop(events);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let goodbye = post(&router, &uri, "{\"type\":7}\u{1e}").await;
    assert_eq!(goodbye.status, StatusCode::OK);
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ClosedByClient { error: None }
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_its_event_stream_has_left() {
    let (router, mut endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(&router, &uri, HANDSHAKE).await;
    event(&mut events).await;
    drop(events);
    let before = tokio::time::Instant::now();
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ConnectionLost
    );
    assert!(before.elapsed() < Duration::from_millis(300));
    assert_eq!(post(&router, &uri, "x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn an_end_in_mid_message_is_a_breach_of_the_protocol() {
    let breach = DisconnectReason::ProtocolError(
        "Connection terminated while reading a message.".to_owned(),
    );
    let (router, mut endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(&router, &uri, HANDSHAKE).await;
    event(&mut events).await;
    post(&router, &uri, "{\"type\":").await;
    drop(events);
    assert_eq!(endings.recv().await.unwrap(), breach);

    let (router, mut endings) = hub();
    let uri = open_polling(&router).await;
    post(&router, &uri, "{\"type\":").await;
    request(&router, Method::DELETE, &uri, "").await;
    assert_eq!(endings.recv().await.unwrap(), breach);

    let (router, mut endings) = hub();
    let uri = open_polling(&router).await;
    post(&router, &uri, "{\"type\":").await;
    assert_eq!(endings.recv().await.unwrap(), breach, "it stops polling");
}

#[tokio::test]
async fn messagepack_is_refused_on_event_streams() {
    let (router, _endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(
        &router,
        &uri,
        "{\"protocol\":\"messagepack\",\"version\":1}\u{1e}",
    )
    .await;
    assert_eq!(
        event(&mut events).await.unwrap(),
        "data: {\"error\":\"Cannot use the 'messagepack' protocol on the current transport. The transport does not support \
         'Binary' transfer format.\"}\u{1e}\r\n\r\n"
    );
    assert_eq!(event(&mut events).await, None);
}

/// Opens a long polling connection and completes the handshake.
async fn open_polling(router: &Router) -> String {
    let uri = format!("/hub?id={}", negotiate(router, "/hub").await);
    let first = request(router, Method::GET, &uri, "").await;
    assert_eq!((first.status, first.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(
        first.header("content-type"),
        Some("application/octet-stream")
    );
    post(router, &uri, HANDSHAKE).await;
    assert_eq!(
        request(router, Method::GET, &uri, "").await.body,
        "{}\u{1e}"
    );
    uri
}

#[tokio::test]
async fn a_poll_brings_everything_that_waits() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    for id in ["1", "2"] {
        let call = format!(
            "{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"Transport\",\"arguments\":[]}}\u{1e}"
        );
        assert_eq!(post(&router, &uri, &call).await.status, StatusCode::OK);
    }
    tokio::task::yield_now().await;
    let answer = request(&router, Method::GET, &format!("{uri}&_=1234"), "").await;
    assert_eq!(
        answer.body,
        "{\"type\":3,\"invocationId\":\"1\",\"result\":\"LongPolling\"}\u{1e}\
         {\"type\":3,\"invocationId\":\"2\",\"result\":\"LongPolling\"}\u{1e}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-cache, no-store"));
    assert_eq!(
        answer.header("expires"),
        Some("Thu, 01 Jan 1970 00:00:00 GMT")
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_data_ends_after_its_time_and_the_connection_lives_on() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let before = tokio::time::Instant::now();
    let answer = request(&router, Method::GET, &uri, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(before.elapsed().as_secs(), 90);
    assert_eq!(
        post(&router, &uri, "{\"type\":6}\u{1e}").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_newcomer_takes_the_place_of_the_pending_poll() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let old = request(&router, Method::GET, &uri, "");
    let new = async {
        tokio::task::yield_now().await;
        let pending = request(&router, Method::GET, &uri, "");
        let call = async {
            tokio::task::yield_now().await;
            post(&router, &uri, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"x\"]}\u{1e}").await
        };
        tokio::join!(pending, call).0
    };
    let (old, new) = tokio::join!(old, new);
    assert_eq!(
        (old.status, old.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(
        new.body,
        "{\"type\":3,\"invocationId\":\"1\",\"result\":\"x\"}\u{1e}"
    );
}

#[tokio::test]
async fn of_two_newcomers_one_is_refused() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let polls = futures_util::stream::FuturesUnordered::new();
    for _ in 0..3 {
        polls.push(request(&router, Method::GET, &uri, ""));
    }
    let statuses: Vec<_> = polls.take(2).map(|answer| answer.status).collect().await;
    assert!(
        statuses.contains(&StatusCode::CONFLICT) && statuses.contains(&StatusCode::NO_CONTENT),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn the_last_words_are_polled_before_the_end() {
    let (router, mut endings) = hub();
    let uri = open_polling(&router).await;
    post(
        &router,
        &uri,
        "{\"type\":1,\"target\":\"Abort\",\"arguments\":[]}\u{1e}",
    )
    .await;
    assert!(matches!(
        endings.recv().await.unwrap(),
        DisconnectReason::ClosedByServer(_)
    ));
    assert_eq!(
        request(&router, Method::GET, &uri, "").await.body,
        "{\"type\":7}\u{1e}"
    );
    assert_eq!(
        request(&router, Method::GET, &uri, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        request(&router, Method::GET, &uri, "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn delete_ends_the_connection_and_releases_the_pending_poll() {
    let (router, mut endings) = hub();
    let uri = open_polling(&router).await;
    let poll = request(&router, Method::GET, &uri, "");
    let delete = async {
        tokio::task::yield_now().await;
        request(&router, Method::DELETE, &uri, "").await
    };
    let (poll, delete) = tokio::join!(poll, delete);
    assert_eq!(
        (delete.status, delete.body.as_str()),
        (StatusCode::ACCEPTED, "")
    );
    assert_eq!(poll.status, StatusCode::NO_CONTENT);
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ClosedByClient { error: None }
    );
}

/// A hub whose client is sent four megabytes at once, and a poll on a connection of its own that is answered with them.
async fn poll_for_a_flood() -> (
    Router,
    String,
    DuplexStream,
    mpsc::Receiver<DisconnectReason>,
) {
    let (ended, endings) = mpsc::channel(8);
    let hub = Hub::builder()
        .on("Flood", async |context: Context| {
            let text = "x".repeat(1 << 20);
            (0..4).try_for_each(|_| context.clients().caller().send("Flood", (&text,)))
        })
        .on_disconnected(move |_, reason| {
            let ended = ended.clone();
            async move { ended.send(reason).await.expect("the test listens") }
        })
        .options(HubOptions {
            outbox: OutboxLimits {
                bytes: 8 << 20,
                ..OutboxLimits::default()
            },
            ..HubOptions::default()
        })
        .build();
    let router = hub.router("/hub");
    let uri = open_polling(&router).await;
    let mut network = connect(router.clone());
    let poll = format!("GET {uri} HTTP/1.1\r\nHost: server\r\n\r\n");
    network.write_all(poll.as_bytes()).await.unwrap();
    let call = "{\"type\":1,\"target\":\"Flood\",\"arguments\":[]}\u{1e}";
    post(&router, &uri, call).await;
    (router, uri, network, endings)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_stuck_for_10_seconds_ends_the_connection() {
    let (_router, _uri, _network, mut endings) = poll_for_a_flood().await;
    let before = tokio::time::Instant::now();
    assert_eq!(endings.recv().await.unwrap(), DisconnectReason::TooSlow);
    let waited = before.elapsed();
    assert!(
        (Duration::from_secs(10)..Duration::from_secs(13)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_long_as_long_as_it_moves() {
    let (router, uri, mut network, _endings) = poll_for_a_flood().await;
    let before = tokio::time::Instant::now();
    let mut piece = vec![0; 128 * 1024];
    for _ in 0..32 {
        network.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert!(before.elapsed() > Duration::from_mins(2));
    let ping = "{\"type\":6}\u{1e}";
    assert_eq!(post(&router, &uri, ping).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_polling_is_forgotten_after_15_seconds() {
    let (router, mut endings) = hub();
    let uri = open_polling(&router).await;
    let before = tokio::time::Instant::now();
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::ConnectionLost
    );
    let waited = before.elapsed();
    assert!(
        (Duration::from_secs(14)..Duration::from_secs(18)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(post(&router, &uri, "x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn data_may_be_posted_before_the_first_get() {
    let (router, _endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    assert_eq!(post(&router, &uri, HANDSHAKE).await.status, StatusCode::OK);
    let mut events = open_events(&router, &uri).await;
    assert_eq!(event(&mut events).await.unwrap(), "data: {}\u{1e}\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_post_waits_while_nobody_takes_its_data_and_ends_with_the_connection() {
    let (router, _endings) = hub();
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let before = tokio::time::Instant::now();
    let answer = post(&router, &uri, &"x".repeat(200_000)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(before.elapsed() >= Duration::from_secs(14));
}

#[tokio::test]
async fn a_post_that_never_ends_is_refused_when_its_connection_has_ended() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let endless = Body::from_stream(futures_util::stream::pending::<
        Result<Vec<u8>, std::io::Error>,
    >());
    let stuck = begin(&router, Method::POST, &uri, &[], endless);
    let behind = post(&router, &uri, "{\"type\":6}\u{1e}");
    let end = async {
        tokio::task::yield_now().await;
        request(&router, Method::DELETE, &uri, "").await
    };
    let all = async { tokio::join!(stuck, behind, end) };
    let (stuck, behind, _) = tokio::time::timeout(Duration::from_secs(5), all)
        .await
        .expect("nobody waits for the body");
    assert_eq!(stuck.status(), StatusCode::NOT_FOUND);
    assert_eq!(behind.status, StatusCode::NOT_FOUND);
}

/// Calls the echo; the invocation is named as the text.
fn call_echo(text: &str) -> String {
    format!(
        "{{\"type\":1,\"invocationId\":\"{text}\",\"target\":\"Echo\",\"arguments\":[\"{text}\"]}}\u{1e}"
    )
}

#[tokio::test]
async fn a_post_whose_client_breaks_off_is_refused_and_its_beginning_counts() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let body = Body::from_stream(futures_util::stream::iter([
        Ok(call_echo("x")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]));
    let broken = begin(&router, Method::POST, &uri, &[], body).await;
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    let answer = request(&router, Method::GET, &uri, "").await;
    assert_eq!(
        answer.body,
        "{\"type\":3,\"invocationId\":\"x\",\"result\":\"x\"}\u{1e}"
    );
}

#[tokio::test]
async fn posts_at_the_same_time_take_turns() {
    let (router, _endings) = hub();
    let uri = open_polling(&router).await;
    let (first, second) = (call_echo("first"), call_echo("second"));
    let (beginning, end) = first.split_at(20);
    let (go_on, rest) = tokio::sync::oneshot::channel();
    let beginning = futures_util::stream::iter([Ok(beginning.to_owned())]);
    let body = Body::from_stream(beginning.chain(futures_util::stream::once(rest)));
    let mut slow = Box::pin(begin(&router, Method::POST, &uri, &[], body));
    let mut fast = Box::pin(post(&router, &uri, &second));
    assert!(futures_util::poll!(&mut slow).is_pending(), "half a body");
    assert!(futures_util::poll!(&mut fast).is_pending(), "not its turn");
    go_on.send(end.to_owned()).unwrap();
    let (slow, fast) = tokio::join!(slow, fast);
    assert_eq!(
        (slow.status(), fast.status),
        (StatusCode::OK, StatusCode::OK)
    );
    let mut results = String::new();
    while results.matches('\u{1e}').count() < 2 {
        results += &request(&router, Method::GET, &uri, "").await.body;
    }
    assert_eq!(
        results,
        "{\"type\":3,\"invocationId\":\"first\",\"result\":\"first\"}\u{1e}\
         {\"type\":3,\"invocationId\":\"second\",\"result\":\"second\"}\u{1e}"
    );
}

#[tokio::test]
async fn an_event_stream_takes_no_more_than_it_can_pass_on() {
    let hub = Hub::builder().build();
    let router = hub.router("/hub");
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    let mut events = open_events(&router, &uri).await;
    post(&router, &uri, HANDSHAKE).await;
    event(&mut events).await;
    let text = "x".repeat(1_000);
    for _ in 0..100 {
        hub.context()
            .clients()
            .all()
            .send("Heard", (&text,))
            .unwrap();
    }
    let mut messages = 0;
    while messages < 100 {
        let event = event(&mut events).await.unwrap();
        assert!(event.len() < 17 * 1024, "{} bytes at once", event.len());
        messages += event.matches('\u{1e}').count();
    }
}
