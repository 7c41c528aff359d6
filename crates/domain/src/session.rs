//! A sign-in on one device, kept alive by refresh tokens that each work once.

use std::time::Duration;

use crate::ids::{SessionId, UserId};
use crate::timestamp::Timestamp;

/// A repeated refresh within this time is taken for a lost answer, not for theft.
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);

/// A sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which sign-in it is.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the device called itself.
    pub device_name: String,
    /// The number of the refresh token that is to be used next. Each use adds one.
    pub generation: i64,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When a refresh token was last used.
    pub last_used_at: Timestamp,
    /// When it ends unless it is used again.
    pub expires_at: Timestamp,
    /// When it was ended, by a sign-out, by its owner or because a token was stolen.
    pub revoked_at: Option<Timestamp>,
}

/// What presenting a refresh token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The token was the current one; the session has moved on to the next.
    Rotated,
    /// The previous token came again so soon that its answer must have been lost; the current one is to be sent again.
    Repeated,
    /// A token came a second time: somebody has a copy. The session must end.
    Reused,
    /// The session has ended already.
    Ended,
}

impl Session {
    /// Whether the session may be used at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Takes a refresh token with the given number. On [`RefreshOutcome::Rotated`] the session has been prolonged by
    /// `lifetime`; on [`RefreshOutcome::Reused`] it has been revoked; both must be stored.
    pub fn present(
        &mut self,
        generation: i64,
        now: Timestamp,
        lifetime: Duration,
    ) -> RefreshOutcome {
        if !self.is_live(now) {
            return RefreshOutcome::Ended;
        }
        if generation == self.generation {
            self.generation += 1;
            self.last_used_at = now;
            self.expires_at = now.plus(lifetime);
            return RefreshOutcome::Rotated;
        }
        let is_previous = generation + 1 == self.generation;
        if is_previous && now.since(self.last_used_at) <= REFRESH_GRACE {
            return RefreshOutcome::Repeated;
        }
        self.revoked_at = Some(now);
        RefreshOutcome::Reused
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const MONTH: Duration = Duration::from_hours(720);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_micros(second * 1_000_000)
    }

    fn session() -> Session {
        Session {
            id: SessionId::from_uuid(Uuid::nil()),
            user_id: UserId::from_uuid(Uuid::nil()),
            device_name: String::new(),
            generation: 0,
            created_at: at(0),
            last_used_at: at(0),
            expires_at: at(0).plus(MONTH),
            revoked_at: None,
        }
    }

    #[test]
    fn each_token_moves_the_session_on() {
        let mut session = session();
        assert_eq!(session.present(0, at(100), MONTH), RefreshOutcome::Rotated);
        assert_eq!(session.present(1, at(200), MONTH), RefreshOutcome::Rotated);
        assert_eq!(session.generation, 2);
        assert_eq!(session.expires_at, at(200).plus(MONTH));
    }

    #[test]
    fn a_lost_answer_can_be_asked_for_again_for_ten_seconds() {
        let mut session = session();
        session.present(0, at(100), MONTH);
        assert_eq!(session.present(0, at(110), MONTH), RefreshOutcome::Repeated);
        assert_eq!(session.generation, 1, "a repeat takes no new number");
        assert_eq!(session.present(0, at(111), MONTH), RefreshOutcome::Reused);
        assert_eq!(session.present(1, at(112), MONTH), RefreshOutcome::Ended);
    }

    #[test]
    fn an_older_token_ends_the_session_at_once() {
        let mut session = session();
        session.present(0, at(1), MONTH);
        session.present(1, at(2), MONTH);
        assert_eq!(session.present(0, at(3), MONTH), RefreshOutcome::Reused);
        assert!(!session.is_live(at(3)));
    }
}
