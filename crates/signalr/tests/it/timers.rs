//! Everything that happens after a while, in paused time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use parking_lot::Mutex;
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, DisconnectReason, Hub,
    HubContext, HubError, HubObserver, HubOptions, OutboxLimits, TransportKind, UploadStream, User,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::client::{Client, connect};

const PING: &str = r#"{"type":6}"#;

async fn wait(context: Context, seconds: u64) {
    let aborted = context.aborted();
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        () = aborted.cancelled() => {}
    }
}

async fn renew(context: Context, seconds: u64) {
    context
        .connection()
        .renew(Instant::now() + Duration::from_secs(seconds));
}

async fn flood(context: Context, count: u32) -> Result<(), HubError> {
    for number in 0..count {
        context.clients().caller().send("Flood", (number,))?;
    }
    Ok(())
}

/// Users whose authentication lasts a minute.
struct ForAMinute;

impl Authenticate for ForAMinute {
    async fn authenticate(
        &self,
        _: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        Ok(User::new("somebody").expires_in(Duration::from_mins(1)))
    }
}

fn hub(options: HubOptions) -> (Hub, mpsc::Receiver<DisconnectReason>) {
    let (ended, endings) = mpsc::channel(8);
    let hub = Hub::builder()
        .on("Wait", wait)
        .on("Renew", renew)
        .on("Flood", flood)
        .on_disconnected(move |_, reason| {
            let ended = ended.clone();
            async move { ended.send(reason).await.expect("the test listens") }
        })
        .authenticate(ForAMinute)
        .options(options)
        .build();
    (hub, endings)
}

async fn client(options: HubOptions) -> (Client, mpsc::Receiver<DisconnectReason>) {
    let (hub, endings) = hub(options);
    (Client::hub(hub.router("/hub"), "/hub").await, endings)
}

/// Runs `wait` and checks how many seconds it took, give or take two ticks of the heartbeat.
async fn takes<T>(seconds: u64, wait: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let outcome = wait.await;
    let taken = start.elapsed();
    let expected = Duration::from_secs(seconds);
    assert!(
        (expected..=expected + Duration::from_secs(2)).contains(&taken),
        "took {taken:?} instead of {expected:?}"
    );
    outcome
}

