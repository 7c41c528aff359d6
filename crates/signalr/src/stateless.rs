//! Connection tokens that any node can verify.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::connection_id::ConnectionId;

const NONCE: usize = 16;
const MAC: usize = 32;

/// Stateless negotiation: the connection token is signed with a secret that all nodes share, so the node that negotiated need not be the
/// node that is connected to.
///
/// While a token is fresh, any node accepts it from the user to whom it was given and opens the connection; after that it only names the connection
/// that was opened with it. A WebSocket may thus land anywhere, without sticky sessions. The several requests of a Server-Sent-Events or long
/// polling connection must still reach one node: route them by the `id` of their query.
///
/// It excludes stateful reconnect, which needs the state that one node keeps: a hub that has both set does not offer stateful reconnect.
///
/// A token is bound to [`User::id`](crate::User::id), so those of anonymous users are bound to nobody.
///
/// Tokens expire by the nodes' clocks, which should agree to within a few seconds.
///
/// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
#[derive(Clone)]
pub struct StatelessNegotiation {
    secret: Vec<u8>,
    lifetime: Duration,
    clock: fn() -> Duration,
}

impl StatelessNegotiation {
    /// Signs tokens with a secret of at least 32 random bytes. They are fresh for 15 s.
    ///
    /// # Panics
    /// The secret is shorter.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        let secret = secret.into();
        assert!(
            secret.len() >= 32,
            "the secret of stateless negotiation has at least 32 bytes"
        );
        Self {
            secret,
            lifetime: Duration::from_secs(15),
            clock: system_time,
        }
    }

    /// How long a token can open a connection.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Reads the time, since the beginning of 1970, from elsewhere.
    pub fn clock(mut self, clock: fn() -> Duration) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn fresh_for(&self) -> Duration {
        self.lifetime
    }

    fn mac(&self, purpose: &[u8], nonce: &[u8]) -> Hmac<Sha256> {
        let mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("secrets may have any length");
        mac.chain_update(purpose).chain_update(nonce)
    }

    fn sign(&self, nonce: &[u8], expires_at: u64, user_id: Option<&str>) -> [u8; MAC] {
        // A user without id differs from one whose id is empty.
        let user = user_id.map_or_else(Vec::new, |id| [b"=", id.as_bytes()].concat());
        let mac = self
            .mac(b"token", nonce)
            .chain_update(expires_at.to_be_bytes())
            .chain_update(user);
        mac.finalize().into_bytes().into()
    }

    /// A fresh token for a user.
    pub(crate) fn issue(&self, user_id: Option<&str>) -> Ticket {
        let nonce = ConnectionId::random_bits();
        let expires_at = ((self.clock)() + self.lifetime).as_secs();
        let mut token = nonce.to_vec();
        token.extend_from_slice(&expires_at.to_be_bytes());
        token.extend_from_slice(&self.sign(&nonce, expires_at, user_id));
        Ticket {
            text: URL_SAFE_NO_PAD.encode(token),
            names: self.names(nonce),
        }
    }

    /// Reads the names out of a token, whatever its age and user.
    pub(crate) fn read(&self, text: &str) -> Option<Names> {
        let token = URL_SAFE_NO_PAD.decode(text).ok()?;
        let nonce = token
            .get(..NONCE)?
            .try_into()
            .expect("the length was just checked");
        (token.len() == NONCE + 8 + MAC).then(|| self.names(nonce))
    }

    /// Whether a token may open a connection for a user now.
    pub(crate) fn is_fresh(&self, text: &str, user_id: Option<&str>) -> bool {
        let Ok(token) = URL_SAFE_NO_PAD.decode(text) else {
            return false;
        };
        let Some((nonce, rest)) = token.split_at_checked(NONCE) else {
            return false;
        };
        let Some((expires_at, signature)) = rest.split_at_checked(8) else {
            return false;
        };
        let expires_at = u64::from_be_bytes(expires_at.try_into().expect("split at eight"));
        let expected = self.sign(nonce, expires_at, user_id);
        bool::from(expected.ct_eq(signature)) && (self.clock)().as_secs() <= expires_at
    }

    fn names(&self, nonce: [u8; NONCE]) -> Names {
        let digest = self.mac(b"id", &nonce).finalize().into_bytes();
        let id = digest[..NONCE].try_into().expect("a digest is longer");
        Names {
            key: ConnectionId::from_bits(nonce),
            id: ConnectionId::from_bits(id),
        }
    }
}

/// A new token.
pub(crate) struct Ticket {
    pub(crate) text: String,
    pub(crate) names: Names,
}

/// What a token names. Every node derives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Names {
    /// Under which the connection is kept.
    pub(crate) key: ConnectionId,
    /// The public id, which says nothing about the token.
    pub(crate) id: ConnectionId,
}

impl std::fmt::Debug for StatelessNegotiation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatelessNegotiation")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nodes have nothing but the system's clock in common; tests replace it"
)]
fn system_time() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Duration {
        Duration::from_hours(12)
    }

    fn later() -> Duration {
        noon() + Duration::from_secs(16)
    }

    fn node(clock: fn() -> Duration) -> StatelessNegotiation {
        StatelessNegotiation::new([7; 32]).clock(clock)
    }

    #[test]
    fn every_node_derives_the_same_names() {
        let ticket = node(noon).issue(Some("ada"));
        assert_eq!(node(later).read(&ticket.text), Some(ticket.names));
        assert_ne!(ticket.names.key, ticket.names.id);
    }

    #[test]
    fn a_token_is_fresh_for_its_user_and_its_time_alone() {
        let token = node(noon).issue(Some("ada")).text;
        assert!(node(noon).is_fresh(&token, Some("ada")));
        assert!(!node(noon).is_fresh(&token, Some("bob")));
        assert!(!node(noon).is_fresh(&token, None));
        assert!(!node(later).is_fresh(&token, Some("ada")));
        assert!(
            !StatelessNegotiation::new([8; 32])
                .clock(noon)
                .is_fresh(&token, Some("ada"))
        );
        assert!(!node(noon).is_fresh(&node(noon).issue(None).text, Some("")));
    }

    #[test]
    fn no_changed_token_is_accepted() {
        let token = node(noon).issue(None).text;
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!node(noon).is_fresh(&changed, None), "character {index}");
        }
        for length in 0..token.len() {
            assert!(!node(noon).is_fresh(&token[..length], None));
        }
    }
}
