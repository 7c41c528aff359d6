//! Making an account, and what entitles to it.

use hubbub_domain::conversation::GENERAL;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::UserId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::unit_of_work::{Repositories, UnitOfWork};
use hubbub_domain::user::{DisplayName, Password, ServerRole, User, Username};
use subtle::ConstantTimeEq as _;

use super::commands::{Registration, RegistrationMode};
use super::dto::SignedIn;
use super::error::AuthError;
use super::service::AuthService;
use crate::groups::change::GroupChange;
use crate::invitations::{code_hash, is_to_register};

/// What entitles somebody to register.
enum Entitlement {
    /// With the code that was given, in its normal form.
    Setup(String),
    Invitation([u8; 32]),
    Open,
}

impl AuthService {
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
            let (setup, invite) = (wish.setup_code.as_deref(), wish.invite_code.as_deref());
            self.entitlement(view.as_mut(), setup, invite).await?
        };
        let password_hash = self.hasher.hash(password).await?;

        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        self.check(unit.as_mut(), &entitlement).await?;
        self.use_up(unit.as_mut(), &entitlement).await?;
        let user = User {
            id: UserId::from_uuid(self.ids.uuid()),
            username,
            display_name,
            role: match entitlement {
                Entitlement::Setup(_) => ServerRole::Owner,
                Entitlement::Invitation(_) | Entitlement::Open => ServerRole::Member,
            },
            created_at: now,
        };
        match unit.users().add(&user, &password_hash).await {
            Err(error) if error.is_conflict() => return Err(AuthError::UsernameTaken),
            result => result?,
        }
        let session = self.new_session(user.id, wish.device_name, now);
        unit.sessions().add(&session).await?;
        let (clock, ids) = (self.clock.as_ref(), self.ids.as_ref());
        let general = GroupChange::lock(unit, GENERAL, user.id, clock, ids).await?;
        let mut general = general.ok_or_else(|| {
            let kind = RepositoryErrorKind::Corrupt;
            RepositoryError::new(kind, "the channel that everybody joins is gone")
        })?;
        // Who owns the server owns its first channel, or nobody could manage that.
        let role = match user.role {
            ServerRole::Owner => MemberRole::Owner,
            ServerRole::Admin | ServerRole::Member | ServerRole::Guest => MemberRole::Member,
        };
        general.admit(&user, role).await?;
        general.commit(self.events.as_ref()).await?;
        tracing::info!(user.id = %user.id, role = user.role.as_str(), "somebody registered");
        Ok(self.signed_in(&user, &session, now))
    }

    /// What the codes entitle to, as the data stands in `view`.
    async fn entitlement(
        &self,
        view: &mut dyn Repositories,
        setup_code: Option<&str>,
        invite_code: Option<&str>,
    ) -> Result<Entitlement, AuthError> {
        let is_new = view.server().find_setup_code().await?.is_some();
        let mode = self.options.registration;
        let entitlement = match (setup_code, invite_code) {
            (Some(code), _) => Entitlement::Setup(normal(code)),
            // Until the first account is made nobody else may come in, not even on an open server.
            (None, _) if is_new => return Err(AuthError::SetupRequired),
            (None, _) if mode == RegistrationMode::Closed => {
                return Err(AuthError::RegistrationClosed);
            }
            (None, Some(code)) => Entitlement::Invitation(code_hash(code.trim())),
            (None, None) if mode == RegistrationMode::Open => Entitlement::Open,
            (None, None) => return Err(AuthError::InvitationRequired),
        };
        self.check(view, &entitlement).await?;
        Ok(entitlement)
    }

    /// Whether the entitlement holds, as the data stands in `view`.
    async fn check(
        &self,
        view: &mut dyn Repositories,
        entitlement: &Entitlement,
    ) -> Result<(), AuthError> {
        match entitlement {
            Entitlement::Setup(given) => {
                let expected = view.server().find_setup_code().await?;
                let expected = normal(&expected.ok_or(AuthError::SetupDone)?);
                if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
                    Ok(())
                } else {
                    Err(AuthError::InvalidSetupCode)
                }
            }
            Entitlement::Open => Ok(()),
            Entitlement::Invitation(hash) => view
                .invitations()
                .find_by_code(hash)
                .await?
                .filter(|invitation| is_to_register(invitation, self.clock.now()))
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
            Entitlement::Setup(_) => {
                if !unit.server().remove_setup_code().await? {
                    return Err(AuthError::SetupDone);
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
}

/// A code as it is compared: people type it in any case and leave out the dashes.
fn normal(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|symbol| symbol.to_ascii_uppercase())
        .collect()
}
