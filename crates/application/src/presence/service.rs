use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use hubbub_domain::error::InvalidValue;
use hubbub_domain::ids::UserId;
use hubbub_domain::unit_of_work::Store;

use super::dto::PresenceDto;
use super::tracker::{Departure, PresenceTracker};
use crate::error::{StorageError, service_error};
use crate::events::Event;
use crate::ports::{Clock, EventBus};

/// Keeps account of who is connected to this node, and says who may watch whom. Connections are named by a string.
pub struct PresenceService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventBus>,
    tracker: Mutex<PresenceTracker<String>>,
}

/// How watching can fail.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Too many people.
    #[error(
        "one can watch at most {} people at once",
        PresenceService::MAX_WATCHED
    )]
    TooMany,
}

service_error!(PresenceError { Self::TooMany => (Invalid, "limit_exceeded") });

impl PresenceService {
    /// How many people one connection may watch.
    pub const MAX_WATCHED: usize = 200;

    /// A service over the given ports.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, events: Arc<dyn EventBus>) -> Self {
        Self {
            store,
            clock,
            events,
            tracker: Mutex::default(),
        }
    }

    /// A connection of the user has opened.
    pub fn connected(&self, user: UserId, connection: &str) {
        let change = self.tracker().connected(user, connection.to_owned());
        self.publish(change);
    }

    /// A connection has ended.
    pub fn disconnected(&self, connection: &str, why: Departure) {
        let now = self.clock.now();
        let change = self
            .tracker()
            .disconnected(&connection.to_owned(), why, now);
        self.publish(change);
    }

    /// The user has signed out on a device whose connection may have ended before: there is nobody to wait for.
    pub fn signed_out(&self, user: UserId) {
        let change = self.tracker().signed_out(user);
        self.publish(change);
    }

    /// Shows those as offline whose grace is over. To be called about once a second.
    pub fn sweep(&self) {
        let changes = self.tracker().expire(self.clock.now());
        self.publish(changes);
    }

    /// Those whom the watcher may watch: people with whom one shares a conversation.
    pub async fn may_watch(
        &self,
        watcher: UserId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, PresenceError> {
        if users.len() > Self::MAX_WATCHED {
            return Err(PresenceError::TooMany);
        }
        let mut view = self.store.read().await?;
        Ok(view.users().list_sharing(watcher, users).await?)
    }

    /// How people are shown to somebody who may watch the `allowed` ones; the others are shown as offline.
    pub fn states(&self, users: &[UserId], allowed: &[UserId]) -> Vec<PresenceDto> {
        let allowed: HashSet<&UserId> = allowed.iter().collect();
        let tracker = self.tracker();
        users
            .iter()
            .map(|user| {
                if allowed.contains(user) {
                    tracker.presence(*user)
                } else {
                    PresenceDto::unknown(*user)
                }
            })
            .collect()
    }

    fn publish(&self, changes: impl IntoIterator<Item = PresenceDto>) {
        for change in changes {
            self.events.publish(Event::Presence(change));
        }
    }

    fn tracker(&self) -> std::sync::MutexGuard<'_, PresenceTracker<String>> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
