use std::sync::Arc;

use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::UserId;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{DisplayName, User, Username};

use super::dto::{UserDto, UserPage};
use crate::error::{StorageError, service_error};
use crate::paging;

/// Finds people and changes what one is called.
pub struct UserService {
    store: Arc<dyn Store>,
}

/// How finding or changing a person can fail.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// There is no such person.
    #[error("there is no such person")]
    NotFound,
    /// A name that is looked for is longer than names can be.
    #[error(
        "a search for people has at most {} characters",
        UserService::MAX_QUERY
    )]
    QueryTooLong,
}

service_error!(UserError {
    Self::NotFound => (NotFound, "not_found"),
    Self::QueryTooLong => (Invalid, "limit_exceeded"),
});

impl UserService {
    /// How many people one page has at most.
    pub const MAX_PAGE: i64 = 200;
    /// How many characters what is looked for may have: no name has more.
    pub const MAX_QUERY: usize = 64;

    /// A service over the given store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The person with that id.
    pub async fn get(&self, id: UserId) -> Result<UserDto, UserError> {
        let mut view = self.store.read().await?;
        let user = view.users().find(id).await?.ok_or(UserError::NotFound)?;
        Ok(UserDto::from(&user))
    }

    /// People whose name or username contains `query`, by username, after the username given.
    pub async fn list(
        &self,
        query: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Result<UserPage, UserError> {
        let query = query.trim();
        if query.chars().nth(Self::MAX_QUERY).is_some() {
            return Err(UserError::QueryTooLong);
        }
        let after = after.map(Username::parse).transpose()?;
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let mut view = self.store.read().await?;
        let mut users = view.users().list(query, after.as_ref(), limit + 1).await?;
        let has_more = paging::cut(&mut users, limit);
        Ok(UserPage {
            next: users
                .last()
                .filter(|_| has_more)
                .map(|user| user.username.as_str().to_owned()),
            users: users.iter().map(UserDto::from).collect(),
        })
    }

    /// Changes what others see of oneself.
    pub async fn rename(&self, actor: UserId, display_name: &str) -> Result<UserDto, UserError> {
        let display_name = DisplayName::parse(display_name)?;
        let mut unit = self.store.begin().await?;
        let user = unit.users().find(actor).await?.ok_or(UserError::NotFound)?;
        unit.users().rename(actor, &display_name).await?;
        unit.commit().await?;
        Ok(UserDto::from(&User {
            display_name,
            ..user
        }))
    }
}
