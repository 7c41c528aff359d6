//! People: who they are, what they may call themselves, and how they prove it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;
use crate::ids::UserId;
use crate::text;
use crate::timestamp::Timestamp;

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is, for ever.
    pub id: UserId,
    /// What the person signs in with; unique.
    pub username: Username,
    /// What others see.
    pub display_name: DisplayName,
    /// What the person may do on this server.
    pub role: ServerRole,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// The name to sign in with: 2 to 32 characters of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Upper
/// case is folded, so that nobody can take a name that differs from another only by case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

impl Username {
    /// Checks and folds what a person entered.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim().to_ascii_lowercase();
        let valid = (2..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && name.as_bytes()[0].is_ascii_alphanumeric();
        if valid {
            Ok(Self(name))
        } else {
            Err(InvalidValue::Username)
        }
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name that others see: 1 to 64 characters on one line, without invisible ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Checks and trims what a person entered.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text::name(text, 1, 64)
            .map(Self)
            .ok_or(InvalidValue::DisplayName)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Username> for DisplayName {
    /// Who gives no display name is shown by username, which is always a valid one.
    fn from(username: &Username) -> Self {
        Self(username.0.clone())
    }
}

/// A password as entered: 10 to 256 characters, taken exactly as they are. It is never shown, not even in debug output.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Checks the length of a password that is to be set.
    pub fn parse(text: String) -> Result<Self, InvalidValue> {
        if (10..=256).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(InvalidValue::Password)
        }
    }

    /// The bytes to hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash in PHC string form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes the PHC string that a hasher made.
    pub fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a person may do on the server as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ServerRole {
    /// Made the first account; may do everything.
    Owner,
    /// Runs the server: invites people, manages accounts.
    Admin,
    /// Takes part.
    Member,
    /// Takes part where invited.
    Guest,
}

impl ServerRole {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }

    /// Reads the stored word.
    pub fn from_name(word: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member, Self::Guest]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_folded_and_checked() {
        assert_eq!(Username::parse(" Ada.L ").unwrap().as_str(), "ada.l");
        for bad in [
            "",
            "a",
            ".ada",
            "ada lovelace",
            "ädä",
            "a@b",
            &"a".repeat(33),
        ] {
            assert_eq!(Username::parse(bad), Err(InvalidValue::Username), "{bad:?}");
        }
        assert!(Username::parse(&"a".repeat(32)).is_ok());
    }

    #[test]
    fn a_password_is_taken_as_it_is_and_never_shown() {
        let password = Password::parse("  spaces count  ".to_owned()).unwrap();
        assert_eq!(password.expose(), "  spaces count  ");
        assert!(!format!("{password:?}").contains("spaces"));
        assert!(Password::parse("nine char".to_owned()).is_err());
        assert!(Password::parse("密".repeat(256)).is_ok());
        assert!(Password::parse("密".repeat(257)).is_err());
    }

    #[test]
    fn every_role_is_read_back_from_its_word() {
        for role in [
            ServerRole::Owner,
            ServerRole::Admin,
            ServerRole::Member,
            ServerRole::Guest,
        ] {
            assert_eq!(ServerRole::from_name(role.as_str()), Some(role));
        }
        assert_eq!(ServerRole::from_name("root"), None);
    }
}
