//! Hub messages as MessagePack arrays.
//!
//! The envelope is read by hand and keeps payloads as slices. Nothing is allocated from a declared count: values are walked with a
//! bounded stack, and a count that the bytes do not bear out ends the message.

use std::borrow::Cow;

use rmp::Marker;
use smallvec::SmallVec;

use super::{
    Arguments, CompletionResult, Encode, HubProtocol, InvocationArguments, Message, Payload,
    ProtocolError,
};
use crate::error::SendError;

pub(super) fn decode(record: &[u8], maximum_depth: usize) -> Result<Message<'_>, ProtocolError> {
    let mut reader = Reader {
        rest: record,
        maximum_depth,
    };
    let mut left = reader.array("message")?;
    let kind = reader.field(&mut left, "type", Reader::integer)?;
    if (1..=5).contains(&kind) {
        reader.field(&mut left, "headers", |reader, _| reader.headers())?;
    }
    Ok(match kind {
        1 | 4 => reader.invocation(&mut left, kind == 4)?,
        2 => Message::StreamItem {
            invocation_id: reader.field(&mut left, "invocationId", Reader::required_string)?,
            item: reader.field(&mut left, "item", |reader, _| reader.payload())?,
        },
        3 => {
            let invocation_id = reader.field(&mut left, "invocationId", Reader::required_string)?;
            let result = match reader.field(&mut left, "resultKind", Reader::integer)? {
                1 => CompletionResult::Error(
                    reader
                        .field(&mut left, "error", Reader::optional_string)?
                        .unwrap_or_default(),
                ),
                2 => CompletionResult::Void,
                3 => CompletionResult::Value(
                    reader.field(&mut left, "result", |reader, _| reader.payload())?,
                ),
                _ => return Err(ProtocolError::new("Invalid invocation result kind.")),
            };
            Message::Completion {
                invocation_id,
                result,
            }
        }
        5 => Message::CancelInvocation {
            invocation_id: reader.field(&mut left, "invocationId", Reader::required_string)?,
        },
        6 => Message::Ping,
        7 => Message::Close {
            error: reader.field(&mut left, "error", Reader::optional_string)?,
            allow_reconnect: left > 0
                && reader.field(&mut left, "allowReconnect", Reader::boolean)?,
        },
        8 => Message::Ack(reader.field(&mut left, "sequenceId", Reader::sequence_id)?),
        9 => Message::Sequence(reader.field(&mut left, "sequenceId", Reader::sequence_id)?),
        _ => Message::Unknown,
    })
}

fn failed(field: &str, kind: &str) -> ProtocolError {
    ProtocolError::new(format!("Reading '{field}' as {kind} failed."))
}

struct Reader<'a> {
    rest: &'a [u8],
    maximum_depth: usize,
}

