//! With a real nginx: what is proved here is that the deployed configuration does what it says, and that the kit's promises hold.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use hubbub_testkit::NginxServer;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node that answers every request with its name, or with what it is told, one to a connection.
fn node(name: &'static str, status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = name.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

/// The status and the body of what is answered to a request with this line.
fn ask(nginx: &NginxServer, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(nginx.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap_or("").to_owned();
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or("").to_owned();
    (status, body)
}

fn who(nginx: &NginxServer, line: &str) -> String {
    ask(nginx, line).1
}

#[tokio::test]
async fn requests_with_an_id_meet_on_one_node_and_others_are_spread() {
    let nodes = vec![
        node("one", "200 OK"),
        node("two", "200 OK"),
        node("three", "200 OK"),
    ];
    let nginx = NginxServer::builder(nodes).start().await.unwrap();
    for id in ["a", "b", "c", "d"] {
        let first = who(&nginx, &format!("GET /hubs/chat?id={id}"));
        for line in ["GET /hubs/chat?access_token=t&id=", "POST /hubs/chat?id="] {
            assert_eq!(who(&nginx, &format!("{line}{id}")), first, "{id}");
        }
    }
    let seen: std::collections::BTreeSet<_> = (0..60)
        .map(|_| who(&nginx, "POST /hubs/chat/negotiate?negotiateVersion=1"))
        .collect();
    assert_eq!(seen.len(), 3, "{seen:?}");
    let log = nginx.access_log().unwrap();
    assert!(log.contains("\"GET /hubs/chat\" 200"), "{log}");
    assert!(
        !log.contains("access_token") && !log.contains("id="),
        "{log}"
    );
}

#[tokio::test]
async fn a_node_that_is_away_or_stopping_is_passed_over_where_nothing_can_have_happened() {
    let nowhere = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let stopping = node("stopping", "503 Service Unavailable");
    let nginx = NginxServer::builder(vec![nowhere, stopping, node("well", "200 OK")]);
    let nginx = nginx.start().await.unwrap();
    for _ in 0..20 {
        assert_eq!(who(&nginx, "POST /hubs/chat/negotiate"), "well");
        assert_eq!(who(&nginx, "GET /hubs/chat"), "well");
    }
    // A node that refuses what changes something has its refusal passed on.
    let only = NginxServer::builder(vec![node("stopping", "503 Service Unavailable")]);
    let only = only.start().await.unwrap();
    let (status, body) = ask(&only, "POST /api/conversations/1/messages");
    assert_eq!((status.as_str(), body.as_str()), ("503", "stopping"));
}

#[tokio::test]
async fn it_is_reloaded_with_other_nodes_and_comes_back_on_the_same_port() {
    let mut nginx = NginxServer::builder(vec![node("old", "200 OK")])
        .start()
        .await
        .unwrap();
    assert_eq!(who(&nginx, "GET /"), "old");
    nginx.set_nodes(&[node("new", "200 OK")]).unwrap();
    nginx.reload().unwrap();
    let changed = async {
        while who(&nginx, "GET /") != "new" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, changed).await.unwrap();
    nginx.kill().await.unwrap();
    assert!(TcpStream::connect(nginx.address()).is_err());
    nginx.start_again().await.unwrap();
    assert_eq!(who(&nginx, "GET /"), "new");
}
