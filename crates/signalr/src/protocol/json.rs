//! Hub messages as JSON objects.

mod write;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

pub(super) use write::{close, error, invocation, result, sequenced, stream_item, void};

use super::{CompletionResult, InvocationArguments, Message, Payload, ProtocolError};

pub(super) fn decode(record: &[u8], maximum_depth: usize) -> Result<Message<'_>, ProtocolError> {
    let text = std::str::from_utf8(record).map_err(|_| syntax_error())?;
    check_depth(record, maximum_depth)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|_| syntax_error())?;
    fields.into_message()
}

fn syntax_error() -> ProtocolError {
    ProtocolError::new("Error reading JSON.")
}

fn missing(name: &str) -> ProtocolError {
    ProtocolError::new(format!("Missing required property '{name}'."))
}

fn mistyped(name: &str, expected: &str) -> ProtocolError {
    ProtocolError::new(format!("Expected '{name}' to be of type {expected}."))
}

/// Refuses a record nested too deeply before anything recursive looks at it.
fn check_depth(record: &[u8], maximum: usize) -> Result<(), ProtocolError> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in record {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > maximum {
                    return Err(syntax_error());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The properties of a message before its type says which of them count.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    headers: Option<&'a RawValue>,
    invocation_id: Option<&'a RawValue>,
    target: Option<&'a RawValue>,
    arguments: Option<&'a RawValue>,
    stream_ids: Option<&'a RawValue>,
    item: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    allow_reconnect: Option<&'a RawValue>,
    sequence_id: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn into_message(self) -> Result<Message<'a>, ProtocolError> {
        let kind = self.kind.ok_or_else(|| missing("type"))?;
        let kind: i64 = serde_json::from_str(kind.get()).map_err(|_| mistyped("type", "Number"))?;
        if (1..=5).contains(&kind) {
            self.check_headers()?;
        }
        Ok(match kind {
            1 | 4 => self.invocation(kind == 4)?,
            2 => Message::StreamItem {
                invocation_id: self.required_id()?,
                item: Payload::Json(self.item.ok_or_else(|| missing("item"))?),
            },
            3 => Message::Completion {
                invocation_id: self.required_id()?,
                result: self.completion()?,
            },
            5 => Message::CancelInvocation {
                invocation_id: self.required_id()?,
            },
            6 => Message::Ping,
            7 => Message::Close {
                error: optional_string("error", self.error)?,
                allow_reconnect: self.allow_reconnect.is_some_and(|raw| raw.get() == "true"),
            },
            8 => Message::Ack(self.sequence_id()?),
            9 => Message::Sequence(self.sequence_id()?),
            _ => Message::Unknown,
        })
    }

    fn invocation(self, streaming: bool) -> Result<Message<'a>, ProtocolError> {
        let invocation_id =
            optional_string("invocationId", self.invocation_id)?.filter(|id| !id.is_empty());
        if streaming && invocation_id.is_none() {
            return Err(missing("invocationId"));
        }
        let target = optional_string("target", self.target)?.filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| missing("target"))?;
        let arguments = self.arguments.ok_or_else(|| missing("arguments"))?;
        let arguments: RawArguments<'_> =
            serde_json::from_str(arguments.get()).map_err(|_| mistyped("arguments", "Array"))?;
        let stream_ids = match self.stream_ids.filter(|raw| raw.get() != "null") {
            Some(raw) => {
                serde_json::from_str::<StringList<'_>>(raw.get())
                    .map_err(|_| mistyped("streamIds", "Array"))?
                    .0
            }
            None => SmallVec::new(),
        };
        Ok(Message::Invocation {
            invocation_id,
            target,
            arguments: arguments.0,
            stream_ids,
            streaming,
        })
    }

    fn completion(&self) -> Result<CompletionResult<'a>, ProtocolError> {
        match (optional_string("error", self.error)?, self.result) {
            (Some(_), Some(_)) => Err(ProtocolError::new(
                "The 'error' and 'result' properties are mutually exclusive.",
            )),
            (Some(error), None) => Ok(CompletionResult::Error(error)),
            (None, Some(result)) => Ok(CompletionResult::Value(Payload::Json(result))),
            (None, None) => Ok(CompletionResult::Void),
        }
    }

    fn required_id(&self) -> Result<Cow<'a, str>, ProtocolError> {
        optional_string("invocationId", self.invocation_id)?
            .filter(|id| !id.is_empty())
            .ok_or_else(|| missing("invocationId"))
    }

    fn sequence_id(&self) -> Result<u64, ProtocolError> {
        let raw = self.sequence_id.ok_or_else(|| missing("sequenceId"))?;
        let value: i64 =
            serde_json::from_str(raw.get()).map_err(|_| mistyped("sequenceId", "Number"))?;
        u64::try_from(value).map_err(|_| mistyped("sequenceId", "Number"))
    }

    /// Headers have no meaning for the server, but must be strings.
    fn check_headers(&self) -> Result<(), ProtocolError> {
        let Some(raw) = self.headers.filter(|raw| raw.get() != "null") else {
            return Ok(());
        };
        let HeaderCheck { mistyped_key } =
            serde_json::from_str(raw.get()).map_err(|_| mistyped("headers", "Object"))?;
        match mistyped_key {
            Some(key) => Err(ProtocolError::new(format!(
                "Expected header '{key}' to be of type String."
            ))),
            None => Ok(()),
        }
    }
}

