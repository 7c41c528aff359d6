//! Requests that nobody sends by accident.

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{GENERAL, TestApp};

#[tokio::test]
async fn a_path_that_is_no_text_is_answered_and_leaves_the_connection_open() {
    let app = TestApp::start().await;
    let mut stream = TcpStream::connect(app.server.address()).await.unwrap();
    for (path, last) in [
        (&b"/hubs\xc3\xa9x"[..], false),
        (&b"/health/live"[..], true),
    ] {
        let ending: &[u8] = if last { b"Connection: close\r\n" } else { b"" };
        let request = [
            b"GET ".as_slice(),
            path,
            b" HTTP/1.1\r\nHost: localhost\r\n",
            ending,
            b"\r\n",
        ];
        stream.write_all(&request.concat()).await.unwrap();
    }
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.unwrap();
    let answers = String::from_utf8_lossy(&answers);
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "{answers}");
    assert!(!answers.contains("HTTP/1.1 500"), "{answers}");
}

#[tokio::test]
async fn positions_beyond_every_number_are_taken_as_such() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    // Beside the note that ada has come.
    ada.posts(GENERAL, "hello").await;
    for (position, expected) in [
        ("after=9223372036854775807", 0),
        ("around=9223372036854775807", 2),
        ("before=9223372036854775807", 2),
        ("after=-5", 2),
        ("before=-9223372036854775808", 0),
    ] {
        let path = format!("/api/conversations/{GENERAL}/messages?{position}");
        let page = ada.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{position}: {page:?}");
        let messages = page.body["messages"].as_array().unwrap();
        assert_eq!(messages.len(), expected, "{position}");
    }
}

#[tokio::test]
async fn queries_are_as_strict_as_bodies() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    for path in [
        "/api/users?limit=1&offset=2".to_owned(),
        format!("/api/groups/{GENERAL}/members?page=2"),
        format!("/api/conversations/{GENERAL}/messages?since=2"),
    ] {
        let refused = ada.get(&path).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "invalid_request"),
            "{path}"
        );
    }
    let path = format!("/api/groups/{GENERAL}/members?limit=1&after=ab");
    assert_eq!(ada.get(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_people_are_looked_for_by_is_no_longer_than_a_name() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    for (length, expected) in [(64, ""), (65, "limit_exceeded"), (50_001, "limit_exceeded")] {
        let query = "a".repeat(length);
        let answer = ada.get(&format!("/api/users?query={query}")).await;
        assert_eq!(answer.code(), expected, "{length}: {answer:?}");
    }
}
