//! How each kind of server is spoken to.

use signalr_hub_bench::ticket;

/// The payload of every message, in bytes.
pub(crate) const PAYLOAD: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The JSON hub protocol, to a hub that asks for a token.
    Hub,
    /// Engine.IO 4 with Socket.IO 5 on top.
    SocketIo,
    /// Whatever begins with `b` goes to everybody, anything else comes back.
    Plain,
}

/// What a WebSocket message from the server means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// So many of the messages that are counted.
    Messages(usize),
    /// The connection is ready.
    Welcome,
    /// Something that must be answered with this.
    Question(&'static str),
    Nothing,
}

impl Dialect {
    /// The path and the additional headers with which the `n`th connection is opened.
    pub(crate) fn address(self, n: usize) -> (&'static str, String) {
        match self {
            Self::Hub => {
                let token = ticket::issue(&format!("user-{n}"));
                ("/hub", format!("Authorization: Bearer {token}\r\n"))
            }
            Self::SocketIo => ("/socket.io/?EIO=4&transport=websocket", String::new()),
            Self::Plain => ("/", String::new()),
        }
    }

    /// The first message of a client.
    pub(crate) fn greeting(self) -> Option<&'static str> {
        (self == Self::Hub).then_some("{\"protocol\":\"json\",\"version\":1}\u{1e}")
    }

    /// Whether a connection is ready as soon as it is a WebSocket.
    pub(crate) fn is_silent(self) -> bool {
        self == Self::Plain
    }

    /// Asks for the payload back.
    pub(crate) fn echo(self) -> String {
        let payload = "x".repeat(PAYLOAD);
        match self {
            Self::Hub => format!(
                "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{payload}\"]}}\u{1e}"
            ),
            Self::SocketIo => format!("421[\"echo\",\"{payload}\"]"),
            Self::Plain => payload,
        }
    }

    /// Asks for the payload to be sent to everybody.
    pub(crate) fn broadcast(self) -> String {
        let payload = "x".repeat(PAYLOAD);
        match self {
            Self::Hub => format!(
                "{{\"type\":1,\"target\":\"Broadcast\",\"arguments\":[\"{payload}\"]}}\u{1e}"
            ),
            Self::SocketIo => format!("42[\"broadcast\",\"{payload}\"]"),
            Self::Plain => payload.replacen('x', "b", 1),
        }
    }

    pub(crate) fn hear(self, message: &[u8]) -> Heard {
        match self {
            Self::Hub if message.starts_with(b"{}\x1e") => Heard::Welcome,
            Self::Hub => {
                let ends = memchr::memchr_iter(b'\x1e', message);
                // Pings are short. Anything else that is, is an error and must not be counted.
                let mut start = 0;
                let count =
                    ends.filter(|end| end - std::mem::replace(&mut start, end + 1) >= PAYLOAD);
                Self::messages(count.count())
            }
            Self::SocketIo => match message {
                [b'0', ..] => Heard::Question("40"),
                [b'2'] => Heard::Question("3"),
                [b'4', b'0', ..] => Heard::Welcome,
                _ => Self::messages(usize::from(message.len() >= PAYLOAD)),
            },
            Self::Plain => Self::messages(usize::from(message.len() == PAYLOAD)),
        }
    }

    fn messages(count: usize) -> Heard {
        match count {
            0 => Heard::Nothing,
            _ => Heard::Messages(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_with_the_payload_are_counted() {
        let payload = "x".repeat(PAYLOAD);
        let result =
            format!("{{\"type\":3,\"invocationId\":\"1\",\"result\":\"{payload}\"}}\u{1e}");
        let several = format!("{result}{{\"type\":6}}\u{1e}{result}");
        let refusal = "{\"type\":3,\"invocationId\":\"1\",\"error\":\"no\"}\u{1e}";

        assert_eq!(Dialect::Hub.hear(several.as_bytes()), Heard::Messages(2));
        assert_eq!(Dialect::Hub.hear(refusal.as_bytes()), Heard::Nothing);
        assert_eq!(Dialect::SocketIo.hear(b"2"), Heard::Question("3"));
        let acknowledged = format!("431[\"{payload}\"]");
        assert_eq!(
            Dialect::SocketIo.hear(acknowledged.as_bytes()),
            Heard::Messages(1)
        );
        assert_eq!(Dialect::Plain.hear(payload.as_bytes()), Heard::Messages(1));
    }
}
