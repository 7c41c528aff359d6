use std::sync::Arc;
use std::time::Duration;

use hubbub_domain::conversation::GENERAL;
use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::session::{RefreshOutcome, Session};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};
use hubbub_domain::user::{DisplayName, Password, PasswordHash, ServerRole, User, Username};
use subtle::ConstantTimeEq as _;

use super::dto::{HubTicket, SessionDto, SignedIn};
use crate::error::{StorageError, service_error};
use crate::events::Event;
use crate::groups::membership;
use crate::invitations::code_hash;
use crate::ports::{
    Clock, EventBus, HasherBusy, IdGenerator, PasswordHasher, TokenClaims, TokenError, TokenIssuer,
    TokenKind,
};
use crate::users::dto::UserDto;

/// Registers people, signs them in and out, and says who a token belongs to.
pub struct AuthService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    hasher: Arc<dyn PasswordHasher>,
    tokens: Arc<dyn TokenIssuer>,
    events: Arc<dyn EventBus>,
    options: AuthOptions,
    /// Checked in place of the hash of somebody who does not exist, so that both take the same time.
    decoy: PasswordHash,
}

/// Who may register, and how long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct AuthOptions {
    /// Who may register once there is a first account.
    pub registration: RegistrationMode,
    /// How long an access token is accepted.
    pub access_token_lifetime: Duration,
    /// How long a hub ticket can be used.
    pub hub_ticket_lifetime: Duration,
    /// How long a sign-in lasts after it was last refreshed.
    pub session_lifetime: Duration,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Who holds an invitation.
    Invitation,
    /// Anybody.
    Open,
    /// Nobody.
    Closed,
}

/// A wish to register.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// What to sign in with.
    pub username: String,
    /// How to prove it.
    pub password: String,
    /// What others will see; the username if not given.
    pub display_name: Option<String>,
    /// The code that makes the first account.
    pub setup_code: Option<String>,
    /// The code of an invitation.
    pub invite_code: Option<String>,
    /// What the device calls itself.
    pub device_name: Option<String>,
}

/// A wish to sign in.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who says it.
    pub username: String,
    /// How it is proved.
    pub password: String,
    /// What the device calls itself.
    pub device_name: Option<String>,
}

/// Who is calling.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The person.
    pub user: User,
    /// The sign-in.
    pub session_id: SessionId,
}

/// Who may open a hub connection, and until when it may stay open unless it is renewed.
#[derive(Clone, Debug)]
pub struct HubAccess {
    /// Who.
    pub identity: Identity,
    /// Until when.
    pub deadline: Timestamp,
}

/// How signing in can fail.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// No such person, or not the password: which of the two is not said.
    #[error("the username or the password is not right")]
    InvalidCredentials,
    /// No token, or none of ours.
    #[error("you are not signed in")]
    Unauthenticated,
    /// The token was right once.
    #[error("the access token has expired")]
    TokenExpired,
    /// The sign-in has ended.
    #[error("this sign-in has ended; please sign in again")]
    SessionRevoked,
    /// A refresh token came a second time.
    #[error("this sign-in was used from two places and has been ended; please sign in again")]
    RefreshReuse,
    /// There is an account already, or the code is another one.
    #[error("this is not the setup code; the server prints the code when it starts")]
    InvalidSetupCode,
    /// Unknown, expired, withdrawn or used up.
    #[error("this invitation does not exist or can no longer be used; please ask for a new one")]
    InvalidInvitation,
    /// Nobody may register without an invitation, or at all.
    #[error("this server takes new members by invitation only")]
    RegistrationClosed,
    /// Somebody has that name.
    #[error("this username is taken")]
    UsernameTaken,
    /// There is no such sign-in of the caller.
    #[error("there is no such sign-in")]
    SessionNotFound,
    /// Too many passwords are being checked.
    #[error("too many people are signing in at the moment; please try again")]
    Busy(#[from] HasherBusy),
}

