//! Two hubs and their clients, which speak Server-Sent Events without a network.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use serde_json::Value;

use super::Cluster;
use crate::backplane::{
    Backplane, BackplaneError, ClientAnswer, Envelope, GroupChange, LocalNode, RemoteCall, Topic,
};
use crate::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubContext, HubError,
    User,
};

/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The separator of JSON messages.
const SEPARATOR: char = '\u{1e}';

/// The token is the user.
struct Trusting;

impl Authenticate for Trusting {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        Ok(request.token().map_or_else(User::anonymous, User::new))
    }
}

async fn ask(context: Context, connection_id: String) -> Result<i32, HubError> {
    Ok(context
        .clients()
        .client(&connection_id)
        .invoke::<i32>("Answer", ("?",))
        .await?)
}

async fn ping(_: Context) {}

/// What a node asked its backplane for.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn note(&self, what: String) {
        self.0.lock().push(what);
    }

    /// What was asked for since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

/// Passes everything on to a backplane, and notes what concerns other nodes.
struct Witness<B> {
    backplane: B,
    asked: Asked,
}

impl<B: Backplane> Backplane for Witness<B> {
    fn attach(&self, node: LocalNode) {
        self.backplane.attach(node);
    }

    fn publish(&self, envelope: Envelope) -> Result<(), BackplaneError> {
        self.asked
            .note(format!("publish {:?}", envelope.destination));
        self.backplane.publish(envelope)
    }

    async fn subscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        self.backplane.subscribe(topic).await
    }

    async fn unsubscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        self.backplane.unsubscribe(topic).await
    }

    async fn change_group(&self, change: GroupChange) -> Result<(), BackplaneError> {
        self.asked.note(format!("change {}", change.group));
        self.backplane.change_group(change).await
    }

    async fn invoke(&self, call: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
        self.asked.note(format!("invoke {}", call.method));
        self.backplane.invoke(call).await
    }
}

pub(super) struct Node {
    hub: Hub,
    pub(super) asked: Asked,
}

impl Node {
    fn new(backplane: impl Backplane) -> Self {
        let asked = Asked::default();
        let hub = Hub::builder()
            .on("Ask", ask)
            .on("Ping", ping)
            .authenticate(Trusting)
            .backplane(Witness {
                backplane,
                asked: asked.clone(),
            })
            .build();
        Self { hub, asked }
    }

    pub(super) fn context(&self) -> HubContext {
        self.hub.context()
    }

    /// Calls the client method `Heard` of all members of a group.
    pub(super) fn tell_group(&self, group: &str, text: &str) {
        let sent = self.context().clients().group(group).send("Heard", (text,));
        sent.expect("the backplane takes messages");
    }

    pub(super) fn tell_user(&self, user: &str, text: &str) {
        let sent = self.context().clients().user(user).send("Heard", (text,));
        sent.expect("the backplane takes messages");
    }

    pub(super) fn tell_connection(&self, id: &str, text: &str) {
        let sent = self.context().clients().client(id).send("Heard", (text,));
        sent.expect("the backplane takes messages");
    }

    pub(super) fn tell_all(&self, text: &str) {
        let sent = self.context().clients().all().send("Heard", (text,));
        sent.expect("the backplane takes messages");
    }

    pub(super) async fn add(&self, member: &Member, group: &str) {
        let context = self.context();
        let added = in_time(context.groups().add(&member.id, group)).await;
        added.expect("the change is confirmed");
    }

    pub(super) async fn remove(&self, member: &Member, group: &str) {
        let context = self.context();
        let removed = in_time(context.groups().remove(&member.id, group)).await;
        removed.expect("the change is confirmed");
    }

    /// Connects a user. Its connection is open when this returns.
    pub(super) async fn connect(&self, user: &str) -> Member {
        Member::connect(self.hub.router("/hub"), user).await
    }

