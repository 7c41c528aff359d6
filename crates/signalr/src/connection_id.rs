//! Names of connections.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const LENGTH: usize = 22;

/// The public id of a connection: 128 random bits as 22 characters.
///
/// It may be shown to other clients: it addresses a connection ([`Clients::client`](crate::Clients::client)) and gives no power over it.
///
/// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId([u8; LENGTH]);

impl ConnectionId {
    pub(crate) fn random() -> Self {
        Self::from_bits(Self::random_bits())
    }

    pub(crate) fn random_bits() -> [u8; 16] {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).expect("the system provides randomness");
        bits
    }

    pub(crate) fn from_bits(bits: [u8; 16]) -> Self {
        let mut text = [0; LENGTH];
        URL_SAFE_NO_PAD
            .encode_slice(bits, &mut text)
            .expect("16 bytes make 22 characters");
        Self(text)
    }

    /// Reads an id; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .then_some(Self(bytes))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ids are ASCII")
    }
}

impl Deref for ConnectionId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for ConnectionId {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for ConnectionId {
    fn borrow(&self) -> &str {
        self
    }
}

impl Hash for ConnectionId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