impl<'a> Reader<'a> {
    /// Reads one of the `left` elements of the message.
    fn field<T>(
        &mut self,
        left: &mut usize,
        name: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<T, ProtocolError>,
    ) -> Result<T, ProtocolError> {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| ProtocolError::new(format!("Missing field '{name}'.")))?;
        read(self, name)
    }

    fn invocation(
        &mut self,
        left: &mut usize,
        streaming: bool,
    ) -> Result<Message<'a>, ProtocolError> {
        let invocation_id = self
            .field(left, "invocationId", Self::optional_string)?
            .filter(|id| !id.is_empty());
        if streaming && invocation_id.is_none() {
            return Err(ProtocolError::new("Null or empty invocation ID."));
        }
        let target = self.field(left, "target", Self::required_string)?;
        let arguments = self.field(left, "arguments", |reader, name| {
            let mut arguments = InvocationArguments::default();
            for _ in 0..reader.array(name)? {
                arguments.push(reader.payload()?);
            }
            Ok(arguments)
        })?;
        let mut stream_ids = SmallVec::new();
        if *left > 0 {
            self.field(left, "streamIds", |reader, name| {
                if reader.take_nil() {
                    return Ok(());
                }
                for _ in 0..reader.array(name)? {
                    stream_ids.push(reader.required_string(name)?);
                }
                Ok(())
            })?;
        }
        Ok(Message::Invocation {
            invocation_id,
            target,
            arguments,
            stream_ids,
            streaming,
        })
    }

    fn array(&mut self, name: &str) -> Result<usize, ProtocolError> {
        let mut rest = self.rest;
        let count = rmp::decode::read_array_len(&mut rest).map_err(|_| failed(name, "Array"))?;
        self.rest = rest;
        // Every element takes a byte at least.
        let count = usize::try_from(count).map_err(|_| failed(name, "Array"))?;
        if count > rest.len() {
            Err(failed(name, "Array"))
        } else {
            Ok(count)
        }
    }

    fn headers(&mut self) -> Result<(), ProtocolError> {
        if self.take_nil() {
            return Ok(());
        }
        let mut rest = self.rest;
        let count = rmp::decode::read_map_len(&mut rest).map_err(|_| failed("headers", "Map"))?;
        self.rest = rest;
        for _ in 0..count {
            self.required_string("header key")?;
            self.required_string("header value")?;
        }
        Ok(())
    }

    fn take_nil(&mut self) -> bool {
        match self.rest {
            [0xc0, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn optional_string(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        if self.take_nil() {
            return Ok(None);
        }
        let (text, rest) =
            rmp::decode::read_str_from_slice(self.rest).map_err(|_| failed(name, "String"))?;
        self.rest = rest;
        Ok(Some(Cow::Borrowed(text)))
    }

    fn required_string(&mut self, name: &str) -> Result<Cow<'a, str>, ProtocolError> {
        self.optional_string(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ProtocolError::new(format!("Null or empty {name}.")))
    }

    fn integer(&mut self, name: &str) -> Result<i64, ProtocolError> {
        let mut rest = self.rest;
        let value = rmp::decode::read_int(&mut rest).map_err(|_| failed(name, "Int32"))?;
        self.rest = rest;
        Ok(value)
    }

    fn sequence_id(&mut self, name: &str) -> Result<u64, ProtocolError> {
        u64::try_from(self.integer(name)?).map_err(|_| failed(name, "Int64"))
    }

    fn boolean(&mut self, name: &str) -> Result<bool, ProtocolError> {
        let mut rest = self.rest;
        let value = rmp::decode::read_bool(&mut rest).map_err(|_| failed(name, "Boolean"))?;
        self.rest = rest;
        Ok(value)
    }

    fn payload(&mut self) -> Result<Payload<'a>, ProtocolError> {
        let start = self.rest;
        self.rest = skip_value(start, self.maximum_depth).ok_or_else(|| {
            ProtocolError::new("Reading a value failed: it is incomplete or nested too deeply.")
        })?;
        Ok(Payload::MessagePack(
            &start[..start.len() - self.rest.len()],
        ))
    }
}

/// Returns what follows the first value, or `None` if it is incomplete, reserved, or nested too deeply.
fn skip_value(mut rest: &[u8], maximum_depth: usize) -> Option<&[u8]> {
    // How many values are still to come on each level of nesting.
    let mut levels: SmallVec<[u64; 8]> = SmallVec::from_slice(&[1]);
    while let Some(left) = levels.last_mut() {
        if *left == 0 {
            levels.pop();
            continue;
        }
        *left -= 1;
        let (&marker, after) = rest.split_first()?;
        let marker = Marker::from_u8(marker);
        let (width, body) = length_of(marker)?;
        let (mut declared, after) = read_big_endian(after, width)?;
        if width == 0 {
            declared = 0;
        }
        rest = match body {
            Body::Bytes(extra) => {
                after.get(usize::try_from(declared.checked_add(extra)?).ok()?..)?
            }
            Body::Values { fixed, per_entry } => {
                if levels.len() > maximum_depth {
                    return None;
                }
                levels.push((declared + fixed) * per_entry);
                after
            }
        };
    }
    Some(rest)
}

enum Body {
    /// The declared length and this many bytes more.
    Bytes(u64),
    /// As many values as declared, or as the marker itself says.
    Values { fixed: u64, per_entry: u64 },
}

