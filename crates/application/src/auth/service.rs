use std::sync::Arc;

use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::session::{RefreshOutcome, Session};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::{Repositories, Store};
use hubbub_domain::user::{Password, PasswordHash, User, Username};

use super::commands::{AuthOptions, HubAccess, Identity, Login, RegistrationMode};
use super::dto::{HubTicket, SessionDto, SignedIn};
use super::error::AuthError;
use super::tickets::SpentTickets;
use crate::events::Event;
use crate::ports::{
    Clock, EventBus, IdGenerator, PasswordHasher, TokenClaims, TokenError, TokenIssuer, TokenKind,
};
use crate::users::dto::UserDto;

/// Registers people, signs them in and out, and says who a token belongs to.
pub struct AuthService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) hasher: Arc<dyn PasswordHasher>,
    tokens: Arc<dyn TokenIssuer>,
    pub(super) events: Arc<dyn EventBus>,
    pub(super) options: AuthOptions,
    /// Checked in place of the hash of somebody who does not exist, so that both take the same time.
    decoy: PasswordHash,
    spent_tickets: SpentTickets,
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
        let nobodys = Password::parse(ids.uuid().to_string())?;
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
            spent_tickets: SpentTickets::default(),
        })
    }

    /// Whether the first account is still to be made, and who may register then.
    pub async fn registration(&self) -> Result<(bool, RegistrationMode), AuthError> {
        let mut view = self.store.read().await?;
        let setup_required = view.server().find_setup_code().await?.is_some();
        Ok((setup_required, self.options.registration))
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

    /// A token with which the caller can open one hub connection, which may stay open as long as the sign-in lasts.
    pub async fn hub_ticket(&self, identity: &Identity) -> Result<HubTicket, AuthError> {
        let now = self.clock.now();
        let mut view = self.store.read().await?;
        let session = live(view.as_mut(), identity.session_id, now).await?;
        let lifetime = self.options.hub_ticket_lifetime;
        let ticket = self.tokens.issue(&TokenClaims {
            kind: TokenKind::HubTicket,
            ticket_id: Some(self.ids.uuid()),
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

    /// Who opens a hub connection with this access token or hub ticket, and until when it may stay open. A ticket is used up by
    /// it.
    pub async fn open_hub(&self, token: &str) -> Result<HubAccess, AuthError> {
        let now = self.clock.now();
        let claims = self.verify_for_hub(token, now)?;
        let access = self.hub_access(&claims, now).await?;
        if claims.kind == TokenKind::HubTicket {
            let id = claims.ticket_id.ok_or(AuthError::Unauthenticated)?;
            self.spent_tickets.spend(id, claims.expires_at, now)?;
        }
        Ok(access)
    }

    /// Who stands behind a request that opens no hub connection: one before it, or one of a connection that is open. A ticket that
    /// was used up is good for that.
    pub async fn authenticate_hub(&self, token: &str) -> Result<HubAccess, AuthError> {
        let now = self.clock.now();
        let claims = self.verify_for_hub(token, now)?;
        self.hub_access(&claims, now).await
    }

    /// Who prolongs an open hub connection with this access token, and until when. Tickets open connections and do nothing else.
    pub async fn renew_hub(&self, access_token: &str) -> Result<HubAccess, AuthError> {
        let now = self.clock.now();
        let claims = self.tokens.verify(access_token, TokenKind::Access, now)?;
        self.hub_access(&claims, now).await
    }

    fn verify_for_hub(&self, token: &str, now: Timestamp) -> Result<TokenClaims, TokenError> {
        match self.tokens.verify(token, TokenKind::HubTicket, now) {
            Err(TokenError::Invalid) => self.tokens.verify(token, TokenKind::Access, now),
            ticket => ticket,
        }
    }

    async fn hub_access(
        &self,
        claims: &TokenClaims,
        now: Timestamp,
    ) -> Result<HubAccess, AuthError> {
        Ok(HubAccess {
            identity: self.identify(claims, now).await?,
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

    pub(super) fn new_session(
        &self,
        user_id: UserId,
        device_name: Option<String>,
        now: Timestamp,
    ) -> Session {
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

    pub(super) fn signed_in(&self, user: &User, session: &Session, now: Timestamp) -> SignedIn {
        let expires_at = now.plus(self.options.access_token_lifetime);
        let claims = TokenClaims {
            kind: TokenKind::Access,
            ticket_id: None,
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
