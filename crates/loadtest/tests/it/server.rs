//! A small server around the model: the hub over a WebSocket and older pages over HTTP, with faults on the way out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::StreamExt as _;
use hubbub_load::ids::{ConversationId, UserId};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::model::{Change, Model, Told};

/// How many frames may wait for a connection; the model is small, so more is a fault of the test.
const OUTBOX: usize = 10_000;

/// What goes wrong with one in so many events; 0 is never.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) lose: u32,
    pub(crate) double: u32,
    /// Held back and sent behind the next one.
    pub(crate) swap: u32,
    /// The connection is cut between storing a message and acknowledging it.
    pub(crate) cut: u32,
    /// How long acknowledgements take.
    pub(crate) late: Duration,
    /// Acknowledges without storing.
    pub(crate) lie: u32,
    /// Removed people hear everything as before.
    pub(crate) leak: bool,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) world: Arc<World>,
    _stop: DropGuard,
}

/// What all connections share.
pub(crate) struct World {
    pub(crate) model: Mutex<Model>,
    connections: Mutex<HashMap<u32, (UserId, Outbox)>>,
    faults: Faults,
    events: AtomicU32,
    sends: AtomicU32,
    numbers: AtomicU32,
    leaked: Mutex<Vec<UserId>>,
}

struct Outbox {
    frames: mpsc::Sender<Value>,
    held_back: Option<Value>,
}

impl Server {
    pub(crate) async fn start(model: Model, faults: Faults) -> Self {
        let world = Arc::new(World {
            model: Mutex::new(model),
            connections: Mutex::default(),
            faults,
            events: AtomicU32::new(0),
            sends: AtomicU32::new(0),
            numbers: AtomicU32::new(0),
            leaked: Mutex::default(),
        });
        let app = Router::new()
            .route("/hubs/chat", get(hub))
            .route("/api/conversations/{id}/messages", get(page))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        TaskTracker::new().spawn(async move {
            tokio::select! {
                served = axum::serve(listener, app) => served.unwrap(),
                () = stopping.cancelled() => {}
            }
        });
        Self {
            base,
            world,
            _stop: stop.drop_guard(),
        }
    }
}

/// A fault that befalls one in so many.
fn befalls(one_in: u32, number: u32) -> bool {
    one_in > 0 && number % one_in == one_in - 1
}

impl World {
    /// Changes somebody's membership as the founder would.
    #[cfg(not(feature = "broken-no-hole-detection"))]
    pub(crate) fn set_member(&self, id: ConversationId, user: UserId, joined: bool) {
        let mut model = self.model.lock();
        if !joined {
            self.leaked.lock().push(user);
        }
        let told = model.set_member(id, user, joined);
        self.tell(told);
    }

    /// Sends events under the lock of the model, so that their order is that of the log.
    fn tell(&self, told: impl IntoIterator<Item = Told>) {
        for Told {
            mut users,
            target,
            event,
        } in told
        {
            if self.faults.leak {
                users.extend(self.leaked.lock().iter());
            }
            for (user, outbox) in self.connections.lock().values_mut() {
                if users.contains(user) {
                    let number = self.events.fetch_add(1, Ordering::Relaxed);
                    let record = json!({ "type": 1, "target": target, "arguments": [event] });
                    outbox.send(&self.faults, number, record);
                }
            }
        }
    }

    /// Answers a call; nothing means that the connection is cut.
    fn call(
        &self,
        user: UserId,
        target: &str,
        arguments: &[Value],
    ) -> Option<Result<Value, String>> {
        let mut model = self.model.lock();
        let id = |value: &Value| value.as_str().unwrap().parse::<ConversationId>().unwrap();
        let refuse = |code: &str| Some(Err(format!("HubException: {code}: No.")));
        match target {
            "SendMessage" => {
                let number = self.sends.fetch_add(1, Ordering::Relaxed);
                let wish = &arguments[0];
                let (room, key) = (
                    id(&wish["conversationId"]),
                    wish["clientId"].as_str().unwrap().parse().unwrap(),
                );
                let body = wish["body"].as_str().unwrap();
                if befalls(self.faults.lie, number) {
                    let (receipt, _) = model.clone().send(user, room, key, body).ok()?;
                    return Some(Ok(receipt));
                }
                match model.send(user, room, key, body) {
                    Ok((receipt, told)) => {
                        self.tell(told);
                        (!befalls(self.faults.cut, number)).then_some(Ok(receipt))
                    }
                    Err(code) => refuse(code),
                }
            }
            "EditMessage" | "DeleteMessage" | "AddReaction" | "RemoveReaction" => {
                let room = id(&arguments[0]);
                if !model.is_member(room, user) {
                    return refuse("not_found");
                }
                let messages = &model.rooms[&room].messages;
                let found = messages
                    .iter()
                    .find(|message| message["messageId"] == arguments[1])
                    .cloned();
                let Some(found) = found else {
                    return refuse("not_found");
                };
                let change = match target {
                    "EditMessage" if !found["deletedAt"].is_null() => return refuse("forbidden"),
                    "EditMessage" => Change::Edit(arguments[2].as_str().unwrap().to_owned()),
                    "DeleteMessage" => Change::Delete,
                    _ => Change::React,
                };
                let (rev, told) = model
                    .change(room, found["seq"].as_u64().unwrap(), &change)
                    .unwrap();
                self.tell([told]);
                let receipt = json!({ "seq": found["seq"], "rev": rev, "messageId": found["messageId"], "sentAt": found["sentAt"] });
                Some(Ok(if target.ends_with("Reaction") {
                    json!(rev)
                } else {
                    receipt
                }))
            }
            "JoinGroup" | "LeaveGroup" => {
                let told = model.set_member(id(&arguments[0]), user, target == "JoinGroup");
                self.tell(told);
                Some(Ok(Value::Null))
            }
            _ => Some(Err("HubException: Method does not exist.".to_owned())),
        }
    }
}

