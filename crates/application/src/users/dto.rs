//! People as clients see them.

use hubbub_domain::ids::UserId;
use hubbub_domain::user::{ServerRole, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserDto {
    /// Who it is, for ever.
    pub id: UserId,
    /// What the person signs in with.
    pub username: String,
    /// What to show.
    pub display_name: String,
    /// What the person may do on this server.
    pub role: ServerRole,
}

impl From<&User> for UserDto {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.username.as_str().to_owned(),
            display_name: user.display_name.as_str().to_owned(),
            role: user.role,
        }
    }
}

/// Oneself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Profile)]
pub struct ProfileDto {
    /// What others see.
    #[serde(flatten)]
    pub user: UserDto,
    /// Whether others are kept from seeing how far one has read.
    pub private_receipts: bool,
}

/// Some people, and how to get the next ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserPage)]
pub struct UserPage {
    /// People by username.
    pub users: Vec<UserDto>,
    /// The `after` of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}