/// The width of the length that follows a marker, and what that length counts.
fn length_of(marker: Marker) -> Option<(usize, Body)> {
    Some(match marker {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
            (0, Body::Bytes(0))
        }
        Marker::U8 | Marker::I8 => (0, Body::Bytes(1)),
        Marker::U16 | Marker::I16 | Marker::FixExt1 => (0, Body::Bytes(2)),
        Marker::FixExt2 => (0, Body::Bytes(3)),
        Marker::U32 | Marker::I32 | Marker::F32 => (0, Body::Bytes(4)),
        Marker::FixExt4 => (0, Body::Bytes(5)),
        Marker::U64 | Marker::I64 | Marker::F64 => (0, Body::Bytes(8)),
        Marker::FixExt8 => (0, Body::Bytes(9)),
        Marker::FixExt16 => (0, Body::Bytes(17)),
        Marker::FixStr(length) => (0, Body::Bytes(length.into())),
        Marker::Str8 | Marker::Bin8 => (1, Body::Bytes(0)),
        Marker::Str16 | Marker::Bin16 => (2, Body::Bytes(0)),
        Marker::Str32 | Marker::Bin32 => (4, Body::Bytes(0)),
        Marker::Ext8 => (1, Body::Bytes(1)),
        Marker::Ext16 => (2, Body::Bytes(1)),
        Marker::Ext32 => (4, Body::Bytes(1)),
        Marker::FixArray(count) => (
            0,
            Body::Values {
                fixed: count.into(),
                per_entry: 1,
            },
        ),
        Marker::Array16 => (
            2,
            Body::Values {
                fixed: 0,
                per_entry: 1,
            },
        ),
        Marker::Array32 => (
            4,
            Body::Values {
                fixed: 0,
                per_entry: 1,
            },
        ),
        Marker::FixMap(count) => (
            0,
            Body::Values {
                fixed: count.into(),
                per_entry: 2,
            },
        ),
        Marker::Map16 => (
            2,
            Body::Values {
                fixed: 0,
                per_entry: 2,
            },
        ),
        Marker::Map32 => (
            4,
            Body::Values {
                fixed: 0,
                per_entry: 2,
            },
        ),
        Marker::Reserved => return None,
    })
}

fn read_big_endian(bytes: &[u8], width: usize) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_at_checked(width)?;
    Some((
        number
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        rest,
    ))
}

pub(super) fn array_header(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("a message has few elements");
    rmp::encode::write_array_len(out, count).expect("writing to memory does not fail");
}

fn string(out: &mut Vec<u8>, text: &str) {
    rmp::encode::write_str(out, text).expect("writing to memory does not fail");
}

const NIL: u8 = 0xc0;
const NO_HEADERS: u8 = 0x80;

fn begin(out: &mut Vec<u8>, elements: usize, kind: u8, invocation_id: Option<&str>) {
    array_header(out, elements);
    out.extend_from_slice(&[kind, NO_HEADERS]);
    match invocation_id {
        Some(id) => string(out, id),
        None => out.push(NIL),
    }
}

pub(super) fn invocation<A: Arguments + ?Sized>(
    out: &mut Vec<u8>,
    invocation_id: Option<&str>,
    target: &str,
    arguments: &A,
) -> Result<(), SendError> {
    begin(out, 6, 1, invocation_id);
    string(out, target);
    arguments.encode_arguments(HubProtocol::MessagePack, out)?;
    array_header(out, 0);
    Ok(())
}

pub(super) fn stream_item<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    item: &T,
) -> Result<(), SendError> {
    begin(out, 4, 2, Some(id));
    item.encode(HubProtocol::MessagePack, out)
}

pub(super) fn result<T: Encode + ?Sized>(
    out: &mut Vec<u8>,
    id: &str,
    result: &T,
) -> Result<(), SendError> {
    begin(out, 5, 3, Some(id));
    out.push(3);
    result.encode(HubProtocol::MessagePack, out)
}

pub(super) fn void(out: &mut Vec<u8>, id: &str) {
    begin(out, 4, 3, Some(id));
    out.push(2);
}

pub(super) fn error(out: &mut Vec<u8>, id: &str, error: &str) {
    begin(out, 5, 3, Some(id));
    out.push(1);
    string(out, error);
}

pub(super) fn close(out: &mut Vec<u8>, error: Option<&str>, allow_reconnect: bool) {
    array_header(out, 3);
    out.push(7);
    match error {
        Some(error) => string(out, error),
        None => out.push(NIL),
    }
    out.push(if allow_reconnect { 0xc3 } else { 0xc2 });
}

pub(super) fn sequenced(out: &mut Vec<u8>, kind: u8, sequence_id: u64) {
    array_header(out, 2);
    out.push(kind);
    rmp::encode::write_uint(out, sequence_id).expect("writing to memory does not fail");
}
