//! WebSocket frames and upgrades, as far as this load needs them: no fragments, no pings, no frames above 64 KiB.

use std::ops::Range;

use base64::Engine;
use sha1::{Digest, Sha1};

const FINAL_TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;
const OPCODE_CLOSE: u8 = 0x8;
/// The length is in the two bytes behind.
const LENGTH_FOLLOWS: u8 = 126;

/// Appends a server's text frame.
pub fn write(payload: &[u8], to: &mut Vec<u8>) {
    write_header(payload.len(), 0, to);
    to.extend_from_slice(payload);
}

/// Appends a client's text frame. Its masking key is zero: the server unmasks as it would any frame, and the client saves the work.
pub fn write_masked(payload: &[u8], to: &mut Vec<u8>) {
    write_header(payload.len(), MASKED, to);
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(payload);
}

fn write_header(length: usize, masked: u8, to: &mut Vec<u8>) {
    to.push(FINAL_TEXT);
    match u8::try_from(length) {
        Ok(length) if length < LENGTH_FOLLOWS => to.push(masked | length),
        _ => {
            to.push(masked | LENGTH_FOLLOWS);
            let length = u16::try_from(length).expect("payloads are small");
            to.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// One frame at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where its payload is.
    pub payload: Range<usize>,
    /// The masking key of a client's frame.
    pub mask: Option<[u8; 4]>,
    /// Whether the other side says goodbye.
    pub is_close: bool,
}

impl Frame {
    /// The first frame of `buffer`, once it is complete.
    pub fn first(buffer: &[u8]) -> Option<Self> {
        let &[first, second, ..] = buffer else {
            return None;
        };
        let (length, mut start) = match second & !MASKED {
            LENGTH_FOLLOWS => {
                let length = buffer.get(2..4)?;
                (u16::from_be_bytes([length[0], length[1]]).into(), 4)
            }
            127 => panic!("payloads are small"),
            length => (usize::from(length), 2),
        };
        let mask = if second & MASKED == 0 {
            None
        } else {
            let key = buffer.get(start..start + 4)?;
            start += 4;
            Some([key[0], key[1], key[2], key[3]])
        };
        (buffer.len() >= start + length).then_some(Self {
            payload: start..start + length,
            mask,
            is_close: first & 0xf == OPCODE_CLOSE,
        })
    }

    /// How many bytes the frame takes.
    pub fn end(&self) -> usize {
        self.payload.end
    }
}

/// Takes the mask off a payload.
pub fn unmask(payload: &mut [u8], key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// The length of the HTTP head at the front of a buffer, once it is complete.
pub fn head_length(buffer: &[u8]) -> Option<usize> {
    memchr::memmem::find(buffer, b"\r\n\r\n").map(|end| end + 4)
}

/// A request to upgrade.
pub fn upgrade_request(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// The answer to a request to upgrade, if it is one.
pub fn upgrade_response(request_head: &str) -> Option<String> {
    let key = request_head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    })?;
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = base64::engine::general_purpose::STANDARD.encode(hash.finalize());
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_once_all_of_it_is_there() {
        for length in [0, 1, 125, 126, 300, 40_000] {
            let payload = vec![b'x'; length];
            let (mut plain, mut masked) = (Vec::new(), Vec::new());
            write(&payload, &mut plain);
            write_masked(&payload, &mut masked);
            for (buffer, mask) in [(plain, None), (masked, Some([0; 4]))] {
                let frame = Frame::first(&buffer).expect("it is complete");
                assert_eq!((frame.end(), frame.mask), (buffer.len(), mask));
                assert_eq!(buffer[frame.payload], payload);
                assert_eq!(Frame::first(&buffer[..buffer.len() - 1]), None);
            }
        }
    }

    #[test]
    fn the_answer_to_an_upgrade_is_that_of_the_standard() {
        let answer = upgrade_response(&upgrade_request("/", ""));
        assert!(answer.is_some_and(|answer| answer.contains(": s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")));
    }
}
