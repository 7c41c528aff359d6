//! The first message of each side: which protocol the connection speaks.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ProtocolError;

/// The client's first message.
///
/// SignalR Hub Protocol: *Overview*.
#[derive(Debug, PartialEq, Eq)]
pub struct HandshakeRequest<'a> {
    /// The name of the hub protocol it wants to speak.
    pub protocol: Cow<'a, str>,
    /// The version of the hub protocol: 2 when stateful reconnect was negotiated.
    pub version: i64,
}

/// The answer that accepts a handshake.
///
/// SignalR Hub Protocol: *Overview*.
pub const ACCEPTED: &[u8] = b"{}\x1e";

/// The answer that refuses a handshake.
///
/// SignalR Hub Protocol: *Overview*.
pub fn refusal(error: &str) -> Vec<u8> {
    let mut out = b"{\"error\":".to_vec();
    serde_json::to_writer(&mut out, error).expect("a string is serialisable");
    out.extend_from_slice(b"}\x1e");
    out
}

/// Reads a handshake request from its record.
///
/// # Errors
/// The record is not a handshake request; the text says what is wrong with it.
///
/// SignalR Hub Protocol: *Overview*.
pub fn decode(record: &[u8]) -> Result<HandshakeRequest<'_>, ProtocolError> {
    let text =
        std::str::from_utf8(record).map_err(|_| ProtocolError::new("Error reading JSON."))?;
    if let Some(kind) = token_type(text).filter(|kind| *kind != "StartObject") {
        return Err(ProtocolError::new(format!(
            "Unexpected JSON Token Type '{kind}'. Expected a JSON Object."
        )));
    }
    let fields: Fields<'_> =
        serde_json::from_str(text).map_err(|_| ProtocolError::new("Error reading JSON."))?;
    let missing = |name: &str| {
        ProtocolError::new(format!(
            "Missing required property '{name}'. Message content: {text}"
        ))
    };
    let protocol = fields.protocol.ok_or_else(|| missing("protocol"))?;
    let version = fields.version.ok_or_else(|| missing("version"))?;
    let protocol = serde_json::from_str::<Text<'_>>(protocol.get())
        .map_err(|_| ProtocolError::new("Expected 'protocol' to be of type String."))?;
    let version = serde_json::from_str::<i64>(version.get())
        .map_err(|_| ProtocolError::new("Expected 'version' to be of type Number."))?;
    Ok(HandshakeRequest {
        protocol: protocol.0,
        version,
    })
}

/// The name of the first token, as a .NET reader would call it.
fn token_type(text: &str) -> Option<&'static str> {
    Some(match text.trim_start().bytes().next()? {
        b'{' => "StartObject",
        b'[' => "StartArray",
        b'"' => "String",
        b'n' => "Null",
        b't' => "True",
        b'f' => "False",
        b'-' | b'0'..=b'9' => "Number",
        _ => return None,
    })
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Default)]
struct Fields<'a> {
    protocol: Option<&'a RawValue>,
    version: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a handshake request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "protocol" => fields.protocol = Some(map.next_value()?),
                        "version" => fields.version = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
