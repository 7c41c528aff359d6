//! What this node says to the others, and what it tells of what they say together.

use std::collections::HashMap;

use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::UserId;
use hubbub_domain::repository::KeptPresence;
use hubbub_domain::timestamp::Timestamp;

use super::dto::PresenceDto;
use super::service::PresenceService;
use super::store::{Here, Liveness, MAX_BATCH, PresenceLost, Report, Standing, Tick};
use crate::events::Event;

impl PresenceService {
    /// Makes this node known. With `is_return` people may be on their way back, as after any start but the first.
    pub async fn enter(&self, is_return: bool) {
        // Whoever cannot be reached now is tried again by the next beat.
        if let Err(error) = self.store.enter(is_return).await {
            tracing::warn!(%error, "presence cannot be shared yet");
        }
    }

    /// Says what is new of this node's users, and tells whom it changes.
    pub async fn report(&self) {
        let Ok(_turn) = self.turn.acquire().await else {
            return;
        };
        loop {
            let edges = self.local.lock().take();
            if edges.is_empty() {
                return;
            }
            match self.say(&edges).await {
                Ok(changes) => {
                    self.local.lock().heard(&edges);
                    self.announce(changes).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "what is new of this node will be said later");
                    self.local.lock().unsure(&edges);
                    return;
                }
            }
        }
    }

    async fn say(&self, edges: &[(UserId, Here)]) -> Result<Vec<Standing>, PresenceLost> {
        let now = self.clock.now();
        let here: Vec<_> = edges
            .iter()
            .filter(|(_, here)| matches!(here, Here::Active | Here::Away))
            .map(|(user, _)| *user)
            .collect();
        let kept = self.kept(&here).await.map_err(|error| {
            // Who may want to be hidden is not shown.
            tracing::warn!(%error, "nobody can be shown as long as it is not known who wants to be");
            PresenceLost::Unavailable
        })?;
        self.unsaid.lock().expect_ends(&kept);
        let reports: Vec<_> = edges
            .iter()
            .map(|&(user, here)| Report {
                user,
                here,
                is_hidden: kept
                    .get(&user)
                    .is_some_and(|kept| kept.status.clone().at(now).is_invisible()),
            })
            .collect();
        self.store.report(&reports).await
    }

    /// Keeps this node alive for the others, looks who has gone away, and tells what became of nodes that ended.
    pub async fn beat(&self) {
        let now = self.clock.now();
        self.local.lock().look_for_idle(now);
        self.unsaid.lock().look_for_ends(now);
        loop {
            match self.store.tick().await {
                Ok(tick) => {
                    self.learn(&tick);
                    self.announce(tick.changes).await;
                    if !tick.has_more {
                        break;
                    }
                }
                Err(PresenceLost::Forgotten) => {
                    if self.begin_again().await.is_err() {
                        self.lose();
                        return;
                    }
                }
                Err(PresenceLost::Unavailable) => {
                    self.lose();
                    return;
                }
            }
        }
        self.report().await;
        self.say_statuses().await;
    }

    async fn begin_again(&self) -> Result<(), PresenceLost> {
        let Ok(_turn) = self.turn.acquire().await else {
            return Ok(());
        };
        tracing::info!("presence was lost; everybody here is said to the others again");
        self.store.enter(true).await?;
        self.local.lock().say_all();
        Ok(())
    }

    fn lose(&self) {
        self.knowledge.send_if_modified(|knowledge| {
            let is_news = !knowledge.is_lost;
            if is_news {
                tracing::warn!("who is there is not known at the moment");
            }
            knowledge.is_lost = true;
            is_news
        });
    }

    /// What was missed while nothing was known, or while others had not said who is there, is to be read.
    fn learn(&self, tick: &Tick) {
        self.knowledge.send_if_modified(|knowledge| {
            let is_doubtful = knowledge.is_lost || knowledge.is_settling && !tick.is_settling;
            knowledge.is_lost = false;
            knowledge.is_settling = tick.is_settling;
            knowledge.generation += u64::from(is_doubtful);
            is_doubtful
        });
    }

    /// Ends this node in order.
    pub async fn leave(&self) {
        let now = self.clock.now();
        let connected = self.local.lock().connected();
        for batch in connected.chunks(MAX_BATCH) {
            let seen: Vec<_> = batch.iter().map(|user| (*user, now)).collect();
            self.save_last_seen(&seen).await;
        }
        if let Err(error) = self.store.leave().await {
            tracing::debug!(%error, "this node's lease is left to run out");
        }
    }

    /// Tells those who watch. What people say is read after the change has its version, so that a later one never says less.
    pub(super) async fn announce(&self, changes: Vec<Standing>) {
        if changes.is_empty() {
            return;
        }
        let now = self.clock.now();
        let seen: Vec<_> = changes
            .iter()
            .filter(|change| change.liveness == Liveness::Offline)
            .filter_map(|change| Some((change.user, change.left_at?)))
            .collect();
        self.save_last_seen(&seen).await;
        let users: Vec<_> = changes.iter().map(|change| change.user).collect();
        let mut kept = self.kept(&users).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "people are shown without what they say");
            HashMap::new()
        });
        for change in changes {
            let kept = kept.remove(&change.user).unwrap_or_default();
            let presence = PresenceDto::new(&change, kept, now);
            self.events.publish(Event::Presence(presence));
        }
    }

    async fn save_last_seen(&self, seen: &[(UserId, Timestamp)]) {
        if seen.is_empty() {
            return;
        }
        let saving = async {
            let mut unit = self.database.begin().await?;
            unit.presence().save_last_seen(seen).await?;
            unit.commit().await
        };
        if let Err(error) = saving.await {
            tracing::warn!(%error, "when people were last seen is not kept");
        }
    }

    /// What is kept of people.
    pub(super) async fn kept(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, KeptPresence>, RepositoryError> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let mut view = self.database.read().await?;
        Ok(view.presence().list(users).await?.into_iter().collect())
    }
}
