//! A hub that asks for a token, and the tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use signalr_hub::{Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, User};

/// Tokens are only as good as this host: everybody can read its key here.
const KEY: &[u8] = b"the key of a host that has no secrets";

#[derive(Serialize, Deserialize)]
struct Claims {
    nameid: String,
    iss: String,
    aud: String,
    exp: u64,
}

/// A token for the one user of this host.
pub(crate) fn token() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "an example has no clock of its own"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is later than 1970");
    let claims = Claims {
        nameid: "testuser".to_owned(),
        iss: "SignalRTestServer".to_owned(),
        aud: "SignalRTests".to_owned(),
        exp: (now + Duration::from_secs(5)).as_secs(),
    };
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(KEY))
        .expect("claims are serialisable")
}

struct JwtBearer;

impl Authenticate for JwtBearer {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        let token = request
            .token()
            .ok_or(AuthenticationError::Unauthenticated)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_aud = false;
        validation.leeway = 300;
        let token =
            jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(KEY), &validation)
                .map_err(|_| AuthenticationError::Unauthenticated)?;
        Ok(User::new(token.claims.nameid))
    }
}

async fn echo(_: Context, message: String) -> String {
    message
}

pub(crate) fn hub() -> Hub {
    Hub::builder()
        .on("Echo", echo)
        .authenticate(JwtBearer)
        .options(crate::options())
        .build()
}
