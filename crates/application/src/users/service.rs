use std::sync::Arc;

use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::UserId;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{DisplayName, Username};

use super::dto::{ProfileDto, UserDto, UserPage};
use crate::error::{StorageError, service_error};
use crate::events::{Event, UserEvent, UserEventChange};
use crate::paging;
use crate::ports::EventBus;

/// Finds people, and changes what one is called and shows of oneself.
pub struct UserService {
    store: Arc<dyn Store>,
    events: Arc<dyn EventBus>,
}

/// What is to change about oneself; what is not given stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangeProfile {
    /// What others see.
    pub display_name: Option<String>,
    /// Whether others are kept from seeing how far one has read. Who does that does not see it of others either.
    pub private_receipts: Option<bool>,
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

    /// A service over the given ports.
    pub fn new(store: Arc<dyn Store>, events: Arc<dyn EventBus>) -> Self {
        Self { store, events }
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

    /// What one is called, and shows of oneself.
    pub async fn profile(&self, actor: UserId) -> Result<ProfileDto, UserError> {
        let mut view = self.store.read().await?;
        let user = view.users().find(actor).await?.ok_or(UserError::NotFound)?;
        Ok(ProfileDto {
            user: UserDto::from(&user),
            private_receipts: view.users().has_private_receipts(actor).await?,
        })
    }

    /// Changes what one is called, and shows of oneself. One's devices are told of the latter.
    pub async fn change_profile(
        &self,
        actor: UserId,
        wish: ChangeProfile,
    ) -> Result<ProfileDto, UserError> {
        let display_name = wish.display_name.as_deref().map(DisplayName::parse);
        let display_name = display_name.transpose()?;
        let mut unit = self.store.begin().await?;
        let mut user = unit.users().find(actor).await?.ok_or(UserError::NotFound)?;
        if let Some(display_name) = display_name {
            unit.users().rename(actor, &display_name).await?;
            user.display_name = display_name;
        }
        let was_private = unit.users().has_private_receipts(actor).await?;
        let is_private = wish.private_receipts.unwrap_or(was_private);
        let mut told = None;
        if is_private != was_private {
            let users = unit.users();
            let user_rev = users.next_rev(actor).await?;
            users
                .set_private_receipts(actor, is_private, user_rev)
                .await?;
            told = Some(Event::User(Arc::new(UserEvent {
                user_id: actor,
                from_rev: user_rev.previous(),
                to_rev: user_rev,
                change: UserEventChange::ReceiptsChanged {
                    private_receipts: is_private,
                },
            })));
        }
        unit.commit().await?;
        if let Some(event) = told {
            self.events.publish(event);
        }
        Ok(ProfileDto {
            user: UserDto::from(&user),
            private_receipts: is_private,
        })
    }
}
