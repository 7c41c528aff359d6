//! Who may watch whom, and what they are shown.

use std::collections::HashMap;

use hubbub_domain::ids::UserId;

use super::dto::PresenceDto;
use super::error::PresenceError;
use super::service::PresenceService;
use super::store::MAX_BATCH;

impl PresenceService {
    /// Those whom the watcher may watch: people with whom one shares a conversation.
    pub async fn may_watch(
        &self,
        watcher: UserId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, PresenceError> {
        if users.len() > Self::MAX_WATCHED {
            return Err(PresenceError::TooMany);
        }
        let mut view = self.database.read().await?;
        Ok(view.users().list_sharing(watcher, users).await?)
    }

    /// Those whom every connection of the watcher watches without asking: the others of the latest direct conversations.
    pub async fn partners(&self, watcher: UserId) -> Result<Vec<UserId>, PresenceError> {
        let limit = i64::try_from(Self::MAX_WATCHED).unwrap_or(i64::MAX);
        let mut view = self.database.read().await?;
        let mut partners = view.users().list_partners(watcher, limit).await?;
        partners.retain(|partner| *partner != watcher);
        Ok(partners)
    }

    /// How people are shown to somebody who may watch the `allowed` ones; the others are shown as anybody who never was here.
    pub async fn states(&self, users: &[UserId], allowed: &[UserId]) -> Vec<PresenceDto> {
        // Who has just connected to this very node is there.
        self.report().await;
        let Some(shown) = self.read(allowed).await else {
            return users.iter().copied().map(PresenceDto::unknown).collect();
        };
        let shown: HashMap<_, _> = shown
            .into_iter()
            .map(|presence| (presence.user_id, presence))
            .collect();
        let now = self.clock.now();
        users
            .iter()
            .map(|user| {
                let presence = shown.get(user).cloned();
                presence.unwrap_or_else(|| PresenceDto::nobody(*user, now))
            })
            .collect()
    }

    /// How people are shown who may be, or nothing if it cannot be told.
    pub async fn read(&self, users: &[UserId]) -> Option<Vec<PresenceDto>> {
        let now = self.clock.now();
        let mut shown = Vec::with_capacity(users.len());
        for batch in users.chunks(MAX_BATCH) {
            let standings = self.store.read(batch).await.ok()?;
            let mut kept = self.kept(batch).await.ok()?;
            shown.extend(standings.iter().map(|standing| {
                let kept = kept.remove(&standing.user).unwrap_or_default();
                PresenceDto::new(standing, kept, now)
            }));
        }
        Some(shown)
    }
}
