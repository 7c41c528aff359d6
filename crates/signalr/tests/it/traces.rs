//! The spans that an application's traces are made of.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::stream;
use parking_lot::Mutex;
use signalr_hub::{Context, Hub, HubError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::client::Client;

/// The fields of a span or an event.
#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Writes down the server's spans as they end, and in which of them the test's own events happen.
#[derive(Clone, Default)]
struct Recorder {
    open: Arc<Mutex<HashMap<u64, Fields>>>,
    ended: Arc<Mutex<Vec<(&'static str, Fields)>>>,
    events: Arc<Mutex<Vec<Option<&'static str>>>>,
}

const TARGET: &str = "signalr_hub::server";

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: LayerContext<'_, S>) {
        if attributes.metadata().target() == TARGET {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            self.open.lock().insert(id.into_u64(), fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: LayerContext<'_, S>) {
        if let Some(fields) = self.open.lock().get_mut(&id.into_u64()) {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        if event.metadata().target() == "test" {
            let span = context.event_span(event).map(|span| span.name());
            self.events.lock().push(span);
        }
    }

    fn on_close(&self, id: Id, context: LayerContext<'_, S>) {
        if let Some(fields) = self.open.lock().remove(&id.into_u64()) {
            let span = context.span(&id).unwrap();
            assert!(span.parent().is_none(), "a span begins its own trace");
            self.ended.lock().push((span.name(), fields));
        }
    }
}

impl Recorder {
    fn start() -> (Self, DefaultGuard) {
        let recorder = Self::default();
        let subscriber = tracing_subscriber::registry().with(recorder.clone());
        (recorder, tracing::subscriber::set_default(subscriber))
    }

    /// What has ended since the last time, as `span method error`.
    fn ended(&self) -> Vec<String> {
        let ended = std::mem::take(&mut *self.ended.lock());
        let line = |(name, fields): &(&str, Fields)| {
            assert_eq!(fields.get("rpc.system"), "signalr");
            let (method, error) = (fields.get("rpc.method"), fields.get("error.type"));
            format!("{name} {method} {error}").trim_end().to_owned()
        };
        ended.iter().map(line).collect()
    }
}

fn hub() -> Hub {
    Hub::builder()
        .on(
            "Now",
            async |_: Context| tracing::info!(target: "test", "now"),
        )
        .on("Later", async |_: Context| {
            tokio::task::yield_now().await;
            tracing::info!(target: "test", "later");
        })
        .on("Fail", async |_: Context| {
            Err::<(), _>(HubError::internal("Trouble", ""))
        })
        .on("Refuse", async |_: Context| {
            Err::<(), _>(HubError::message("no"))
        })
        .on("Panic", async |_: Context| -> () { panic!("on purpose") })
        .on("Count", async |_: Context| stream::iter([1, 2]))
        .on("Break", async |_: Context| {
            stream::iter([Ok(1), Err(HubError::message("enough"))])
        })
        .on_connected(async |_: Context| {
            tracing::info!(target: "test", "connected");
            Ok::<_, HubError>(())
        })
        .on_disconnected(async |_: Context, _| tracing::info!(target: "test", "disconnected"))
        .build()
}

#[tokio::test]
async fn every_invocation_and_both_ends_of_a_connection_are_spans() {
    let (recorder, _guard) = Recorder::start();
    let hub = hub();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    for (kind, target, span) in [
        (1, "now", "InvocationIn Now"),
        (1, "LATER", "InvocationIn Later"),
        (1, "Fail", "InvocationIn Fail Trouble"),
        (1, "Refuse", "InvocationIn Refuse HubException"),
        (1, "Panic", "InvocationIn Panic Panic"),
        (4, "Count", "InvocationIn Count"),
        (4, "Break", "InvocationIn Break HubException"),
    ] {
        recorder.ended();
        client
            .send(&format!(
                r#"{{"type":{kind},"invocationId":"1","target":"{target}","arguments":[]}}"#
            ))
            .await;
        while !client.next().await.contains(r#""type":3"#) {}
        assert_eq!(recorder.ended(), [span]);
    }
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Invented","arguments":[]}"#)
        .await;
    client.next().await;
    assert_eq!(recorder.ended(), [""; 0], "clients cannot invent names");
    client.cut();
    hub.context().drain(std::time::Duration::ZERO).await;
    assert_eq!(recorder.ended(), ["OnDisconnected"]);
    let inside = [
        "OnConnected",
        "InvocationIn",
        "InvocationIn",
        "OnDisconnected",
    ];
    assert_eq!(*recorder.events.lock(), inside.map(Some));
}

#[tokio::test]
async fn a_welcome_that_fails_is_marked() {
    let (recorder, _guard) = Recorder::start();
    let hub = Hub::builder()
        .on_connected(async |_: Context| Err::<(), _>(HubError::message("full")))
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client.rest().await;
    assert_eq!(recorder.ended(), ["OnConnected  HubException"]);
}
