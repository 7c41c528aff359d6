//! Tokens that say who connects, signed as a JSON Web Token with HS256 would be.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const KEY: &[u8] = b"a key for a server that is gone in a minute";

fn signature(user: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("a key of any length will do");
    mac.update(user.as_bytes());
    mac
}

/// A token for a user.
pub fn issue(user: &str) -> String {
    let signature = signature(user).finalize().into_bytes();
    format!("{user}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The user for whom a token was issued.
pub fn verify(token: &str) -> Option<&str> {
    let (user, claimed) = token.rsplit_once('.')?;
    let claimed = URL_SAFE_NO_PAD.decode(claimed).ok()?;
    signature(user).verify_slice(&claimed).ok().map(|()| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_user_only() {
        let token = issue("user-1");
        assert_eq!(verify(&token), Some("user-1"));
        assert_eq!(verify(&token.replace("user-1", "user-2")), None);
        assert_eq!(verify("user-1"), None);
    }
}
