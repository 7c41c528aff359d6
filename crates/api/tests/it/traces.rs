//! What a node sends to an OpenTelemetry collector, and what it never does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use hubbub_testkit::{Stream, free_port};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::app::{GENERAL, TestApp, binary, password_of};
use crate::connection::Connection;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector {
    taken: Arc<Mutex<Vec<Bytes>>>,
    serving: TaskTracker,
}

impl Collector {
    /// Answers where it takes traces.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let take = async |State(taken): State<Arc<Mutex<Vec<Bytes>>>>, body| {
            taken.lock().unwrap().push(body);
        };
        let router = Router::new().route("/v1/traces", post(take));
        let router = router.with_state(self.taken.clone());
        self.serving
            .spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/v1/traces")
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.taken.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for body in self.bodies() {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            for of_resource in request.resource_spans {
                let resource = of_resource.resource.unwrap();
                let service = resource
                    .attributes
                    .iter()
                    .find(|attribute| attribute.key == "service.name");
                assert!(format!("{service:?}").contains("hubbub"), "{service:?}");
                let of_scopes = of_resource.scope_spans.into_iter();
                spans.extend(of_scopes.flat_map(|scope| scope.spans));
            }
        }
        spans
    }
}

/// The attributes of a span, as text.
fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let each = span.attributes.iter();
    each.map(|attribute| (attribute.key.as_str(), format!("{:?}", attribute.value)))
        .collect()
}

async fn stop(app: &TestApp) {
    let ended = app.server.process().terminate(PATIENCE).await.unwrap();
    assert!(ended.success(), "{ended}");
}

#[tokio::test]
async fn requests_calls_and_commits_are_traced_without_a_secret_under_the_ids_of_answers() {
    let collector = Collector::default();
    let endpoint = collector.start().await;
    let app = TestApp::of(binary().env("HUBBUB_TRACES__ENDPOINT", &endpoint)).await;
    let setup_code = app.server.setup_code().await.unwrap();
    let ada = app.owner("ada").await;
    let invitation = ada.post("/api/invitations", json!({})).await;
    let invite_code = invitation.text("code").to_owned();
    let found = ada.get("/api/users?query=somebody-looked-for").await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let words = "the words of a message";
    let sent = connection.invoke("SendToGroup", json!([GENERAL, words]));
    sent.await.unwrap();
    stop(&app).await;

    let spans = collector.spans();
    let named = |name: &str| {
        let mut named = spans.iter().filter(|span| span.name == name);
        let all: Vec<_> = spans.iter().map(|span| &span.name).collect();
        named
            .next()
            .unwrap_or_else(|| panic!("{name} among {all:?}"))
    };
    let search = named("GET /api/users");
    assert_eq!(search.kind(), SpanKind::Server);
    let id = u128::from_str_radix(found.header("x-request-id"), 16).unwrap();
    assert_eq!(search.trace_id, id.to_be_bytes());
    let attributes_of_search = attributes(search);
    assert!(attributes_of_search["http.route"].contains("/api/users"));
    assert!(attributes_of_search["http.response.status_code"].contains("200"));
    let call = named("SendToGroup");
    assert_eq!(call.kind(), SpanKind::Server);
    assert!(attributes(call)["rpc.method"].contains("SendToGroup"));
    let written = named("WriteGroup");
    assert!(attributes(written)["messages"].contains('1'));
    assert!(named("OnConnected").parent_span_id.is_empty());
    for (what, secret) in [
        ("setup code", setup_code),
        ("password", password_of("ada")),
        ("invitation code", invite_code),
        ("access token", ada.access_token.clone()),
        ("refresh token", ada.refresh_token.clone()),
        ("text of a message", words.to_owned()),
        ("query", "somebody-looked-for".to_owned()),
    ] {
        let tells = |body: &Bytes| {
            body.windows(secret.len())
                .any(|part| part == secret.as_bytes())
        };
        assert!(
            !collector.bodies().iter().any(tells),
            "traces tell the {what}"
        );
    }
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nothing_but_a_line_in_the_log() {
    let endpoint = format!("http://127.0.0.1:{}/v1/traces", free_port().unwrap());
    let app = TestApp::of(binary().env("HUBBUB_TRACES__ENDPOINT", &endpoint)).await;
    let ada = app.owner("ada").await;
    let messages = format!("/api/conversations/{GENERAL}/messages");
    let message = json!({ "clientId": crate::app::fresh_key(), "body": "hello" });
    assert_eq!(ada.post(&messages, message).await.status.as_u16(), 201);
    stop(&app).await;
    let log = app.server.process().log(Stream::Stderr).text().unwrap();
    assert!(log.contains("trace") || log.contains("xport"), "{log}");
}
