use std::time::Duration;

use hubbub_domain::ids::SessionId;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::User;

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
