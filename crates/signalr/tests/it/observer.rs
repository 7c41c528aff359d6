//! What the application's metrics are told.

use std::time::Duration;

use futures_util::stream;
use signalr_hub::{
    ConnectionStatus, Context, Hub, HubError, HubObserver, InvocationOutcome, RawConnection,
    RawEndpoint, TransportKind,
};
use tokio::sync::mpsc;

use crate::client::Client;
use crate::http::{negotiate, request};

/// Writes down what it is told, durations in seconds.
struct Recording(mpsc::Sender<String>);

impl Recording {
    fn note(&self, text: String) {
        self.0.try_send(text).expect("a test notes little");
    }
}

impl HubObserver for Recording {
    fn connection_started(&self, transport: TransportKind) {
        self.note(format!("+ {}", transport.metric_name()));
    }

    fn connection_ended(
        &self,
        transport: TransportKind,
        duration: Duration,
        status: ConnectionStatus,
    ) {
        let (transport, status) = (transport.metric_name(), status.metric_name());
        self.note(format!("- {transport} {} {status}", duration.as_secs()));
    }

    fn invocation_started(&self, method: &str) {
        self.note(format!("> {method}"));
    }

    fn unknown_method_called(&self, target: &str) {
        self.note(format!("? {target}"));
    }

    fn invocation_ended(&self, method: &str, duration: Duration, outcome: InvocationOutcome) {
        self.note(format!("< {method} {} {outcome:?}", duration.as_secs()));
    }
}

/// More notes than any test makes.
const NOTES: usize = 64;

fn hub() -> (Hub, mpsc::Receiver<String>) {
    let (teller, noted) = mpsc::channel(NOTES);
    let hub = Hub::builder()
        .on("Work", async |_: Context, seconds: u64| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        })
        .on("Fail", async |_: Context| {
            Err::<(), _>(HubError::message("no"))
        })
        .on("Count", async |_: Context| stream::iter([1, 2]))
        .on("Forever", async |_: Context| stream::pending::<u8>())
        .observe(Recording(teller))
        .build();
    (hub, noted)
}

async fn next(noted: &mut mpsc::Receiver<String>) -> String {
    noted.recv().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_call_is_reported_with_its_outcome() {
    let (hub, mut noted) = hub();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    assert_eq!(next(&mut noted).await, "+ web_sockets");
    for (kind, call, name, end) in [
        (
            1,
            r#""target":"work","arguments":[3]"#,
            "Work",
            "3 Completed",
        ),
        (1, r#""target":"Work","arguments":[]"#, "Work", "0 Refused"),
        (
            1,
            r#""target":"Work","arguments":["x"]"#,
            "Work",
            "0 Refused",
        ),
        (1, r#""target":"Fail","arguments":[]"#, "Fail", "0 Failed"),
        (
            4,
            r#""target":"Count","arguments":[]"#,
            "Count",
            "0 Completed",
        ),
        (
            4,
            r#""target":"Forever","arguments":[]"#,
            "Forever",
            "0 Cancelled",
        ),
    ] {
        let message = format!(r#"{{"type":{kind},"invocationId":"1",{call}}}"#);
        client.send(&message).await;
        assert_eq!(next(&mut noted).await, format!("> {name}"));
        if name == "Forever" {
            client.send(r#"{"type":5,"invocationId":"1"}"#).await;
        }
        assert_eq!(next(&mut noted).await, format!("< {name} {end}"));
    }
    client
        .send(r#"{"type":1,"target":"Unknown","arguments":[]}"#)
        .await;
    assert_eq!(next(&mut noted).await, "? Unknown");
    client.send(r#"{"type":7}"#).await;
    assert_eq!(next(&mut noted).await, "- web_sockets 3 normal_closure");
}

#[tokio::test(start_paused = true)]
async fn connections_are_reported_with_their_transport_and_how_they_ended() {
    let (hub, mut noted) = hub();
    let router = hub.router("/hub");
    let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
    request(&router, http::Method::GET, &uri, "").await;
    assert_eq!(next(&mut noted).await, "+ long_polling");
    let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    request(&router, http::Method::POST, &uri, handshake).await;
    request(&router, http::Method::GET, &uri, "").await;
    let left = next(&mut noted).await;
    assert!(
        left.starts_with("- long_polling 1") && left.ends_with(" timeout"),
        "{left}"
    );

    let mut silent = Client::hub(router.clone(), "/hub").await;
    silent.send(r#"{"type":6}"#).await;
    assert_eq!(next(&mut noted).await, "+ web_sockets");
    let left = next(&mut noted).await;
    assert!(
        left.starts_with("- web_sockets 3") && left.ends_with(" timeout"),
        "{left}"
    );

    let mut last = Client::hub(router, "/hub").await;
    assert_eq!(next(&mut noted).await, "+ web_sockets");
    let context = hub.context();
    tokio::join!(context.drain(Duration::ZERO), last.rest());
    assert_eq!(next(&mut noted).await, "- web_sockets 0 app_shutdown");
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_hub_are_reported_too() {
    let (teller, mut noted) = mpsc::channel(NOTES);
    let echo = async |mut connection: RawConnection| {
        while let Some(bytes) = connection.receive().await {
            connection.send(bytes);
        }
    };
    let router = RawEndpoint::new(echo)
        .observe(Recording(teller))
        .router("/raw");
    let client = Client::open(router, "/raw").await.unwrap();
    assert_eq!(next(&mut noted).await, "+ web_sockets");
    client.cut();
    assert_eq!(next(&mut noted).await, "- web_sockets 0 normal_closure");
}