impl Outbox {
    fn send(&mut self, faults: &Faults, number: u32, record: Value) {
        if befalls(faults.lose, number) {
            return;
        }
        if befalls(faults.swap, number) && self.held_back.is_none() {
            self.held_back = Some(record);
            return;
        }
        let again = befalls(faults.double, number).then(|| record.clone());
        for record in [Some(record), again, self.held_back.take()]
            .into_iter()
            .flatten()
        {
            // A connection that has ended needs nothing any more.
            let _ = self.frames.try_send(record);
        }
    }
}

async fn page(
    State(world): State<Arc<World>>,
    Path(id): Path<ConversationId>,
    Query(query): Query<HashMap<String, u64>>,
) -> Json<Value> {
    Json(world.model.lock().page(id, query.get("before").copied()))
}

async fn hub(
    State(world): State<Arc<World>>,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let user = query["access_token"].parse().unwrap();
    upgrade.on_upgrade(move |socket| async move {
        let number = world.numbers.fetch_add(1, Ordering::Relaxed);
        serve(&world, user, number, socket).await;
        world.connections.lock().remove(&number);
    })
}

/// One connection, until either side has had enough.
async fn serve(world: &World, user: UserId, number: u32, mut socket: WebSocket) -> Option<()> {
    socket.recv().await?.ok()?;
    write(&mut socket, &json!({})).await?;
    let (frames, mut outbox) = mpsc::channel(OUTBOX);
    {
        let model = world.model.lock();
        let heads = json!({ "type": 1, "target": "Heads", "arguments": [model.heads(user)] });
        frames.try_send(heads).unwrap();
        world.connections.lock().insert(
            number,
            (
                user,
                Outbox {
                    frames: frames.clone(),
                    held_back: None,
                },
            ),
        );
    }
    loop {
        let frame = tokio::select! {
            frame = outbox.recv() => {
                write(&mut socket, &frame?).await?;
                continue;
            }
            frame = socket.next() => frame?.ok()?,
        };
        let Message::Text(text) = frame else { continue };
        for record in text.split_terminator('\u{1e}') {
            let record: Value = serde_json::from_str(record).unwrap();
            let id = &record["invocationId"];
            let arguments = record["arguments"]
                .as_array()
                .map_or(&[][..], Vec::as_slice);
            match (record["type"].as_u64(), record["target"].as_str()) {
                (Some(1), Some(target)) => {
                    let outcome = world.call(user, target, arguments)?;
                    tokio::time::sleep(world.faults.late).await;
                    let answer = match outcome {
                        Ok(result) => json!({ "type": 3, "invocationId": id, "result": result }),
                        Err(error) => json!({ "type": 3, "invocationId": id, "error": error }),
                    };
                    write(&mut socket, &answer).await?;
                }
                (Some(4), Some("Sync")) => {
                    let pages = world.model.lock().sync(user, &arguments[0]);
                    for item in pages {
                        write(
                            &mut socket,
                            &json!({ "type": 2, "invocationId": id, "item": item }),
                        )
                        .await?;
                    }
                    write(&mut socket, &json!({ "type": 3, "invocationId": id })).await?;
                }
                _ => {}
            }
        }
    }
}

async fn write(socket: &mut WebSocket, record: &Value) -> Option<()> {
    socket
        .send(Message::text(format!("{record}\u{1e}")))
        .await
        .ok()
}
