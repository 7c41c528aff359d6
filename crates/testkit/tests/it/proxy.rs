//! With real sockets: what systems say to one another when a connection breaks cannot be had in memory.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use hubbub_testkit::{FaultProxy, Faults, Link, PostgresCluster, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// A limit that a test means to run into.
const BRIEF: Duration = Duration::from_millis(200);
const SOON: Duration = Duration::from_secs(10);

/// A proxy and the server behind it, which the test plays itself.
struct Edge {
    listener: TcpListener,
    proxy: FaultProxy,
}

impl Edge {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("there is a free port");
        let upstream = listener.local_addr().expect("it is bound");
        let proxy = FaultProxy::start_with_seed(upstream, 7).await;
        Self {
            listener,
            proxy: proxy.expect("there is another"),
        }
    }

    /// Both ends of a connection through the proxy.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).await;
        let (server, _) = self.listener.accept().await.expect("the proxy connects");
        (client.expect("the proxy listens"), server)
    }

    async fn all_gone(&self) {
        let gone = self
            .proxy
            .wait_until("lost them all", SOON, |counts| counts.open == 0);
        gone.await.expect("they end");
    }
}

async fn says(stream: &mut TcpStream, text: &str) {
    let written = stream.write_all(text.as_bytes()).await;
    written.expect("it is connected");
}

async fn hears(stream: &mut TcpStream, text: &str) {
    let mut buffer = vec![0; text.len()];
    let read = timeout(SOON, stream.read_exact(&mut buffer)).await;
    read.expect("it arrives").expect("nothing breaks");
    assert_eq!(String::from_utf8_lossy(&buffer), text);
}

async fn hears_nothing(stream: &mut TcpStream) {
    let heard = timeout(BRIEF, stream.read_u8()).await;
    assert!(heard.is_err(), "{heard:?}");
}

async fn sees_a_reset(stream: &mut TcpStream) {
    let read = timeout(SOON, stream.read_u8()).await.expect("it ends");
    assert_eq!(
        read.expect_err("it was reset").kind(),
        ErrorKind::ConnectionReset
    );
}

async fn sees_the_end(stream: &mut TcpStream) {
    let read = timeout(SOON, stream.read(&mut [0])).await.expect("it ends");
    assert_eq!(read.expect("it was closed in good order"), 0);
}

#[tokio::test]
async fn bytes_and_each_sides_end_pass() {
    let edge = Edge::new().await;
    let (mut client, mut server) = edge.connect().await;
    says(&mut client, "question").await;
    client.shutdown().await.unwrap();
    hears(&mut server, "question").await;
    sees_the_end(&mut server).await;
    says(&mut server, "long answer").await;
    hears(&mut client, "long answer").await;
    drop(server);
    sees_the_end(&mut client).await;
    edge.all_gone().await;

    let counts = edge.proxy.counts();
    assert_eq!((counts.accepted, counts.cut), (1, 0));
    assert_eq!((counts.bytes_up, counts.bytes_down), (8, 11));
}

#[tokio::test]
async fn a_one_way_black_hole_leaves_the_other_way() {
    let edge = Edge::new().await;
    let (mut client, mut server) = edge.connect().await;
    let mut ends = [&mut client, &mut server];
    for faults in [Faults::up(Link::cut_off()), Faults::down(Link::cut_off())] {
        let [swallowed, heard] = &mut ends;
        edge.proxy.apply(faults);
        says(swallowed, "lost").await;
        says(heard, "heard").await;
        hears(swallowed, "heard").await;
        hears_nothing(heard).await;
        edge.proxy.pass();
        hears(heard, "lost").await;
        ends.reverse();
    }
}

#[tokio::test]
async fn a_black_hole_swallows_the_end_and_new_connections_too() {
    let edge = Edge::new().await;
    let (client, mut server) = edge.connect().await;
    edge.proxy.apply(Faults::both(Link::cut_off()));
    drop(client);
    hears_nothing(&mut server).await;
    let mut second = TcpStream::connect(edge.proxy.address()).await.unwrap();
    says(&mut second, "hello").await;
    assert!(timeout(BRIEF, edge.listener.accept()).await.is_err());
    assert_eq!(edge.proxy.counts().open, 2);

    edge.proxy.pass();

    sees_the_end(&mut server).await;
    hears(&mut edge.listener.accept().await.unwrap().0, "hello").await;
}

#[tokio::test]
async fn faults_may_be_for_new_connections_alone() {
    let edge = Edge::new().await;
    let (mut old_client, mut old_server) = edge.connect().await;
    edge.proxy
        .apply_to_new(Faults::up(Link::new().cut_after(2)));
    let (mut client, mut server) = edge.connect().await;

    says(&mut old_client, "hello").await;
    hears(&mut old_server, "hello").await;
    says(&mut client, "hello").await;
    hears(&mut server, "he").await;
    sees_a_reset(&mut server).await;
    sees_a_reset(&mut client).await;
    assert_eq!(edge.proxy.connections(), [1]);
    assert_eq!(edge.proxy.counts().cut, 1);
}

