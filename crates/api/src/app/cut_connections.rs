//! Ten thousand connections that are cut after the commit of what they sent, and before its answer.
//!
//! The failpoint is a filter around the hub's methods that only this test puts there: it holds the answer back, says that the message is
//! stored, and waits until the connection is gone. No program contains it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use hubbub_domain::ids::ClientId;
use hubbub_testkit::TestDir;
use parking_lot::Mutex;
use reqwest::Client;
use serde_json::{Value, json};
use signalr_hub::{Filter, HubError, Invocation, Next, Reply};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::config::StorageConfig;
use crate::hub::Outgoing;

const PEOPLE: usize = 10;
/// How many connections there are at once.
const LANES: usize = 100;
const CONNECTIONS_PER_LANE: usize = 100;

/// Who waits to hear that the message under a key is stored.
#[derive(Clone, Default)]
struct HeldAnswers(Arc<Mutex<HashMap<ClientId, oneshot::Sender<bool>>>>);

impl Filter<HubState> for HeldAnswers {
    async fn invoke(
        &self,
        call: Invocation<HubState>,
        next: Next<HubState>,
    ) -> Result<Reply, HubError> {
        let key = call
            .argument::<Outgoing>(0)
            .and_then(|message| message.client_id);
        let held = key.and_then(|key| self.0.lock().remove(&key));
        let gone = call.context().aborted();
        let answer = next.run(call).await;
        if let Some(stored) = held {
            stored.send(answer.is_ok()).expect("the test waits");
            gone.cancelled().await;
        }
        answer
    }
}

/// A node of this process.
struct Running {
    address: SocketAddr,
    http: Client,
    held: HeldAnswers,
    setup_code: String,
}

#[derive(Clone)]
struct Sender {
    token: String,
    conversation: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client makes its own keys; there is no port here"
)]
fn fresh_key() -> ClientId {
    ClientId::from_uuid(uuid::Uuid::now_v7())
}

