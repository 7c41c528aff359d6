//! Who is there, over all nodes. Each edge is one script, so that no two nodes ever see half of one; what is kept where stands at the
//! head of `presence/prelude.lua`.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use hubbub_application::ports::{Clock, IdGenerator};
use hubbub_application::presence::store::{
    GRACE, Here, LEASE, Liveness, MAX_BATCH, PresenceLost, PresenceStore, RENEWAL, Report, Result,
    SETTLING, Standing, Tick,
};
use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;
use parking_lot::Mutex;
use redis::aio::ConnectionManager;
use redis::{FromRedisValue, RedisError, Script, ScriptInvocation};
use std::sync::Arc;
use uuid::Uuid;

use super::connection::ANSWER_TIMEOUT;

/// Before every key.
const PREFIX: &str = "hubbub:presence:";

/// One node's way to a Redis where nodes keep together who is there.
///
/// The scripts make up names of keys, so it is for one Redis server or a replicated one, not for a Redis Cluster.
pub struct RedisPresence {
    connection: ConnectionManager,
    ids: Arc<dyn IdGenerator>,
    /// What time the scripts take it to be, in place of the server's own.
    clock: Option<Arc<dyn Clock>>,
    node: Mutex<Option<Uuid>>,
    scripts: Scripts,
}

struct Scripts {
    enter: Script,
    leave: Script,
    report: Script,
    hide: Script,
    read: Script,
    tick: Script,
}

/// What scripts answer of a person: who, what is shown, when the last connection ended, and the version.
type Told = (String, String, i64, u64);

macro_rules! script {
    ($name:literal) => {
        Script::new(concat!(
            include_str!("presence/prelude.lua"),
            include_str!(concat!("presence/", $name, ".lua"))
        ))
    };
}

impl RedisPresence {
    /// A node that is not known yet.
    pub fn new(connection: ConnectionManager, ids: Arc<dyn IdGenerator>) -> Self {
        Self {
            connection,
            ids,
            clock: None,
            node: Mutex::default(),
            scripts: Scripts {
                enter: script!("enter"),
                leave: script!("leave"),
                report: script!("report"),
                hide: script!("hide"),
                read: script!("read"),
                tick: script!("tick"),
            },
        }
    }

    /// Lives by this clock instead of the server's, which all nodes must do then. For tests of what takes long.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    fn known(&self) -> Result<Uuid> {
        (*self.node.lock()).ok_or(PresenceLost::Forgotten)
    }

    /// The beginning that all invocations have in common.
    fn by<'a>(&self, script: &'a Script, node: Uuid) -> ScriptInvocation<'a> {
        let now = self
            .clock
            .as_ref()
            .map_or(0, |clock| clock.now().unix_micros());
        let mut invocation = script.prepare_invoke();
        invocation.key(PREFIX).arg(now).arg(node.to_string());
        invocation
    }

    /// What a script answers. One that does not know the node answers nothing.
    async fn invoke<T: FromRedisValue>(&self, invocation: ScriptInvocation<'_>) -> Result<T> {
        let mut connection = self.connection.clone();
        let answer = invocation.invoke_async::<Option<T>>(&mut connection);
        within(ANSWER_TIMEOUT, answer)
            .await?
            .ok_or(PresenceLost::Forgotten)
    }

    async fn read_with(&self, users: &[UserId], is_touched: bool) -> Result<Vec<Standing>> {
        let mut read = self.by(&self.scripts.read, self.known()?);
        read.arg(micros(GRACE)).arg(i32::from(is_touched));
        for user in users {
            read.arg(user.to_string());
        }
        standings(self.invoke(read).await?)
    }
}

#[async_trait]
impl PresenceStore for RedisPresence {
    async fn enter(&self, is_return: bool) -> Result<()> {
        let fresh = self.ids.uuid();
        let was_known = self.node.lock().is_some();
        let settling = if is_return { micros(SETTLING) } else { 0 };
        let mut enter = self.by(&self.scripts.enter, fresh);
        enter
            .arg(micros(LEASE))
            .arg(settling)
            .arg(i32::from(was_known));
        self.invoke::<i64>(enter).await?;
        *self.node.lock() = Some(fresh);
        Ok(())
    }

    async fn leave(&self) -> Result<()> {
        let leave = self.by(&self.scripts.leave, self.known()?);
        self.invoke::<i64>(leave).await.map(|_| ())
    }

    async fn report(&self, reports: &[Report]) -> Result<Vec<Standing>> {
        let mut report = self.by(&self.scripts.report, self.known()?);
        report.arg(micros(GRACE));
        for one in reports {
            let here = match one.here {
                Here::Active => "a",
                Here::Away => "i",
                Here::Gone => "g",
                Here::SignedOut => "o",
            };
            report
                .arg(one.user.to_string())
                .arg(here)
                .arg(i32::from(one.is_hidden));
        }
        standings(self.invoke(report).await?)
    }

    async fn hide(&self, user: UserId, is_hidden: bool) -> Result<Option<Standing>> {
        let mut hide = self.by(&self.scripts.hide, self.known()?);
        hide.arg(micros(GRACE))
            .arg(user.to_string())
            .arg(i32::from(is_hidden));
        Ok(standings(self.invoke(hide).await?)?.pop())
    }

    async fn touch(&self, user: UserId) -> Result<Standing> {
        let touched = self.read_with(&[user], true).await?.pop();
        touched.ok_or(PresenceLost::Unavailable)
    }

    async fn read(&self, users: &[UserId]) -> Result<Vec<Standing>> {
        self.read_with(users, false).await
    }

    async fn tick(&self) -> Result<Tick> {
        let mut tick = self.by(&self.scripts.tick, self.known()?);
        tick.arg(micros(LEASE))
            .arg(micros(RENEWAL))
            .arg(micros(GRACE))
            .arg(MAX_BATCH);
        let (changes, is_settling, has_more) = self.invoke::<(Vec<Told>, bool, bool)>(tick).await?;
        Ok(Tick {
            changes: standings(changes)?,
            is_settling,
            has_more,
        })
    }
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = std::result::Result<T, RedisError>>,
) -> Result<T> {
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "Redis failed to answer about presence");
            Err(PresenceLost::Unavailable)
        }
        Err(_) => Err(PresenceLost::Unavailable),
    }
}

fn standings(told: Vec<Told>) -> Result<Vec<Standing>> {
    told.into_iter().map(standing).collect()
}

fn standing((user, shown, left, version): Told) -> Result<Standing> {
    Ok(Standing {
        user: user.parse().map_err(|_| PresenceLost::Unavailable)?,
        liveness: match shown.as_str() {
            "a" => Liveness::Active,
            "i" => Liveness::Away,
            "-" => Liveness::Offline,
            _ => Liveness::Unknown,
        },
        left_at: (left > 0).then(|| Timestamp::from_unix_micros(left)),
        version,
    })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
