use std::time::Duration;

use hubbub_application::ports::{Action, RateLimiter};
use hubbub_domain::ids::UserId;
use tokio::time::Instant;

use super::buckets::{Buckets, Rate};

/// How often people may set their status.
const STATUS: Rate = Rate {
    burst: 10,
    period: Duration::from_secs(5),
};

/// How often one person may do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Sending messages; without it, as often as one likes.
    pub send: Option<Rate>,
    /// Saying that one types.
    pub typing: Option<Rate>,
}

impl RateLimits {
    /// How often one may do that, if there is a bound.
    pub fn of(&self, action: Action) -> Option<Rate> {
        match action {
            Action::Send => self.send,
            Action::Type => self.typing,
            Action::SetStatus => Some(STATUS),
        }
    }
}

/// Counts what people do on this node.
pub struct InProcessRateLimiter {
    send: Option<Buckets<UserId>>,
    typing: Option<Buckets<UserId>>,
    status: Option<Buckets<UserId>>,
}

impl InProcessRateLimiter {
    /// Nobody has done anything yet.
    pub fn new(limits: RateLimits) -> Self {
        let buckets = |action| limits.of(action).map(Buckets::new);
        Self {
            send: buckets(Action::Send),
            typing: buckets(Action::Type),
            status: buckets(Action::SetStatus),
        }
    }

    /// Takes it that a person has done so much elsewhere that it will be so long before nothing is owed any more.
    pub(crate) fn raise(&self, action: Action, user: UserId, debt: Duration) {
        if let Some(buckets) = self.of(action) {
            buckets.raise(user, Instant::now() + debt);
        }
    }

    fn of(&self, action: Action) -> Option<&Buckets<UserId>> {
        let buckets = match action {
            Action::Send => &self.send,
            Action::Type => &self.typing,
            Action::SetStatus => &self.status,
        };
        buckets.as_ref()
    }
}

impl RateLimiter for InProcessRateLimiter {
    fn take(&self, action: Action, user: UserId) -> Result<(), Duration> {
        match self.of(action) {
            Some(buckets) => buckets.take(user, Instant::now()),
            None => Ok(()),
        }
    }
}