service_error!(AuthError {
    Self::InvalidCredentials => (Unauthenticated, "invalid_credentials"),
    Self::Unauthenticated => (Unauthenticated, "unauthenticated"),
    Self::TokenExpired => (Unauthenticated, "token_expired"),
    Self::SessionRevoked => (Unauthenticated, "session_revoked"),
    Self::RefreshReuse => (Unauthenticated, "refresh_reuse"),
    Self::InvalidSetupCode => (Forbidden, "invalid_setup_code"),
    Self::InvalidInvitation => (Forbidden, "invalid_invitation"),
    Self::RegistrationClosed => (Forbidden, "registration_closed"),
    Self::UsernameTaken => (Conflict, "username_taken"),
    Self::SessionNotFound => (NotFound, "not_found"),
    Self::Busy(_) => (Unavailable, "unavailable"),
});

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::Unauthenticated,
            TokenError::Expired => Self::TokenExpired,
        }
    }
}

/// What entitles somebody to register.
enum Entitlement {
    Setup,
    Invitation([u8; 32]),
    Open,
}

impl AuthService {
    /// A service over the given ports. Hashes a password that nobody has, for the time that checking it takes.
    pub async fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        hasher: Arc<dyn PasswordHasher>,
        tokens: Arc<dyn TokenIssuer>,
        events: Arc<dyn EventBus>,
        options: AuthOptions,
    ) -> Result<Self, AuthError> {
        let nobodys = Password::parse(hex(&ids.secret()))?;
        let decoy = hasher.hash(nobodys).await?;
        Ok(Self {
            store,
            clock,
            ids,
            hasher,
            tokens,
            events,
            options,
            decoy,
        })
    }

    /// Whether the first account is still to be made, and who may register then.
    pub async fn registration(&self) -> Result<(bool, RegistrationMode), AuthError> {
        let mut view = self.store.read().await?;
        let setup_required = view.server().find_setup_code().await?.is_some();
        Ok((setup_required, self.options.registration))
    }

    /// Makes an account and signs its owner in. The first account, made with the setup code, owns the server; everybody
    /// joins "General".
    pub async fn register(&self, wish: Registration) -> Result<SignedIn, AuthError> {
        let username = Username::parse(&wish.username)?;
        let display_name = match wish.display_name.as_deref() {
            Some(name) if !name.trim().is_empty() => DisplayName::parse(name)?,
            _ => DisplayName::from(&username),
        };
        let password = Password::parse(wish.password)?;
        // Asked before hashing, which is slow, and again under the lock, where it counts.
        let entitlement = {
            let mut view = self.store.read().await?;
            let entitlement =
                self.entitlement(wish.setup_code.as_deref(), wish.invite_code.as_deref())?;
            self.check(view.as_mut(), &entitlement, wish.setup_code.as_deref())
                .await?;
            entitlement
        };
        let password_hash = self.hasher.hash(password).await?;

        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        self.check(unit.as_mut(), &entitlement, wish.setup_code.as_deref())
            .await?;
        self.use_up(unit.as_mut(), &entitlement).await?;
        let user = User {
            id: UserId::from_uuid(self.ids.uuid()),
            username,
            display_name,
            role: match entitlement {
                Entitlement::Setup => ServerRole::Owner,
                Entitlement::Invitation(_) | Entitlement::Open => ServerRole::Member,
            },
            created_at: now,
        };
        match unit.users().add(&user, &password_hash).await {
            Err(error) if error.is_conflict() => return Err(AuthError::UsernameTaken),
            result => result?,
        }
        let mut events = Vec::new();
        if let Some(mut general) = unit.conversations().lock(GENERAL).await? {
            let role = MemberRole::Member;
            membership::admit(unit.as_mut(), &mut general, &user, role, now, &mut events).await?;
        }
        let session = self.new_session(user.id, wish.device_name, now);
        unit.sessions().add(&session).await?;
        unit.commit().await?;
        for event in events {
            self.events.publish(event);
        }
        tracing::info!(user.id = %user.id, role = user.role.as_str(), "somebody registered");
        Ok(self.signed_in(&user, &session, now))
    }

    /// Signs somebody in on a device.
    pub async fn login(&self, wish: Login) -> Result<SignedIn, AuthError> {
        let found = match Username::parse(&wish.username) {
            Ok(username) => {
                let mut view = self.store.read().await?;
                view.users().find_credentials(&username).await?
            }
            Err(_) => None,
        };
        // Whether the person exists must not show, not even by the time it takes.
        let Ok(password) = Password::parse(wish.password) else {
            return Err(AuthError::InvalidCredentials);
        };
        let (user, hash) = found.map_or((None, self.decoy.clone()), |(user, hash)| {
            (Some(user), hash)
        });
        let matches = self.hasher.verify(password, hash).await?;
        let user = user
            .filter(|_| matches)
            .ok_or(AuthError::InvalidCredentials)?;

        let now = self.clock.now();
        let session = self.new_session(user.id, wish.device_name, now);
        let mut unit = self.store.begin().await?;
        unit.sessions().add(&session).await?;
        unit.commit().await?;
        tracing::info!(user.id = %user.id, session.id = %session.id, "somebody signed in");
        Ok(self.signed_in(&user, &session, now))
    }

    /// Exchanges a refresh token for the next one and a fresh access token. A token that comes twice ends the sign-in.
    pub async fn refresh(&self, refresh_token: &str) -> Result<SignedIn, AuthError> {
        let now = self.clock.now();
        let claims = self
            .tokens
            .verify(refresh_token, TokenKind::Refresh, now)
            .map_err(|error| match error {
                TokenError::Invalid => AuthError::Unauthenticated,
                TokenError::Expired => AuthError::SessionRevoked,
            })?;
        let mut unit = self.store.begin().await?;
        let mut session = unit
            .sessions()
            .find(claims.session_id)
            .await?
            .ok_or(AuthError::SessionRevoked)?;
        let user = unit
            .users()
            .find(session.user_id)
            .await?
            .ok_or(AuthError::SessionRevoked)?;
        match session.present(claims.generation, now, self.options.session_lifetime) {
            RefreshOutcome::Rotated => {
                unit.sessions().update(&session).await?;
                unit.commit().await?;
            }
            RefreshOutcome::Repeated => {}
            RefreshOutcome::Reused => {
                unit.sessions().update(&session).await?;
                unit.commit().await?;
                tracing::warn!(user.id = %user.id, session.id = %session.id, "a refresh token came twice; its sign-in was ended");
                self.publish_end(&session);
                return Err(AuthError::RefreshReuse);
            }
            RefreshOutcome::Ended => return Err(AuthError::SessionRevoked),
        }
        Ok(self.signed_in(&user, &session, now))
    }

    /// Ends the sign-in that a refresh token belongs to. A token that is not valid has nothing to end.
    pub async fn logout(&self, refresh_token: &str) -> Result<(), AuthError> {
        let claims = self
            .tokens
            .verify(refresh_token, TokenKind::Refresh, self.clock.now());
        match claims {
            Ok(claims) => self.end(claims.session_id, None).await.map(|_| ()),
            Err(_) => Ok(()),
        }
    }

    /// Ends the sign-in that the caller uses.
    pub async fn logout_session(&self, identity: &Identity) -> Result<(), AuthError> {
        self.end(identity.session_id, None).await.map(|_| ())
    }

    /// A token with which the caller can open one hub connection, which may stay open as long as the sign-in lasts.
    pub async fn hub_ticket(&self, identity: &Identity) -> Result<HubTicket, AuthError> {
        let now = self.clock.now();
        let mut view = self.store.read().await?;
        let session = live(view.as_mut(), identity.session_id, now).await?;
        let lifetime = self.options.hub_ticket_lifetime;
        let ticket = self.tokens.issue(&TokenClaims {
            kind: TokenKind::HubTicket,
            user_id: session.user_id,
            session_id: session.id,
            generation: 0,
            expires_at: now.plus(lifetime),
            deadline: session.expires_at,
        });
        Ok(HubTicket {
            ticket,
            expires_in: lifetime.as_secs(),
        })
    }

    /// Who an access token belongs to. A sign-in that has ended is refused at once, however fresh the token is.
    pub async fn authenticate(&self, access_token: &str) -> Result<Identity, AuthError> {
        let now = self.clock.now();
        let claims = self.tokens.verify(access_token, TokenKind::Access, now)?;
        self.identify(&claims, now).await
    }

    /// Who may open a hub connection with this access token or hub ticket, and until when.
    pub async fn authenticate_hub(&self, token: &str) -> Result<HubAccess, AuthError> {
        let now = self.clock.now();
        let claims = match self.tokens.verify(token, TokenKind::HubTicket, now) {
            Err(TokenError::Invalid) => self.tokens.verify(token, TokenKind::Access, now),
            ticket => ticket,
        }?;
        Ok(HubAccess {
            identity: self.identify(&claims, now).await?,
            deadline: claims.deadline,
        })
    }

    /// Whether a sign-in is still good.
    pub async fn is_live(&self, session_id: SessionId) -> Result<bool, AuthError> {
        let mut view = self.store.read().await?;
        match live(view.as_mut(), session_id, self.clock.now()).await {
            Ok(_) => Ok(true),
            Err(AuthError::SessionRevoked) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The caller's sign-ins, the last used first.
    pub async fn list_sessions(&self, identity: &Identity) -> Result<Vec<SessionDto>, AuthError> {
        let mut view = self.store.read().await?;
        let sessions = view
            .sessions()
            .list_live(identity.user.id, self.clock.now())
            .await?;
        Ok(sessions
            .iter()
            .map(|session| SessionDto::new(session, identity.session_id))
            .collect())
    }

    /// Ends one of the caller's sign-ins.
    pub async fn revoke_session(
        &self,
        identity: &Identity,
        session_id: SessionId,
    ) -> Result<(), AuthError> {
        if self.end(session_id, Some(identity.user.id)).await? {
            Ok(())
        } else {
            Err(AuthError::SessionNotFound)
        }
    }

    /// Ends a session if it is there and belongs to `owner`, where one is given. Answers whether it did.
    async fn end(&self, session_id: SessionId, owner: Option<UserId>) -> Result<bool, AuthError> {
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        let session = unit.sessions().find(session_id).await?;
        let Some(mut session) = session.filter(|session| {
            session.is_live(now) && owner.is_none_or(|owner| owner == session.user_id)
        }) else {
            return Ok(false);
        };
        session.revoked_at = Some(now);
        unit.sessions().update(&session).await?;
        unit.commit().await?;
        tracing::info!(user.id = %session.user_id, session.id = %session.id, "a sign-in was ended");
        self.publish_end(&session);
        Ok(true)
    }

    fn publish_end(&self, session: &Session) {
        self.events.publish(Event::SessionEnded {
            user_id: session.user_id,
            session_id: session.id,
        });
    }

    async fn identify(&self, claims: &TokenClaims, now: Timestamp) -> Result<Identity, AuthError> {
        let mut view = self.store.read().await?;
        let session = live(view.as_mut(), claims.session_id, now).await?;
        let user = view
            .users()
            .find(session.user_id)
            .await?
            .filter(|user| user.id == claims.user_id)
            .ok_or(AuthError::Unauthenticated)?;
        Ok(Identity {
            user,
            session_id: session.id,
        })
    }

    fn entitlement(
        &self,
        setup_code: Option<&str>,
        invite_code: Option<&str>,
    ) -> Result<Entitlement, AuthError> {
        match (setup_code, invite_code, self.options.registration) {
            (Some(_), _, _) => Ok(Entitlement::Setup),
            (None, _, RegistrationMode::Closed) => Err(AuthError::RegistrationClosed),
            (None, Some(code), _) => Ok(Entitlement::Invitation(code_hash(code.trim()))),
            (None, None, RegistrationMode::Open) => Ok(Entitlement::Open),
            (None, None, RegistrationMode::Invitation) => Err(AuthError::RegistrationClosed),
        }
    }

    /// Whether the entitlement holds, as the data stands in `view`.
    async fn check(
        &self,
        view: &mut dyn Repositories,
        entitlement: &Entitlement,
        given_code: Option<&str>,
    ) -> Result<(), AuthError> {
        let setup_code = view.server().find_setup_code().await?;
        match (entitlement, setup_code) {
            (Entitlement::Setup, Some(expected)) => {
                let given = normal(given_code.unwrap_or_default());
                let same = given.as_bytes().ct_eq(normal(&expected).as_bytes());
                if bool::from(same) {
                    Ok(())
                } else {
                    Err(AuthError::InvalidSetupCode)
                }
            }
            (Entitlement::Setup, None) => Err(AuthError::InvalidSetupCode),
            // Until the first account is made nobody else may come in, not even on an open server.
            (_, Some(_)) => Err(AuthError::RegistrationClosed),
            (Entitlement::Open, None) => Ok(()),
            (Entitlement::Invitation(hash), None) => view
                .invitations()
                .find_by_code(hash)
                .await?
                .filter(|invitation| invitation.is_usable(self.clock.now()))
                .map(|_| ())
                .ok_or(AuthError::InvalidInvitation),
        }
    }

    async fn use_up(
        &self,
        unit: &mut dyn UnitOfWork,
        entitlement: &Entitlement,
    ) -> Result<(), AuthError> {
        match entitlement {
            Entitlement::Setup => {
                if !unit.server().remove_setup_code().await? {
                    return Err(AuthError::InvalidSetupCode);
                }
            }
            Entitlement::Invitation(hash) => {
                let mut invitation = unit
                    .invitations()
                    .find_by_code(hash)
                    .await?
                    .ok_or(AuthError::InvalidInvitation)?;
                invitation.uses += 1;
                unit.invitations().update(&invitation).await?;
            }
            Entitlement::Open => {}
        }
        Ok(())
    }

    fn new_session(&self, user_id: UserId, device_name: Option<String>, now: Timestamp) -> Session {
        let device_name: String = device_name
            .unwrap_or_default()
            .chars()
            .filter(|character| !character.is_control())
            .take(100)
            .collect();
        Session {
            id: SessionId::from_uuid(self.ids.uuid()),
            user_id,
            device_name,
            generation: 0,
            created_at: now,
            last_used_at: now,
            expires_at: now.plus(self.options.session_lifetime),
            revoked_at: None,
        }
    }

    fn signed_in(&self, user: &User, session: &Session, now: Timestamp) -> SignedIn {
        let expires_at = now.plus(self.options.access_token_lifetime);
        let claims = TokenClaims {
            kind: TokenKind::Access,
            user_id: user.id,
            session_id: session.id,
            generation: 0,
            expires_at,
            deadline: expires_at,
        };
        SignedIn {
            access_token: self.tokens.issue(&claims),
            expires_in: self.options.access_token_lifetime.as_secs(),
            refresh_token: self.tokens.issue(&TokenClaims {
                kind: TokenKind::Refresh,
                generation: session.generation,
                expires_at: session.expires_at,
                deadline: session.expires_at,
                ..claims
            }),
            refresh_expires_at: session.expires_at,
            user: UserDto::from(user),
        }
    }
}

async fn live(
    view: &mut dyn Repositories,
    session_id: SessionId,
    now: Timestamp,
) -> Result<Session, AuthError> {
    view.sessions()
        .find(session_id)
        .await?
        .filter(|session| session.is_live(now))
        .ok_or(AuthError::SessionRevoked)
}

/// A code as it is compared: people type it in any case and leave out the dashes.
fn normal(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|symbol| symbol.to_ascii_uppercase())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
