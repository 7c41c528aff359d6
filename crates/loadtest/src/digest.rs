//! Fingerprints of texts and rows, so that a history stays small and carries nobody's words.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A 64-bit FNV-1a fingerprint. It tells things apart that differ by accident; it is no protection against anybody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(u64);

impl Digest {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }

    /// The fingerprint of an object whatever the order of its own fields, without the fields named.
    pub fn of_object(object: &Value, without: &[&str]) -> Self {
        let mut fields: Vec<_> = object
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !without.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        fields.sort_unstable();
        Self::of(&fields.join("\n"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0 & 0xffff)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_has_one_digest_whatever_the_order_of_its_fields() {
        let digest = |text: &str| {
            Digest::of_object(&serde_json::from_str(text).unwrap(), &["fromRev", "toRev"])
        };
        assert_eq!(
            digest(r#"{"a":1,"b":{"c":2}}"#),
            digest(r#"{"b":{"c":2},"toRev":7,"a":1}"#)
        );
        assert_ne!(digest(r#"{"a":1}"#), digest(r#"{"a":2}"#));
        assert_ne!(Digest::of_object(&json!({"a": 1}), &[]), Digest::of(""));
    }
}