#[tokio::test(start_paused = true)]
async fn a_silent_handshake_is_refused_after_15_seconds() {
    let (hub, _endings) = hub(HubOptions::default());
    let mut client = Client::open(hub.router("/hub"), "/hub").await.unwrap();
    let refusal = takes(15, client.next()).await;
    assert_eq!(refusal, r#"{"error":"Handshake was canceled."}"#);
    assert_eq!(client.next().await, "closed");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_pinged_every_15_seconds() {
    let (mut client, _endings) = client(HubOptions::default()).await;
    for _ in 0..3 {
        assert_eq!(takes(15, client.next()).await, PING);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_and_falls_silent_is_given_up_after_30_seconds() {
    let (mut client, mut endings) = client(HubOptions::default()).await;
    client.send(PING).await;
    let rest = takes(30, client.rest()).await;
    assert_eq!(
        rest.last().unwrap(),
        r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#
    );
    assert_eq!(endings.recv().await.unwrap(), DisconnectReason::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_pings_is_not_timed_out() {
    let (mut client, _endings) = client(HubOptions::default()).await;
    for _ in 0..10 {
        assert_eq!(client.next().await, PING);
    }
}

/// Waits for a hundred seconds.
const WAIT: &str = r#"{"type":1,"invocationId":"1","target":"Wait","arguments":[100]}"#;

#[tokio::test(start_paused = true)]
async fn the_client_timeout_pauses_while_a_message_waits_for_its_turn() {
    let (mut client, mut endings) = client(HubOptions::default()).await;
    client.send(PING).await;
    client.send(WAIT).await;
    client.send(WAIT).await;
    let mut message = takes(15, client.next()).await;
    while message == PING {
        message = client.next().await;
    }
    assert_eq!(message, r#"{"type":3,"invocationId":"1","result":null}"#);
    let reason = takes(30, endings.recv()).await;
    assert_eq!(reason.unwrap(), DisconnectReason::Timeout);
}

#[tokio::test(start_paused = true)]
async fn the_client_timeout_goes_on_while_an_invocation_runs() {
    let (mut client, mut endings) = client(HubOptions::default()).await;
    client.send(PING).await;
    client.send(WAIT).await;
    let reason = takes(30, endings.recv()).await;
    assert_eq!(reason.unwrap(), DisconnectReason::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_is_not_timed_out_by_a_method_that_reads_slowly() {
    let hub = Hub::builder()
        .on(
            "Read",
            async |_: Context, mut words: UploadStream<String>| {
                while words.next().await.is_some() {
                    tokio::time::sleep(Duration::from_secs(40)).await;
                }
            },
        )
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client.send(PING).await;
    client
        .send(r#"{"type":1,"target":"Read","arguments":[],"streamIds":["w"]}"#)
        .await;
    let word = format!(
        r#"{{"type":2,"invocationId":"w","item":"{}"}}"#,
        "x".repeat(8_000)
    );
    for _ in 0..30 {
        client.send(&word).await;
    }
    for _ in 0..6 {
        assert_eq!(client.next().await, PING);
        client.send(PING).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_when_its_authentication_expires() {
    let options = HubOptions {
        close_on_authentication_expiration: true,
        ..HubOptions::default()
    };
    let (mut client, mut endings) = client(options).await;
    let rest = takes(60, client.rest()).await;
    assert_eq!(rest.last().unwrap(), r#"{"type":7,"allowReconnect":true}"#);
    assert_eq!(
        endings.recv().await.unwrap(),
        DisconnectReason::AuthenticationExpired
    );
}

#[tokio::test(start_paused = true)]
async fn renewing_moves_the_expiry() {
    let options = HubOptions {
        close_on_authentication_expiration: true,
        ..HubOptions::default()
    };
    let (mut client, _endings) = client(options).await;
    client
        .send(r#"{"type":1,"target":"Renew","arguments":[200]}"#)
        .await;
    takes(200, client.rest()).await;
}

#[tokio::test(start_paused = true)]
async fn expiry_matters_only_if_the_options_say_so() {
    let (mut client, _endings) = client(HubOptions::default()).await;
    for _ in 0..10 {
        assert_eq!(client.next().await, PING);
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_runs_to_its_end_when_its_connection_goes_away() {
    let (done, mut finished) = mpsc::channel(1);
    let hub = Hub::with_state(done)
        .on("Work", async |context: Context<mpsc::Sender<bool>>| {
            tokio::time::sleep(Duration::from_mins(1)).await;
            context
                .state()
                .send(context.aborted().is_cancelled())
                .await
                .expect("the test listens");
        })
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client
        .send(r#"{"type":1,"target":"Work","arguments":[]}"#)
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.cut();
    assert_eq!(
        finished.recv().await,
        Some(true),
        "its token was cancelled and it went on"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_closed_with_a_reason() {
    let (mut client, mut endings) = client(HubOptions::default()).await;
    // The connection in memory takes 256 KiB before it is full.
    client
        .send(r#"{"type":1,"target":"Flood","arguments":[200000]}"#)
        .await;
    assert_eq!(endings.recv().await.unwrap(), DisconnectReason::TooSlow);
    let rest = client.rest().await;
    assert_eq!(
        rest.last().unwrap(),
        r#"{"type":7,"error":"The client did not read its messages fast enough.","allowReconnect":true}"#
    );
    for (number, text) in rest[..rest.len() - 1].iter().enumerate() {
        let expected = format!(r#"{{"type":1,"target":"Flood","arguments":[{number}]}}"#);
        assert_eq!(*text, expected, "nothing is missing in between");
    }
}

/// No limit but those of time.
fn patient(age: u64, send: u64) -> HubOptions {
    HubOptions {
        outbox: OutboxLimits {
            frames: 1_000_000,
            bytes: 1 << 30,
            age: Duration::from_secs(age),
        },
        transport_send_timeout: Duration::from_secs(send),
        ..HubOptions::default()
    }
}

const FLOOD: &str = r#"{"type":1,"target":"Flood","arguments":[200000]}"#;

#[tokio::test(start_paused = true)]
async fn messages_that_wait_too_long_close_their_connection_with_a_reason() {
    let (mut client, mut endings) = client(patient(10, 60)).await;
    client.send(FLOOD).await;
    let reason = takes(10, endings.recv()).await;
    assert_eq!(reason.unwrap(), DisconnectReason::TooSlow);
    assert_eq!(
        client.rest().await.last().unwrap(),
        r#"{"type":7,"error":"The client did not read its messages in time.","allowReconnect":true}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_stuck_ends_its_connection_without_a_word() {
    let (mut client, mut endings) = client(patient(60, 10)).await;
    client.send(FLOOD).await;
    let reason = takes(10, endings.recv()).await;
    assert_eq!(reason.unwrap(), DisconnectReason::TooSlow);
    let rest = client.rest().await;
    assert!(rest.last().unwrap().contains("Flood"), "there is no Close");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_say_goodbye_is_cut_after_5_seconds() {
    let hub = Hub::builder().build();
    let mut network = connect(hub.router("/hub"));
    let upgrade = "GET /hub HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    network.write_all(upgrade.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    assert!(network.read(&mut answer).await.unwrap() > 0);
    let context = hub.context();
    let drained = context.drain(Duration::ZERO);
    let everything = network.read_to_end(&mut answer);
    let ((), read) = tokio::join!(takes(5, drained), takes(5, everything));
    assert!(read.unwrap() > 0, "the goodbye of the server");
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_spread_over_its_window_and_refuses_newcomers() {
    let (hub, mut endings) = hub(HubOptions::default());
    let router = hub.router("/hub");
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Client::hub(router.clone(), "/hub").await);
    }
    let start = Instant::now();
    let context = hub.context();
    let drain = context.drain(Duration::from_secs(40));
    let watch = async {
        for mut client in clients {
            let rest = client.rest().await;
            assert_eq!(rest.last().unwrap(), r#"{"type":7,"allowReconnect":true}"#);
            drop(client);
        }
        let Err(refused) = Client::open(router.clone(), "/hub").await else {
            panic!("a newcomer was let in")
        };
        assert!(refused.to_string().contains("503"), "{refused}");
        let answer = crate::http::request(&router, http::Method::POST, "/hub/negotiate", "").await;
        assert_eq!(answer.status, http::StatusCode::SERVICE_UNAVAILABLE);
    };
    tokio::join!(drain, watch);
    assert!(
        start.elapsed() >= Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
    for _ in 0..4 {
        assert!(matches!(
            endings.recv().await.unwrap(),
            DisconnectReason::ClosedByServer(_)
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_welcome_is_not_held_against_the_client() {
    let hub = Hub::builder()
        .on_connected(async |_: Context| {
            tokio::time::sleep(Duration::from_secs(12)).await;
            Ok::<_, HubError>(())
        })
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    hub.context().clients().all().send("Heard", ()).unwrap();
    let heard = r#"{"type":1,"target":"Heard","arguments":[]}"#;
    assert_eq!(takes(12, client.next()).await, heard);
    assert_eq!(client.next().await, PING);
}

#[tokio::test(start_paused = true)]
async fn websocket_pings_do_not_stand_in_for_those_of_the_hub() {
    let (mut client, _endings) = client(HubOptions::default()).await;
    let mut pings = 0;
    for _ in 0..6 {
        let ping = tokio_tungstenite::tungstenite::Message::Ping("x".into());
        client.socket.send(ping).await.unwrap();
        let received = tokio::time::timeout(Duration::from_secs(10), client.next()).await;
        pings += usize::from(received.is_ok_and(|message| message == PING));
    }
    assert!(pings >= 3, "{pings} pings in a minute");
}

/// Begins to drain a hub in the moment in which a connection gets its transport.
#[derive(Clone, Default)]
struct Drain(Arc<Mutex<Option<HubContext>>>);

impl HubObserver for Drain {
    fn connection_started(&self, _: TransportKind) {
        let hub = self.0.lock().take();
        if let Some(hub) = hub {
            // Before it waits for anything a drain has marked its beginning and seen who is there.
            let _ = hub.drain(Duration::ZERO).now_or_never();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_opens_while_a_drain_begins_is_drained() {
    let drain = Drain::default();
    let hub = Hub::builder().observe(drain.clone()).build();
    *drain.0.lock() = Some(hub.context());
    let mut client = Client::open(hub.router("/hub"), "/hub").await.unwrap();
    assert!(drain.0.lock().is_none(), "the drain has begun");
    assert_eq!(takes(0, client.rest()).await, [""; 0]);
}
