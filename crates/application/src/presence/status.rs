//! What people say of themselves: stored first, then told, until it was told.

use std::collections::{BTreeSet, HashMap};

use hubbub_domain::ids::UserId;
use hubbub_domain::message::Emoji;
use hubbub_domain::presence::{Status, StatusText};
use hubbub_domain::repository::KeptPresence;
use hubbub_domain::timestamp::Timestamp;

use super::dto::{ManualStateDto, OwnStatusDto};
use super::error::PresenceError;
use super::service::PresenceService;
use super::store::PresenceLost;
use crate::ports::Action;

/// What one wants to say of oneself from now on; what is not given is not said any more.
#[derive(Clone, Debug, Default)]
pub struct SetStatus {
    /// What to be shown as in place of what the connections say.
    pub state: Option<ManualStateDto>,
    /// A few words.
    pub text: Option<String>,
    /// A picture.
    pub emoji: Option<String>,
    /// When all of it ends. A time that has passed ends it at once.
    pub until: Option<Timestamp>,
}

/// Of whom the others have yet to learn something that the database knows.
#[derive(Default)]
pub(super) struct Unsaid {
    users: BTreeSet<UserId>,
    /// When what somebody says ends.
    ends: BTreeSet<(Timestamp, UserId)>,
}

impl Unsaid {
    fn add(&mut self, user: UserId) {
        self.users.insert(user);
    }

    /// Remembers when what these people say will end.
    pub(super) fn expect_ends(&mut self, kept: &HashMap<UserId, KeptPresence>) {
        for (user, kept) in kept {
            self.expect_end(*user, &kept.status);
        }
    }

    fn expect_end(&mut self, user: UserId, status: &Status) {
        self.ends.extend(status.until.map(|until| (until, user)));
    }

    /// What has ended is to be said.
    pub(super) fn look_for_ends(&mut self, now: Timestamp) {
        while let Some(&(until, user)) = self.ends.first()
            && until <= now
        {
            self.ends.pop_first();
            self.users.insert(user);
        }
    }
}

impl PresenceService {
    /// Changes what one says of oneself. It is stored when this answers; those who watch learn of it as soon as they can be told.
    pub async fn set_status(
        &self,
        actor: UserId,
        wish: SetStatus,
    ) -> Result<OwnStatusDto, PresenceError> {
        let status = wish.parse()?;
        self.limits
            .take(Action::SetStatus, actor)
            .map_err(PresenceError::TooOften)?;
        let status = status.at(self.clock.now());
        let mut unit = self.database.begin().await?;
        unit.presence().save_status(actor, &status).await?;
        unit.commit().await?;
        {
            let mut unsaid = self.unsaid.lock();
            unsaid.add(actor);
            unsaid.expect_end(actor, &status);
        }
        self.say_statuses().await;
        Ok(OwnStatusDto::from(&status))
    }

    /// What one says of oneself now.
    pub async fn status(&self, actor: UserId) -> Result<OwnStatusDto, PresenceError> {
        let kept = self.kept(&[actor]).await?.remove(&actor);
        let status = kept.unwrap_or_default().status.at(self.clock.now());
        Ok(OwnStatusDto::from(&status))
    }

    /// Says what has not been said yet.
    pub(super) async fn say_statuses(&self) {
        let users = std::mem::take(&mut self.unsaid.lock().users);
        for user in users {
            if let Err(error) = self.say_status(user).await {
                tracing::debug!(%error, "what somebody says will be said later");
                self.unsaid.lock().add(user);
            }
        }
    }

    async fn say_status(&self, user: UserId) -> Result<(), PresenceLost> {
        let kept = self.kept(&[user]).await;
        let kept = kept.map_err(|_| PresenceLost::Unavailable)?.remove(&user);
        let status = kept.unwrap_or_default().status.at(self.clock.now());
        let standing = match self.store.hide(user, status.is_invisible()).await? {
            Some(change) => change,
            None => self.store.touch(user).await?,
        };
        self.announce(vec![standing]).await;
        Ok(())
    }
}

impl SetStatus {
    fn parse(self) -> Result<Status, PresenceError> {
        let text = self.text.filter(|text| !text.trim().is_empty());
        Ok(Status {
            state: self.state.map(ManualStateDto::into),
            text: text.as_deref().map(StatusText::parse).transpose()?,
            emoji: self.emoji.as_deref().map(Emoji::parse).transpose()?,
            until: self.until,
        })
    }
}
