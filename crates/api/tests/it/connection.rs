//! A connection to the hub over a bare WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::{Person, TestApp};

const RECORD_SEPARATOR: char = '\u{1e}';
/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that has shaken hands.
pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    records: Vec<Value>,
    next_id: u64,
}

impl Connection {
    pub(crate) async fn open(app: &TestApp, person: &Person) -> Self {
        let opened = Self::try_open(app, person, None).await;
        opened.expect("the hub is open")
    }

    /// Opens what was negotiated before, if anything was. Answers the status if it is refused.
    pub(crate) async fn try_open(
        app: &TestApp,
        person: &Person,
        negotiated: Option<&str>,
    ) -> Result<Self, StatusCode> {
        let address = app.server.address();
        let token = &person.access_token;
        let mut url = format!("ws://{address}/hubs/chat?access_token={token}");
        if let Some(id) = negotiated {
            url = format!("{url}&id={id}");
        }
        let socket = match connect_async(url).await {
            Ok((socket, _)) => socket,
            Err(Error::Http(response)) => return Err(response.status()),
            Err(error) => panic!("{error}"),
        };
        let mut connection = Self {
            socket,
            records: Vec::new(),
            next_id: 0,
        };
        connection
            .send(&json!({ "protocol": "json", "version": 1 }))
            .await;
        assert_eq!(connection.next().await, json!({}));
        Ok(connection)
    }

    pub(crate) async fn send(&mut self, record: &Value) {
        let text = format!("{record}{RECORD_SEPARATOR}");
        self.socket
            .send(Message::text(text))
            .await
            .expect("the connection is open");
    }

    /// The next record that is no ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            while self.records.is_empty() {
                let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
                let frame = frame
                    .expect("something comes in time")
                    .expect("the connection is open");
                if let Message::Text(text) = frame.expect("a frame") {
                    let records = text.split_terminator(RECORD_SEPARATOR);
                    self.records.extend(
                        records.map(|record| serde_json::from_str::<Value>(record).unwrap()),
                    );
                }
            }
            let record = self.records.remove(0);
            if record["type"] != json!(6) {
                return record;
            }
        }
    }

    /// The argument of the next call of that name; others are passed over.
    pub(crate) async fn event(&mut self, target: &str) -> Value {
        loop {
            let record = self.next().await;
            if record["target"] == json!(target) {
                return record["arguments"][0].clone();
            }
        }
    }

    /// The next message that somebody wrote.
    pub(crate) async fn post(&mut self) -> Value {
        loop {
            let message = self.event("ReceiveMessage").await;
            if message.get("system").is_none() {
                return message;
            }
        }
    }

    /// Calls a method and answers its result or error.
    pub(crate) async fn invoke(&mut self, target: &str, arguments: Value) -> Result<Value, String> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        self.send(
            &json!({ "type": 1, "invocationId": id, "target": target, "arguments": arguments }),
        )
        .await;
        loop {
            let record = self.next().await;
            if record["type"] == json!(3) && record["invocationId"] == json!(id) {
                return match record["error"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(record["result"].clone()),
                };
            }
        }
    }

    /// Calls a method that streams, and answers its items, or its error after some of them.
    pub(crate) async fn stream(
        &mut self,
        target: &str,
        arguments: Value,
    ) -> Result<Vec<Value>, String> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        self.send(
            &json!({ "type": 4, "invocationId": id, "target": target, "arguments": arguments }),
        )
        .await;
        let mut items = Vec::new();
        loop {
            let mut record = self.next().await;
            if record["invocationId"] != json!(id) {
                continue;
            }
            match (record["type"].as_u64(), record["error"].as_str()) {
                (Some(2), _) => items.push(record["item"].take()),
                (_, Some(error)) => return Err(error.to_owned()),
                _ => return Ok(items),
            }
        }
    }

    /// Waits for the server's goodbye.
    pub(crate) async fn close(&mut self) -> Value {
        loop {
            let record = self.next().await;
            if record["type"] == json!(7) {
                return record;
            }
        }
    }
}
