//! Making an account, and what entitles to it.

use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::UserId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::unit_of_work::{Repositories, UnitOfWork};
use hubbub_domain::user::{DisplayName, Password, ServerRole, User, Username};
use subtle::ConstantTimeEq as _;

use super::commands::{Registration, RegistrationMode};
use super::dto::SignedIn;
use super::error::AuthError;
use super::service::AuthService;
use crate::groups::membership;
use crate::invitations::code_hash;

/// What entitles somebody to register.
enum Entitlement {
    Setup,
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

    fn entitlement(
        &self,
        setup_code: Option<&str>,
        invite_code: Option<&str>,
    ) -> Result<Entitlement, AuthError> {
        match (setup_code, invite_code, self.options.registration) {
            (Some(_), _, _) => Ok(Entitlement::Setup),
            (None, None, RegistrationMode::Open) => Ok(Entitlement::Open),
            (None, Some(code), RegistrationMode::Open | RegistrationMode::Invitation) => {
                Ok(Entitlement::Invitation(code_hash(code.trim())))
            }
            (None, _, _) => Err(AuthError::RegistrationClosed),
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
}

/// A code as it is compared: people type it in any case and leave out the dashes.
fn normal(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|symbol| symbol.to_ascii_uppercase())
        .collect()
}