#[tokio::test]
async fn one_or_all_are_reset_on_both_sides() {
    let edge = Edge::new().await;
    let mut ends = Vec::new();
    for _ in 0..5 {
        ends.push(edge.connect().await);
    }
    let chosen = edge.proxy.reset_one().unwrap();
    let index = usize::try_from(chosen).unwrap() - 1;
    let (mut client, mut server) = ends.remove(index);
    sees_a_reset(&mut client).await;
    sees_a_reset(&mut server).await;
    assert!(!edge.proxy.reset(chosen));
    for (client, server) in &mut ends {
        says(client, "still here").await;
        hears(server, "still here").await;
    }

    assert_eq!(edge.proxy.reset_all(), 4);
    for (client, server) in &mut ends {
        sees_a_reset(client).await;
        sees_a_reset(server).await;
    }
    edge.all_gone().await;
    assert_eq!(edge.proxy.counts().cut, 5);
    assert_eq!(edge.proxy.reset_one(), None);
}

#[tokio::test]
async fn a_reset_by_one_side_reaches_the_other_as_one() {
    let edge = Edge::new().await;
    let (mut client, server) = edge.connect().await;
    server.set_zero_linger().unwrap();
    drop(server);
    sees_a_reset(&mut client).await;

    let (client, mut server) = edge.connect().await;
    client.set_zero_linger().unwrap();
    drop(client);
    sees_a_reset(&mut server).await;
    assert_eq!(edge.proxy.counts().cut, 0, "it was not the proxy");
}

#[tokio::test]
async fn a_reset_that_a_black_hole_holds_back_is_one_when_it_comes() {
    let edge = Edge::new().await;
    let (client, mut server) = edge.connect().await;
    edge.proxy.apply(Faults::up(Link::cut_off()));
    client.set_zero_linger().unwrap();
    drop(client);
    // The proxy learns of it by what it cannot write to the client, and keeps it to itself.
    says(&mut server, "anybody there?").await;
    hears_nothing(&mut server).await;

    edge.proxy.pass();

    sees_a_reset(&mut server).await;
}

#[tokio::test]
async fn a_client_that_breaks_after_its_last_word_is_reported_too() {
    let edge = Edge::new().await;
    let (mut client, mut server) = edge.connect().await;
    client.shutdown().await.unwrap();
    sees_the_end(&mut server).await;
    client.set_zero_linger().unwrap();
    drop(client);
    says(&mut server, "anybody there?").await;

    let broken = timeout(SOON, server.ready(Interest::ERROR)).await;
    assert!(broken.expect("it breaks").unwrap().is_error());
}

#[tokio::test]
async fn a_port_that_refuses_is_nobody_elses() {
    let edge = Edge::new().await;
    edge.proxy.refuse().await.unwrap();
    let other = TcpSocket::new_v4().unwrap();
    let error = other.bind(edge.proxy.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn refusing_keeps_the_port_and_the_open_connections() {
    let edge = Edge::new().await;
    let (mut client, mut server) = edge.connect().await;
    for _ in 0..2 {
        edge.proxy.refuse().await.unwrap();
        edge.proxy.refuse().await.unwrap();
        let refused = TcpStream::connect(edge.proxy.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        says(&mut client, "hello").await;
        hears(&mut server, "hello").await;

        edge.proxy.accept().await.unwrap();
        edge.proxy.accept().await.unwrap();
        let (mut client, mut server) = edge.connect().await;
        says(&mut client, "hello").await;
        hears(&mut server, "hello").await;
    }
}

#[tokio::test]
async fn a_client_of_a_server_that_is_not_there_is_reset() {
    let nobody = (Ipv4Addr::LOCALHOST, free_port().unwrap()).into();
    let proxy = FaultProxy::start(nobody).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    sees_a_reset(&mut client).await;
}

#[tokio::test]
async fn dropping_the_proxy_ends_its_connections_and_frees_its_port() {
    let Edge { listener, proxy } = Edge::new().await;
    let address = proxy.address();
    let mut client = TcpStream::connect(address).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();

    drop(proxy);

    sees_the_end(&mut client).await;
    sees_the_end(&mut server).await;
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_database_can_be_had_through_it_in_the_smallest_pieces() {
    let cluster = PostgresCluster::start().await.unwrap();
    let proxy = FaultProxy::start((Ipv4Addr::LOCALHOST, cluster.port()).into())
        .await
        .unwrap();
    let url = proxy.through(&cluster.url());
    assert_ne!(url, cluster.url());
    proxy.apply(Faults::both(Link::new().slice(3, Duration::ZERO)));

    let sum = "SELECT sum(number) FROM generate_series(1, 1000) AS number";
    assert_eq!(cluster.execute(&url, sum).await.unwrap(), "500500");

    proxy.apply(Faults::down(Link::new().cut_after(20)));
    let error = cluster.execute(&url, sum).await.unwrap_err().to_string();
    assert!(
        error.contains("server closed the connection unexpectedly") || error.contains("reset"),
        "{error}"
    );
    assert_eq!(proxy.counts().cut, 1);
}
