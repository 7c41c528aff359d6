//! Reading what hints did not bring. One task at a time reads a log, and one takes another look at a connection.

use std::time::Duration;

use hubbub_application::chat::ChatError;
use hubbub_application::chat::dto::Head;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_shared::Causes;

use super::Relay;
use super::outbound::ConnectionKey;
use super::state::{Hole, Work};

/// How many steps one query for a hole brings.
const FETCH_LIMIT: i64 = 200;
/// How long to wait before a hole is tried again that could not be read.
const FETCH_RETRY: Duration = Duration::from_secs(1);
/// How long a hint may take longer than a later one, or than the news that there is something to be heard of, before the database is
/// asked: the steps of several nodes overtake one another all the time.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

impl<K: ConnectionKey> Relay<K> {
    /// Begins what has become necessary.
    pub(super) fn begin(&self, work: Work<K>) {
        let tasks = &self.shared.tasks;
        for id in work.fill {
            let relay = self.clone();
            tasks.spawn(async move { relay.fill(id).await });
        }
        for user in work.fill_users {
            let relay = self.clone();
            tasks.spawn(async move { relay.fill_user(user).await });
        }
        for key in work.looks {
            let relay = self.clone();
            tasks.spawn(async move { relay.look_again(key).await });
        }
    }

    /// Reads what is missing of a conversation until nothing is.
    async fn fill(&self, id: ConversationId) {
        tokio::time::sleep(PATIENCE).await;
        let mut account = Account::default();
        while let Some(hole) = self.with(|state, _| state.next_to_fill(id)) {
            account.found(self, hole);
            let after = Rev::new(hole.missing.after);
            match self.shared.source.steps_after(id, after, FETCH_LIMIT).await {
                Ok(steps) => {
                    account.read(self, hole, steps.len());
                    self.with(|state, outbound| state.fill(id, hole.missing, steps, outbound));
                }
                Err(error) => {
                    tracing::warn!(conversation.id = %id, error = %Causes(&error), "a hole cannot be read yet");
                    tokio::time::sleep(FETCH_RETRY).await;
                }
            }
        }
    }

    /// The same for a user's own log.
    async fn fill_user(&self, user: UserId) {
        tokio::time::sleep(PATIENCE).await;
        let mut account = Account::default();
        while let Some(hole) = self.with(|state, _| state.next_to_fill_of_user(user)) {
            account.found(self, hole);
            let after = UserRev::new(hole.missing.after);
            let source = &self.shared.source;
            match source.user_steps_after(user, after, FETCH_LIMIT).await {
                Ok(steps) => {
                    account.read(self, hole, steps.len());
                    self.with(|state, outbound| {
                        state.fill_user(user, hole.missing, steps, outbound);
                    });
                }
                Err(error) => {
                    tracing::warn!(user.id = %user, error = %Causes(&error), "a hole cannot be read yet");
                    tokio::time::sleep(FETCH_RETRY).await;
                }
            }
        }
    }

    /// Takes the snapshot of a live connection again, unless it follows by now what it should, and tells it again from where on it is
    /// live.
    async fn look_again(&self, key: K) {
        tokio::time::sleep(PATIENCE).await;
        while let Some(user) = self.with(|state, _| state.must_look(&key)) {
            if let Err(error) = self.make_live(&key, user).await {
                tracing::warn!(user.id = %user, error = %Causes(&error), "a connection cannot be looked after yet");
                tokio::time::sleep(FETCH_RETRY).await;
            }
        }
    }

    /// Delivers a conversation's log as far as a snapshot has seen it.
    pub(super) async fn catch_up(&self, head: Head) -> Result<(), ChatError> {
        let id = head.conversation_id;
        loop {
            let applied = self.with(|state, _| state.applied(id));
            let Some(after) = applied.filter(|&applied| applied < head.rev) else {
                return Ok(());
            };
            let steps = self.shared.source.steps_after(id, after, FETCH_LIMIT);
            let steps = steps.await?;
            self.with(|state, outbound| state.deliver_read(id, steps, outbound));
        }
    }
}

/// What one task has counted already: a hole counts once, in however many pieces it is read.
#[derive(Default)]
struct Account {
    is_found: bool,
    is_filled: bool,
}

impl Account {
    fn found<K: ConnectionKey>(&mut self, relay: &Relay<K>, hole: Hole) {
        if let Some(detector) = hole.found_by
            && !std::mem::replace(&mut self.is_found, true)
        {
            relay.shared.counters.holes_found(detector).increment();
        }
    }

    fn read<K: ConnectionKey>(&mut self, relay: &Relay<K>, hole: Hole, steps: usize) {
        if let Some(detector) = hole.found_by
            && steps > 0
            && !std::mem::replace(&mut self.is_filled, true)
        {
            relay.shared.counters.holes_filled(detector).increment();
        }
    }
}
