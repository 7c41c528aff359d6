//! Parsers that are not public, for the fuzz targets.

use crate::connection_id::ConnectionId;
use crate::request::query_value;
use crate::stateless::StatelessNegotiation;
use crate::transport::websocket::codec::{Decoder, Event};

/// Reads everything that a hub reads from a query.
pub fn query(query: &str) {
    for key in ["negotiateVersion", "useStatefulReconnect", "access_token"] {
        let _ = query_value(query, key);
    }
    if let Some(token) = query_value(query, "id") {
        let _ = ConnectionId::parse(&token);
        let stateless = StatelessNegotiation::new([0; 32]);
        let _ = stateless.read(&token);
        assert!(!stateless.is_fresh(&token, None), "a signature was guessed");
    }
}

/// What frames mean that arrive in pieces: the payload, the pings, and how it ended.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Frames {
    data: Vec<u8>,
    pings: Vec<Vec<u8>>,
    is_closed: bool,
    is_broken: bool,
}

/// Decodes pieces of a connection.
pub fn websocket(pieces: &[&[u8]]) -> Frames {
    let (mut decoder, mut frames) = (Decoder::default(), Frames::default());
    for piece in pieces {
        if frames.is_closed || frames.is_broken {
            break;
        }
        let outcome = decoder.decode(&mut piece.to_vec(), |event| {
            match event {
                Event::Data(data) => frames.data.extend_from_slice(data),
                Event::Ping(payload) => {
                    assert!(payload.len() <= 125);
                    frames.pings.push(payload.to_vec());
                }
                Event::Close => frames.is_closed = true,
            }
            !frames.is_closed
        });
        frames.is_broken = outcome.is_err();
    }
    frames
}
