//! Where one message ends and the next begins.
//!
//! JSON records end with the byte 0x1E. MessagePack records begin with their length: seven bits a byte, least
//! significant group first, at most five bytes and at most 2 GiB - 1.

use super::{HubProtocol, ProtocolError};

/// Ends a JSON record.
///
/// SignalR Hub Protocol: *JSON Encoding*.
pub const RECORD_SEPARATOR: u8 = 0x1e;

/// A record at the beginning of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The message without separator or length prefix.
    pub body: &'a [u8],
    /// How many bytes of the buffer the record takes, framing included.
    pub consumed: usize,
}

/// Finds the first record of a buffer, or `None` if the buffer ends before the record does.
///
/// `scanned` bytes are known to hold no JSON separator. Sizes count the framing.
///
/// # Errors
/// The record is larger than `maximum`, which for MessagePack is known as soon as its length is; or the length is invalid.
///
/// SignalR Hub Protocol: *JSON Encoding* and *MessagePack encoding*.
pub fn next_record(
    protocol: HubProtocol,
    buffer: &[u8],
    scanned: usize,
    maximum: usize,
) -> Result<Option<Record<'_>>, ProtocolError> {
    match protocol {
        HubProtocol::Json => next_text_record(buffer, scanned, maximum),
        HubProtocol::MessagePack => next_binary_record(buffer, maximum),
    }
}

pub(crate) fn next_text_record(
    buffer: &[u8],
    scanned: usize,
    maximum: usize,
) -> Result<Option<Record<'_>>, ProtocolError> {
    let end = buffer.len().min(maximum);
    let scanned = scanned.min(end);
    let window = &buffer[scanned..end];
    match memchr::memchr(RECORD_SEPARATOR, window) {
        Some(offset) => {
            let end = scanned + offset;
            Ok(Some(Record {
                body: &buffer[..end],
                consumed: end + 1,
            }))
        }
        None if buffer.len() >= maximum => Err(too_large(maximum)),
        None => Ok(None),
    }
}

fn next_binary_record(buffer: &[u8], maximum: usize) -> Result<Option<Record<'_>>, ProtocolError> {
    let Some((length, prefix)) = read_length(buffer)? else {
        return Ok(None);
    };
    let consumed = length + prefix;
    if consumed > maximum {
        return Err(too_large(maximum));
    }
    Ok(buffer
        .get(prefix..consumed)
        .map(|body| Record { body, consumed }))
}

/// Reads a length prefix: the length, and how many bytes the prefix has. `None` if the prefix is not complete.
///
/// # Errors
/// The prefix does not end within five bytes or exceeds 2 GiB - 1.
///
/// SignalR Hub Protocol: *MessagePack encoding*.
pub fn read_length(buffer: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let mut length = 0usize;
    for (index, &byte) in buffer.iter().take(5).enumerate() {
        if index == 4 && byte > 0x07 {
            return Err(ProtocolError::new(
                "Messages over 2GB in size are not supported.",
            ));
        }
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(Some((length, index + 1)));
        }
    }
    Ok(None)
}

fn too_large(maximum: usize) -> ProtocolError {
    ProtocolError::new(format!(
        "The maximum message size of {maximum}B was exceeded. The message size can be configured in AddHubOptions."
    ))
}

/// Turns the message written at `start..` into a frame.
pub(super) fn close_frame(protocol: HubProtocol, out: &mut Vec<u8>, start: usize) {
    match protocol {
        HubProtocol::Json => out.push(RECORD_SEPARATOR),
        HubProtocol::MessagePack => {
            let mut prefix = [0; 5];
            let length = out.len() - start;
            let prefix = write_length(length, &mut prefix);
            out.splice(start..start, prefix.iter().copied());
        }
    }
}

fn write_length(mut length: usize, prefix: &mut [u8; 5]) -> &[u8] {
    let mut used = 0;
    loop {
        let group = u8::try_from(length & 0x7f).expect("seven bits fit in a byte");
        length >>= 7;
        prefix[used] = if length > 0 { group | 0x80 } else { group };
        used += 1;
        if length == 0 {
            return &prefix[..used];
        }
    }
}