fn optional_string<'a>(
    name: &str,
    raw: Option<&'a RawValue>,
) -> Result<Option<Cow<'a, str>>, ProtocolError> {
    match raw {
        Some(raw) if raw.get() != "null" => {
            let text: Text<'a> =
                serde_json::from_str(raw.get()).map_err(|_| mistyped(name, "String"))?;
            Ok(Some(text.0))
        }
        _ => Ok(None),
    }
}

/// A string that is borrowed unless it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a hub message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Text(key)) = map.next_key()? {
            let field = match &*key {
                "type" => &mut fields.kind,
                "headers" => &mut fields.headers,
                "invocationId" => &mut fields.invocation_id,
                "target" => &mut fields.target,
                "arguments" => &mut fields.arguments,
                "streamIds" => &mut fields.stream_ids,
                "item" => &mut fields.item,
                "result" => &mut fields.result,
                "error" => &mut fields.error,
                "allowReconnect" => &mut fields.allow_reconnect,
                "sequenceId" => &mut fields.sequence_id,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = Some(map.next_value()?);
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct RawArguments<'a>(InvocationArguments<'a>);

impl<'de> Deserialize<'de> for RawArguments<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = RawArguments<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of arguments")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut arguments = InvocationArguments::default();
                while let Some(raw) = seq.next_element()? {
                    arguments.push(Payload::Json(raw));
                }
                Ok(RawArguments(arguments))
            }
        }

        deserializer.deserialize_seq(ListVisitor)
    }
}

struct StringList<'a>(SmallVec<[Cow<'a, str>; 1]>);

impl<'de> Deserialize<'de> for StringList<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = StringList<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of strings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = SmallVec::new();
                while let Some(Text(text)) = seq.next_element()? {
                    list.push(text);
                }
                Ok(StringList(list))
            }
        }

        deserializer.deserialize_seq(ListVisitor)
    }
}

/// Remembers the first header whose value is not a string.
struct HeaderCheck {
    mistyped_key: Option<String>,
}

impl<'de> Deserialize<'de> for HeaderCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;

        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = HeaderCheck;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut mistyped_key = None;
                while let Some(Text(key)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    if !value.get().starts_with('"') && mistyped_key.is_none() {
                        mistyped_key = Some(key.into_owned());
                    }
                }
                Ok(HeaderCheck { mistyped_key })
            }
        }

        deserializer.deserialize_map(HeaderVisitor)
    }
}
