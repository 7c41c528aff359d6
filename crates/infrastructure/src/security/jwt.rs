use hubbub_application::ports::{TokenClaims, TokenError, TokenIssuer, TokenKind};
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::repository::ServerKey;
use hubbub_domain::timestamp::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "hubbub";

/// Tokens as JWTs signed with HMAC-SHA-256. No other algorithm is ever accepted, whatever a token's header says.
pub struct JwtIssuer {
    key_id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The claims on the wire. The audience says what the token is good for.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    exp: i64,
    /// Tells a hub ticket from every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<Uuid>,
    /// The number of a refresh token within its session.
    #[serde(default, skip_serializing_if = "is_zero")]
    gen_no: i64,
    /// When what was opened with a hub ticket must end, in seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<i64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl JwtIssuer {
    /// Signs and checks with the given key.
    pub fn new(key: &ServerKey) -> Self {
        Self {
            key_id: key.id.clone(),
            encoding: EncodingKey::from_secret(&key.secret),
            decoding: DecodingKey::from_secret(&key.secret),
        }
    }
}

fn audience(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => "api",
        TokenKind::HubTicket => "hub",
        TokenKind::Refresh => "refresh",
    }
}

impl TokenIssuer for JwtIssuer {
    fn issue(&self, claims: &TokenClaims) -> String {
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let wire = Claims {
            iss: ISSUER.to_owned(),
            aud: audience(claims.kind).to_owned(),
            sub: claims.user_id,
            sid: claims.session_id,
            exp: claims.expires_at.unix_seconds(),
            jti: claims.ticket_id,
            gen_no: claims.generation,
            deadline: (claims.kind == TokenKind::HubTicket).then(|| claims.deadline.unix_seconds()),
        };
        jsonwebtoken::encode(&header, &wire, &self.encoding)
            .expect("claims of plain values can be encoded and signed")
    }

    fn verify(
        &self,
        token: &str,
        kind: TokenKind,
        now: Timestamp,
    ) -> Result<TokenClaims, TokenError> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[audience(kind)]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Compared below, with the clock that everything else here uses.
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| TokenError::Invalid)?;
        if decoded.header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(TokenError::Invalid);
        }
        let claims = decoded.claims;
        if claims.exp <= now.unix_seconds() {
            return Err(TokenError::Expired);
        }
        let seconds = |seconds: i64| Timestamp::from_unix_micros(seconds.saturating_mul(1_000_000));
        Ok(TokenClaims {
            kind,
            ticket_id: claims.jti,
            user_id: claims.sub,
            session_id: claims.sid,
            generation: claims.gen_no,
            expires_at: seconds(claims.exp),
            deadline: seconds(claims.deadline.unwrap_or(claims.exp)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_micros(second * 1_000_000)
    }

    fn issuer(secret: u8) -> JwtIssuer {
        JwtIssuer::new(&ServerKey {
            id: "k1".to_owned(),
            secret: [secret; 32],
        })
    }

    fn claims(kind: TokenKind) -> TokenClaims {
        TokenClaims {
            kind,
            ticket_id: None,
            user_id: UserId::from_uuid(Uuid::from_u128(1)),
            session_id: SessionId::from_uuid(Uuid::from_u128(2)),
            generation: 0,
            expires_at: at(1_000),
            deadline: at(1_000),
        }
    }

    #[test]
    fn a_token_says_what_it_was_issued_with() {
        let issued = TokenClaims {
            ticket_id: Some(Uuid::from_u128(3)),
            generation: 7,
            deadline: at(9_000),
            ..claims(TokenKind::HubTicket)
        };
        let token = issuer(1).issue(&issued);
        assert_eq!(
            issuer(1).verify(&token, TokenKind::HubTicket, at(999)),
            Ok(issued)
        );
    }

    #[test]
    fn a_token_of_one_kind_is_not_taken_for_another() {
        use TokenKind::{Access, HubTicket, Refresh};
        for (issued, asked) in [
            (Access, Refresh),
            (Refresh, Access),
            (HubTicket, Access),
            (Access, HubTicket),
        ] {
            let token = issuer(1).issue(&claims(issued));
            assert_eq!(
                issuer(1).verify(&token, asked, at(0)),
                Err(TokenError::Invalid),
                "{issued:?}"
            );
        }
    }

    #[test]
    fn a_token_expires_on_the_second() {
        let token = issuer(1).issue(&claims(TokenKind::Access));
        assert!(issuer(1).verify(&token, TokenKind::Access, at(999)).is_ok());
        assert_eq!(
            issuer(1).verify(&token, TokenKind::Access, at(1_000)),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn forgeries_are_refused() {
        let genuine = issuer(1).issue(&claims(TokenKind::Access));
        let (head, rest) = genuine.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        // {"alg":"none","typ":"JWT","kid":"k1"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoiazEifQ";
        // {"alg":"HS384","typ":"JWT","kid":"k1"}
        let other = "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0";
        for forged in [
            String::new(),
            "a.b.c".to_owned(),
            format!("{none}.{body}."),
            format!("{none}.{body}.{signature}"),
            format!("{other}.{body}.{signature}"),
            format!("{head}.{body}"),
            format!("{head}.{body}.{}", &signature[1..]),
            issuer(2).issue(&claims(TokenKind::Access)),
            "x".repeat(16_384),
        ] {
            let verdict = issuer(1).verify(&forged, TokenKind::Access, at(0));
            assert_eq!(verdict, Err(TokenError::Invalid), "{forged}");
        }
    }

    #[test]
    fn a_token_of_another_key_is_refused_by_name() {
        let stranger = JwtIssuer::new(&ServerKey {
            id: "k2".to_owned(),
            secret: [1; 32],
        });
        let token = stranger.issue(&claims(TokenKind::Access));
        assert_eq!(
            issuer(1).verify(&token, TokenKind::Access, at(0)),
            Err(TokenError::Invalid)
        );
    }
}
