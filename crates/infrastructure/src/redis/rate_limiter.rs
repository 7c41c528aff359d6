//! Limits that several nodes count together, without anybody waiting for it.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::ports::{Action, RateLimiter};
use hubbub_domain::ids::UserId;
use redis::Script;
use redis::aio::ConnectionManager;
use tokio::sync::mpsc;

use super::connection::ANSWER_TIMEOUT;
use crate::in_process::{InProcessRateLimiter, RateLimits};

/// How many deeds may wait to be told to the others; more are counted on this node alone.
const QUEUE: usize = 10_000;
/// How many are told at once.
const BATCH: usize = 500;
/// Before every key.
const PREFIX: &str = "hubbub:rate:";

/// Decides at once by what this node knows, and learns a moment later what was done on others. While Redis is away this node decides
/// alone; nobody is ever let through unseen.
pub struct RedisRateLimiter {
    local: Arc<InProcessRateLimiter>,
    limits: RateLimits,
    done: mpsc::Sender<(Action, UserId)>,
}

/// Tells the others what was done here, and learns what they did. To be run for as long as the limiter is used.
pub struct RateSharing {
    connection: ConnectionManager,
    local: Arc<InProcessRateLimiter>,
    limits: RateLimits,
    done: mpsc::Receiver<(Action, UserId)>,
}

impl RedisRateLimiter {
    /// A limiter, and what shares its counts.
    pub fn new(connection: ConnectionManager, limits: RateLimits) -> (Self, RateSharing) {
        let local = Arc::new(InProcessRateLimiter::new(limits));
        let (done, told) = mpsc::channel(QUEUE);
        let sharing = RateSharing {
            connection,
            local: local.clone(),
            limits,
            done: told,
        };
        let limiter = Self {
            local,
            limits,
            done,
        };
        (limiter, sharing)
    }
}

impl RateLimiter for RedisRateLimiter {
    fn take(&self, action: Action, user: UserId) -> Result<(), Duration> {
        self.local.take(action, user)?;
        if self.limits.of(action).is_some() {
            // A full queue means that Redis does not keep up: this node counts alone then.
            let _ = self.done.try_send((action, user));
        }
        Ok(())
    }
}

impl RateSharing {
    /// Runs until the limiter is gone.
    pub async fn run(mut self) {
        let script = Script::new(include_str!("rate_limiter.lua"));
        let mut batch = Vec::with_capacity(BATCH);
        while self.done.recv_many(&mut batch, BATCH).await > 0 {
            self.share(&script, &batch).await;
            batch.clear();
        }
    }

    async fn share(&mut self, script: &Script, batch: &[(Action, UserId)]) {
        let mut invocation = script.prepare_invoke();
        invocation.key(PREFIX);
        for (action, user) in batch {
            let period = self
                .limits
                .of(*action)
                .map_or(Duration::ZERO, |rate| rate.period);
            invocation
                .arg(format!("{}:{user}", name(*action)))
                .arg(u64::try_from(period.as_micros()).unwrap_or(u64::MAX));
        }
        let owed = invocation.invoke_async::<Vec<u64>>(&mut self.connection);
        match tokio::time::timeout(ANSWER_TIMEOUT, owed).await {
            Ok(Ok(owed)) => {
                for ((action, user), owed) in batch.iter().zip(owed) {
                    let debt = Duration::from_micros(owed);
                    self.local.raise(*action, *user, debt);
                }
            }
            Ok(Err(error)) => tracing::debug!(%error, "this node counts alone"),
            Err(_) => tracing::debug!("this node counts alone: Redis does not answer"),
        }
    }
}

fn name(action: Action) -> &'static str {
    match action {
        Action::Send => "send",
        Action::Type => "type",
        Action::SetStatus => "status",
    }
}
