//! With real servers: what is proved here is that the kit's promises hold for Redis as it is.

use std::time::Duration;

use hubbub_testkit::{Error, RedisServer};
use tokio::time::timeout;

use crate::assert_ends;

/// A limit that a test means to run into.
const BRIEF: Duration = Duration::from_millis(300);

async fn ask(server: &RedisServer, words: &[&str]) -> String {
    server.command(words).await.expect("the server answers")
}

#[tokio::test]
async fn it_keeps_nothing_on_disk_and_takes_settings() {
    let server = RedisServer::builder()
        .setting("maxclients", "77")
        .start()
        .await
        .unwrap();

    assert_eq!(ask(&server, &["CONFIG", "GET", "save"]).await, "save");
    let maximum = ask(&server, &["CONFIG", "GET", "maxclients"]).await;
    assert_eq!(maximum, "maxclients\n77");
    let bound = ask(&server, &["CONFIG", "GET", "bind"]).await;
    assert_eq!(bound, "bind\n127.0.0.1");
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
}

#[tokio::test]
async fn it_comes_back_empty_on_the_same_port() {
    let mut server = RedisServer::start().await.unwrap();
    let port = server.port();
    for killed_before in [true, false] {
        ask(&server, &["SET", "note", "hi"]).await;
        if killed_before {
            server.kill().await.unwrap();
            let error = server.command(&["PING"]).await.unwrap_err();
            assert!(matches!(error, Error::Failed { .. }), "{error}");
        }

        server.restart_empty().await.unwrap();

        assert_eq!(server.port(), port);
        assert_eq!(ask(&server, &["DBSIZE"]).await, "0");
    }
}

#[tokio::test]
async fn a_paused_server_answers_when_it_is_resumed() {
    let server = RedisServer::start().await.unwrap();
    server.pause().unwrap();

    let mut answer = Box::pin(server.command(&["PING"]));
    assert!(timeout(BRIEF, &mut answer).await.is_err(), "it answered");
    server.resume().unwrap();

    assert_eq!(answer.await.unwrap(), "PONG");
}

#[tokio::test]
async fn a_paused_server_is_gone_when_it_is_dropped() {
    let server = RedisServer::start().await.unwrap();
    let pid = server.process().pid();
    server.pause().unwrap();

    drop(server);

    assert_ends(pid);
}

#[tokio::test]
async fn what_the_server_refuses_is_quoted() {
    let server = RedisServer::start().await.unwrap();
    let error = server.command(&["GARBLE"]).await.unwrap_err();
    assert!(error.to_string().contains("unknown command"), "{error}");

    let builder = RedisServer::builder().setting("maxclients", "many");
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, Error::Ended { .. }), "{error}");
    assert!(error.to_string().contains("maxclients"), "{error}");
}
