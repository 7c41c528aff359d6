//! A SignalR client over a WebSocket with the JSON protocol, as small as the load needs it.

use anyhow::{Context as _, ensure};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const RECORD_SEPARATOR: char = '\u{1e}';

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The half that calls the server.
pub struct Caller(SplitSink<Socket, Message>);

/// The half that hears the server.
pub struct Listener {
    socket: SplitStream<Socket>,
    partial: String,
}

/// What the load wants to know of what the server says.
#[derive(Debug)]
pub enum Heard {
    /// An invocation was completed.
    Completed {
        /// Of the call.
        id: String,
        /// Its result, or the text of its error.
        outcome: Result<Value, String>,
    },
    /// An item of an answer that comes in pieces.
    Item {
        /// Of the call that it answers.
        id: String,
        /// The piece.
        item: Value,
    },
    /// The server called a method of the client.
    Called {
        /// Which.
        target: String,
        /// Its first argument.
        argument: Value,
    },
    /// The server said goodbye.
    Closed {
        /// Why, if it said so.
        error: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    r#type: u8,
    invocation_id: Option<String>,
    target: Option<String>,
    #[serde(default)]
    arguments: Vec<Value>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    item: Value,
    error: Option<String>,
}

/// Opens a connection and shakes hands.
pub async fn connect(base: &str, access_token: &str) -> anyhow::Result<(Caller, Listener)> {
    let address = base.replacen("http", "ws", 1);
    let url = format!("{address}/hubs/chat?access_token={access_token}");
    let (socket, _) = connect_async(url)
        .await
        .context("the hub refuses the connection")?;
    let (sink, stream) = socket.split();
    let mut caller = Caller(sink);
    let mut listener = Listener {
        socket: stream,
        partial: String::new(),
    };
    caller
        .send(&json!({ "protocol": "json", "version": 1 }))
        .await?;
    let greeting = listener
        .next_unit()
        .await?
        .context("the hub hung up during the handshake")?;
    let (handshake, rest) = greeting
        .split_once(RECORD_SEPARATOR)
        .unwrap_or((&greeting, ""));
    ensure!(
        handshake == "{}",
        "the hub refuses the handshake: {handshake}"
    );
    rest.clone_into(&mut listener.partial);
    Ok((caller, listener))
}

impl Caller {
    /// Calls a method of the hub.
    pub async fn invoke(
        &mut self,
        id: &str,
        target: &str,
        arguments: &Value,
    ) -> anyhow::Result<()> {
        let record =
            json!({ "type": 1, "invocationId": id, "target": target, "arguments": arguments });
        self.send(&record).await
    }

    /// Calls a method of the hub that answers in pieces.
    pub async fn stream(
        &mut self,
        id: &str,
        target: &str,
        arguments: &Value,
    ) -> anyhow::Result<()> {
        let record =
            json!({ "type": 4, "invocationId": id, "target": target, "arguments": arguments });
        self.send(&record).await
    }

    /// Says that the client is still there.
    pub async fn ping(&mut self) -> anyhow::Result<()> {
        self.send(&json!({ "type": 6 })).await
    }

    async fn send(&mut self, record: &Value) -> anyhow::Result<()> {
        let text = format!("{record}{RECORD_SEPARATOR}");
        Ok(self.0.send(Message::text(text)).await?)
    }
}

impl Listener {
    /// What the server says next, in order; nothing once it has hung up.
    pub async fn next(&mut self) -> anyhow::Result<Vec<Heard>> {
        loop {
            let records = std::mem::take(&mut self.partial);
            let mut heard = Vec::new();
            for record in records.split_terminator(RECORD_SEPARATOR) {
                heard.extend(understand(record)?);
            }
            if !heard.is_empty() {
                return Ok(heard);
            }
            match self.next_unit().await? {
                Some(unit) => self.partial = unit,
                None => return Ok(vec![Heard::Closed { error: None }]),
            }
        }
    }

    /// The text of the next frame: one record or more, always whole.
    async fn next_unit(&mut self) -> anyhow::Result<Option<String>> {
        while let Some(frame) = self.socket.next().await {
            match frame? {
                Message::Text(text) => return Ok(Some(text.to_string())),
                Message::Close(_) => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }
}

fn understand(record: &str) -> anyhow::Result<Option<Heard>> {
    let record: Record =
        serde_json::from_str(record).context("the hub said something that is no record")?;
    Ok(match (record.r#type, record.invocation_id, record.target) {
        (1, _, Some(target)) => Some(Heard::Called {
            target,
            argument: record.arguments.into_iter().next().unwrap_or_default(),
        }),
        (2, Some(id), _) => Some(Heard::Item {
            id,
            item: record.item,
        }),
        (3, Some(id), _) => Some(Heard::Completed {
            id,
            outcome: record.error.map_or(Ok(record.result), Err),
        }),
        (7, _, _) => Some(Heard::Closed {
            error: record.error,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_understood_and_others_passed_over() {
        let heard = |text| understand(text).unwrap();
        assert!(heard(r#"{"type":6}"#).is_none());
        assert!(
            matches!(heard(r#"{"type":3,"invocationId":"7","result":{"seq":1}}"#), Some(Heard::Completed { id, outcome: Ok(value) }) if id == "7" && value["seq"] == 1)
        );
        assert!(
            matches!(heard(r#"{"type":2,"invocationId":"7","item":{"seq":1}}"#), Some(Heard::Item { id, item }) if id == "7" && item["seq"] == 1)
        );
        assert!(
            matches!(heard(r#"{"type":3,"invocationId":"7","error":"no"}"#), Some(Heard::Completed { outcome: Err(error), .. }) if error == "no")
        );
        assert!(
            matches!(heard(r#"{"type":1,"target":"ReceiveMessage","arguments":[{"seq":2}]}"#), Some(Heard::Called { target, argument }) if target == "ReceiveMessage" && argument["seq"] == 2)
        );
        assert!(matches!(
            heard(r#"{"type":7,"error":"bye"}"#),
            Some(Heard::Closed { error: Some(_) })
        ));
        assert!(understand("nonsense").is_err());
    }
}