impl Running {
    async fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let (status, answer) = (response.status(), response.json().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// Makes people, each with a conversation of the own.
    async fn senders(&self) -> Vec<Sender> {
        let mut senders: Vec<Sender> = Vec::new();
        for number in 0..PEOPLE {
            let mut wish = json!({ "username": format!("sender{number}"), "password": "a long password", "tokenDelivery": "body" });
            match senders.first() {
                None => wish["setupCode"] = json!(self.setup_code),
                Some(owner) => {
                    let made = self.call(&owner.token, "POST", "/api/invitations", None);
                    wish["inviteCode"] = made.await["code"].clone();
                }
            }
            let path = "/api/auth/register";
            let session = self.call("", "POST", path, Some(&wish)).await;
            let token = session["accessToken"].as_str().unwrap().to_owned();
            let name = json!({ "name": format!("Notes {number}") });
            let group = self.call(&token, "POST", "/api/groups", Some(&name)).await;
            let conversation = group["id"].as_str().unwrap().to_owned();
            senders.push(Sender {
                token,
                conversation,
            });
        }
        senders
    }

    /// Sends a message on a connection that is cut when the message is stored, and asks again. Answers the receipt.
    async fn send_through_a_cut(&self, sender: &Sender, key: ClientId, over_http: bool) -> Value {
        let (stored, is_stored) = oneshot::channel();
        self.held.0.lock().insert(key, stored);
        let mut connection = Connection::open(self.address, &sender.token).await;
        connection.sends(sender, key).await;
        assert!(is_stored.await.unwrap(), "it was refused");
        drop(connection);
        if over_http {
            let path = format!("/api/conversations/{}/messages", sender.conversation);
            let body = json!({ "clientId": key, "body": "hello" });
            return self.call(&sender.token, "POST", &path, Some(&body)).await;
        }
        let mut next = Connection::open(self.address, &sender.token).await;
        next.sends(sender, key).await;
        next.answer().await
    }
}

/// A connection that has shaken hands.
struct Connection(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Connection {
    async fn open(address: SocketAddr, token: &str) -> Self {
        let url = format!("ws://{address}/hubs/chat?access_token={token}");
        let (socket, _) = connect_async(url).await.unwrap();
        let mut connection = Self(socket);
        let handshake = json!({ "protocol": "json", "version": 1 });
        connection.write(&handshake).await;
        connection
    }

    async fn write(&mut self, record: &Value) {
        let text = Message::text(format!("{record}\u{1e}"));
        self.0.send(text).await.unwrap();
    }

    async fn sends(&mut self, sender: &Sender, key: ClientId) {
        let message =
            json!({ "conversationId": sender.conversation, "clientId": key, "body": "hello" });
        let call = json!({ "type": 1, "invocationId": "1", "target": "SendMessage", "arguments": [message] });
        self.write(&call).await;
    }

    /// The result of the call.
    async fn answer(&mut self) -> Value {
        loop {
            let frame = self.0.next().await.expect("the connection is open");
            let Message::Text(text) = frame.unwrap() else {
                continue;
            };
            for record in text.split_terminator('\u{1e}') {
                let record: Value = serde_json::from_str(record).unwrap();
                if record["type"] == json!(3) {
                    assert_eq!(record.get("error"), None, "{record}");
                    return record["result"].clone();
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_cut_before_their_answer_lose_and_double_nothing() {
    let folder = TestDir::new("cut").unwrap();
    let storage = StorageConfig {
        data_dir: folder.path().join("data"),
        ..StorageConfig::default()
    };
    let storage = Storage::open(&storage, false).await.unwrap();
    let (stopping, closing) = (CancellationToken::new(), CancellationToken::new());
    let held = HeldAnswers::default();
    let failpoint = held.clone();
    let (store, writing) = (storage.store(), storage.writer_options());
    let wrap = |hub: HubBuilder<HubState>| hub.filter(failpoint);
    let mut config = Config::default();
    // Ten people send as much here as a thousand would.
    config.limits.sends_per_second = 0;
    let node = Node::build(config, store, writing, stopping.clone(), wrap);
    let node = node.await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = Arc::new(Running {
        address: listener.local_addr().unwrap(),
        http: Client::new(),
        held,
        setup_code: node.setup_code.clone().unwrap(),
    });
    let router = node.router.clone();
    let tasks = TaskTracker::new();
    let serving = tasks.spawn(server::serve(listener, router, 1_000, closing.clone()));

    let senders = running.senders().await;
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (running, sender) = (running.clone(), senders[lane % PEOPLE].clone());
        lanes.spawn(async move {
            let mut receipts = HashMap::new();
            for number in 0..CONNECTIONS_PER_LANE {
                let key = fresh_key();
                // Some come back to the hub, more by the shorter way.
                let over_http = number % 4 != 0;
                let receipt = running.send_through_a_cut(&sender, key, over_http).await;
                receipts.insert(json!(key), receipt);
            }
            receipts
        });
    }
    let mut receipts: HashMap<Value, Value> =
        lanes.join_all().await.into_iter().flatten().collect();
    assert_eq!(receipts.len(), LANES * CONNECTIONS_PER_LANE);

    for sender in &senders {
        let mut last_seq = 0;
        loop {
            let id = &sender.conversation;
            let path = format!("/api/conversations/{id}/messages?after={last_seq}&limit=200");
            let page = running.call(&sender.token, "GET", &path, None).await;
            for message in page["messages"].as_array().unwrap() {
                last_seq += 1;
                assert_eq!(message["seq"], json!(last_seq), "no place is left out");
                if message.get("system").is_some() {
                    continue;
                }
                let receipt = receipts.remove(&message["clientId"]);
                let receipt = receipt.expect("each message was sent, and is there once");
                for field in ["conversationId", "messageId", "clientId", "seq", "sentAt"] {
                    assert_eq!(message[field], receipt[field]);
                }
                assert_eq!(message["createdRev"], receipt["rev"]);
            }
            if page["hasAfter"] == json!(false) {
                break;
            }
        }
    }
    assert!(receipts.is_empty(), "{} are lost", receipts.len());

    stopping.cancel();
    node.hub.drain(Duration::ZERO).await;
    closing.cancel();
    serving.await.unwrap();
    node.finish(&Stop::begin(Duration::ZERO)).await;
    storage.close().await;
}
