//! Hub messages as MessagePack arrays.
//!
//! The envelope is read by hand and keeps payloads as slices. Nothing is allocated from a declared count: values are walked with a
//! bounded stack, and a count that the bytes do not bear out ends the message.

mod skip;
mod write;

use std::borrow::Cow;

use smallvec::SmallVec;

use skip::skip_value;
pub(super) use write::{
    array_header, close, error, invocation, result, sequenced, stream_item, void,
};

use super::{CompletionResult, InvocationArguments, Message, Payload, ProtocolError};

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
