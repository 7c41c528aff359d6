use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::Store;

use super::error::AuthError;
use super::service::AuthService;
use crate::ports::Clock;

/// How far each look goes back behind the one before it: further than the clocks of nodes may differ, and longer than a unit of work
/// takes.
const OVERLAP: Duration = Duration::from_mins(1);
/// How many sign-ins one query is about.
const BATCH: i64 = 500;

/// Finds sign-ins that were ended, on whichever node, each once, by one query of an index.
pub struct EndedSessions {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    from: Timestamp,
    /// Those of the overlap, which are not told again.
    told: HashMap<SessionId, Timestamp>,
}

impl AuthService {
    /// Sign-ins that are ended from now on.
    pub fn ended_sessions(&self) -> EndedSessions {
        EndedSessions {
            store: self.store.clone(),
            clock: self.clock.clone(),
            from: self.clock.now().minus(OVERLAP),
            told: HashMap::new(),
        }
    }
}

impl EndedSessions {
    /// Those that were ended since the last time.
    pub async fn next(&mut self) -> Result<Vec<(UserId, SessionId)>, AuthError> {
        let mut fresh = Vec::new();
        let asked_at = self.clock.now();
        let mut after = self.from;
        loop {
            let mut view = self.store.read().await?;
            let page = view.sessions().list_revoked(after, BATCH).await?;
            let is_last = page.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            for session in page {
                let Some(at) = session.revoked_at else {
                    continue;
                };
                after = at;
                if self.told.insert(session.id, at).is_none() {
                    fresh.push((session.user_id, session.id));
                }
            }
            if is_last {
                break;
            }
        }
        self.from = asked_at.minus(OVERLAP);
        self.told.retain(|_, at| *at > self.from);
        Ok(fresh)
    }
}