    /// Breaks a connection and waits until its node has noticed.
    pub(super) async fn lose(&self, member: Member) {
        let id = member.id.clone();
        drop(member);
        let gone = async {
            while self.context().connection(&id).is_some() {
                tokio::task::yield_now().await;
            }
        };
        in_time(gone).await;
    }
}

pub(super) async fn nodes<C: Cluster>() -> (Node, Node) {
    let (left, right) = in_time(C::join()).await;
    (Node::new(left), Node::new(right))
}

pub(super) async fn in_time<T>(happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens)
        .await
        .expect("it happens in time")
}

/// A connected client. Dropping it breaks its connection.
pub(super) struct Member {
    server: TowerToHyperService<Router>,
    uri: String,
    events: BodyDataStream,
    received: VecDeque<String>,
    pub(super) id: String,
}

impl Member {
    async fn connect(router: Router, user: &str) -> Self {
        let server = TowerToHyperService::new(router);
        let negotiate = request(Method::POST, "/hub/negotiate?negotiateVersion=1", "");
        let negotiated = send(&server, negotiate).await.collect().await;
        let negotiated = negotiated.expect("a whole answer").to_bytes();
        let negotiated: Value = serde_json::from_slice(&negotiated).expect("JSON");
        let token = negotiated["connectionToken"].as_str().expect("a token");
        let uri = format!("/hub?id={token}&access_token={user}");
        let mut open = request(Method::GET, &uri, "");
        let events = "text/event-stream".parse().expect("a header value");
        open.headers_mut().insert(header::ACCEPT, events);
        let events = send(&server, open).await.into_data_stream();
        let mut member = Self {
            server,
            uri,
            events,
            received: VecDeque::new(),
            id: negotiated["connectionId"]
                .as_str()
                .expect("an id")
                .to_owned(),
        };
        member.say(r#"{"protocol":"json","version":1}"#).await;
        assert_eq!(member.next().await, "{}");
        member
            .say(r#"{"type":1,"invocationId":"ping","target":"Ping","arguments":[]}"#)
            .await;
        member.next().await;
        member
    }

    /// Sends a hub message.
    pub(super) async fn say(&self, message: &str) {
        let request = request(Method::POST, &self.uri, &format!("{message}{SEPARATOR}"));
        drop(send(&self.server, request).await);
    }

    /// The next hub message.
    pub(super) async fn next(&mut self) -> String {
        while self.received.is_empty() {
            let event = in_time(self.events.next()).await;
            let event = event.expect("the connection is open").expect("data");
            let event = String::from_utf8(event.to_vec()).expect("text");
            let records = event.strip_prefix("data: ").unwrap_or_default().trim_end();
            self.received
                .extend(records.split_terminator(SEPARATOR).map(str::to_owned));
        }
        self.received.pop_front().expect("just filled")
    }

    /// Expects this call before any other.
    pub(super) async fn hears(&mut self, text: &str) {
        let call = format!(r#"{{"type":1,"target":"Heard","arguments":["{text}"]}}"#);
        assert_eq!(self.next().await, call);
    }

    /// Expects the question of another connection, and returns the id under which to answer.
    pub(super) async fn is_asked(&mut self) -> String {
        let question: Value = serde_json::from_str(&self.next().await).expect("JSON");
        assert_eq!(question["arguments"], serde_json::json!(["?"]));
        question["invocationId"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn answer(&self, id: &str, outcome: &str) {
        self.say(&format!(r#"{{"type":3,"invocationId":"{id}",{outcome}}}"#))
            .await;
    }

    /// Has a hub method ask another client, whose answer is the method's result.
    pub(super) async fn ask(&self, other: &str) {
        self.say(&format!(
            r#"{{"type":1,"invocationId":"ask","target":"Ask","arguments":["{other}"]}}"#
        ))
        .await;
    }
}

fn request(method: Method, uri: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri);
    request
        .body(Body::from(body.to_owned()))
        .expect("a valid request")
}

async fn send(server: &TowerToHyperService<Router>, request: Request<Body>) -> Body {
    let response = in_time(server.call(request)).await;
    let response = response.expect("routers do not fail");
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body()
}
