use axum::Json;
use axum::extract::Request as AxumRequest;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::controllers::extract::Body;

/// Longer than every timer of the server.
const LONG: Duration = Duration::from_mins(10);

/// A server for this test alone.
async fn start(max_connections: usize) -> (SocketAddr, TaskTracker) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = TaskTracker::new();
    let upgrades = tasks.clone();
    let router = Router::new()
        .route("/", get(async || "here"))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(LONG).await;
                "late"
            }),
        )
        .route(
            "/json",
            post(async |Body(value): Body<serde_json::Value>| Json(value)),
        )
        .route(
            "/upgrade",
            get(async move |mut request: AxumRequest| {
                let upgrade = request.extensions_mut().remove::<OnUpgrade>().unwrap();
                upgrades.spawn(async move {
                    let socket = upgrade.await.unwrap();
                    let (mut from, mut to) = tokio::io::split(TokioIo::new(socket));
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
                let headers = [("connection", "upgrade"), ("upgrade", "echo")];
                (http::StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
            }),
        );
    tasks.spawn(serve(
        listener,
        router,
        max_connections,
        CancellationToken::new(),
    ));
    (address, tasks)
}

async fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What has been said once that text was among it, or all that was said until the end.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut said = Vec::new();
    loop {
        let so_far = String::from_utf8_lossy(&said);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        match stream.read_buf(&mut said).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&said).into_owned(),
            Ok(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_begin_to_speak_is_sent_away() {
    let (address, _tasks) = start(10).await;
    for beginning in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM", "GET / HTTP/1.1\r\n"] {
        let mut stream = connect(address, beginning).await;
        let said = tokio::time::timeout(LONG, read_until(&mut stream, "never")).await;
        assert!(said.is_ok(), "{beginning:?} is still connected");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_outlives_what_a_proxy_keeps_it_for_and_not_much_more() {
    let (address, _tasks) = start(10).await;
    let request = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";
    let mut stream = connect(address, request).await;
    read_until(&mut stream, "here").await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let said = read_until(&mut stream, "here").await;
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    let end = tokio::time::timeout(LONG, read_until(&mut stream, "never")).await;
    assert!(end.is_ok(), "it is still connected");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let (address, _tasks) = start(10).await;
    let head = "POST /json HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n";
    let mut stream = connect(address, &format!("{head}{{\"half\":")).await;
    let said = tokio::time::timeout(LONG, read_until(&mut stream, "request_timeout")).await;
    let said = said.expect("it is not waited for");
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_as_long_as_it_likes() {
    let (address, _tasks) = start(10).await;
    let mut stream = connect(address, "GET /slow HTTP/1.1\r\nhost: here\r\n\r\n").await;
    let said = read_until(&mut stream, "late").await;
    assert!(said.ends_with("late"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_keeps_its_place() {
    let (address, _tasks) = start(1).await;
    let wish =
        "GET /upgrade HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let mut upgraded = connect(address, wish).await;
    read_until(&mut upgraded, "\r\n\r\n").await;
    upgraded.write_all(b"still here").await.unwrap();
    read_until(&mut upgraded, "still here").await;

    let mut waiting = connect(address, "GET / HTTP/1.1\r\nhost: here\r\n\r\n").await;
    let early = tokio::time::timeout(LONG, read_until(&mut waiting, "here")).await;
    assert!(early.is_err(), "there is one place, and it is taken");
    drop(upgraded);
    let said = read_until(&mut waiting, "here").await;
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}
