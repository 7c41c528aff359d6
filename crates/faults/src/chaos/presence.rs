//! Somebody who watches who is there while things break, and what is to be said of what was shown.

mod rules;

use std::time::{Duration, Instant};

use anyhow::Result;
use hubbub_load::history::{Entry, now};
use hubbub_load::hub::{self, Heard};
use hubbub_load::ids::UserId;
use hubbub_load::person::Person;
use hubbub_testkit::Cluster;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// Who has left is shown as offline by then, and nothing is left of nodes that have died: the lease, the grace and 5 s.
const GONE: Duration = Duration::from_secs(35);
/// What tells of somebody's presence.
const EVENTS: [&str; 3] = ["UserOnline", "UserOffline", "PresenceChanged"];
/// How long to wait before the hub is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// What was shown of somebody.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    user_id: UserId,
    state: String,
    version: u64,
    #[serde(skip)]
    at: u64,
    /// Whether it was asked for, and not told as a change.
    #[serde(skip)]
    is_answer: bool,
}

/// Who watches, and what was shown so far.
pub(crate) struct Watch {
    watcher: Person,
    people: Vec<UserId>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// In order.
    shown: Vec<Shown>,
    /// From when to when changes were told; the last goes on.
    watching: Vec<(u64, u64)>,
}

impl Watch {
    pub(crate) fn new(watcher: Person, people: Vec<UserId>) -> Self {
        Self {
            watcher,
            people,
            seen: Mutex::default(),
        }
    }

    /// Watches for ever, through every loss of the connection.
    pub(crate) async fn go_on(&self) -> ! {
        loop {
            // Whatever ended it, it begins anew.
            let _ = self.follow().await;
            if let Some((_, to)) = self.seen.lock().watching.last_mut() {
                *to = now().min(*to);
            }
            sleep(RETRY).await;
        }
    }

    async fn follow(&self) -> Result<()> {
        let token = &self.watcher.access_token;
        let (mut caller, mut listener) = hub::connect(self.watcher.base(), token).await?;
        caller
            .invoke("1", "WatchPresence", &json!([self.people]))
            .await?;
        let mut pings = tokio::time::interval(Duration::from_secs(10));
        loop {
            let heard = tokio::select! {
                heard = listener.next() => heard?,
                _ = pings.tick() => {
                    caller.ping().await?;
                    continue;
                }
            };
            for heard in heard {
                let (payloads, is_answer) = match heard {
                    Heard::Completed {
                        outcome: Ok(Value::Array(all)),
                        ..
                    } => (all, true),
                    Heard::Called { target, argument } if EVENTS.contains(&&*target) => {
                        (vec![argument], false)
                    }
                    Heard::Closed { .. } => return Ok(()),
                    _ => continue,
                };
                let mut seen = self.seen.lock();
                if is_answer {
                    seen.watching.push((now(), u64::MAX));
                }
                for payload in payloads {
                    let told: Shown = serde_json::from_value(payload)?;
                    seen.shown.push(Shown {
                        at: now(),
                        is_answer,
                        ..told
                    });
                }
            }
        }
    }

    /// Waits until everybody is shown as offline, whose devices have all left a moment ago (P2). Answers what is wrong otherwise.
    pub(crate) async fn until_all_are_gone(&self) -> Vec<String> {
        let gone = async {
            while !self.still_there().is_empty() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        if timeout(GONE, gone).await.is_ok() {
            return Vec::new();
        }
        let still = self.still_there().into_iter();
        still
            .map(|(user, state)| {
                format!("P2: {user} has left {GONE:?} ago and is shown as {state}")
            })
            .collect()
    }

    fn still_there(&self) -> Vec<(UserId, String)> {
        let seen = self.seen.lock();
        let last = |user: &UserId| seen.shown.iter().rfind(|shown| shown.user_id == *user);
        let states = self
            .people
            .iter()
            .filter_map(|user| Some((*user, last(user)?.state.clone())));
        states.filter(|(_, state)| state != "offline").collect()
    }

    /// Which rules what was shown breaks: who comes is shown within 2 s (P1), unless a fault `delays` it; nobody who is there, or back in
    /// time, is shown as offline (P3); versions never go down (P4); before people leave everybody is shown as they are (P5); nobody flickers (P7).
    pub(crate) fn judge(&self, entries: &[Entry], delays: bool) -> Vec<String> {
        rules::judge(&self.seen.lock(), entries, delays)
    }
}

/// Waits until Redis has nothing of nodes that are no more, and of people who have left (P6). Answers what is wrong otherwise.
pub(crate) async fn until_nothing_is_left(cluster: &Cluster) -> Result<Vec<String>> {
    let limit = Instant::now() + GONE;
    loop {
        let left = leftovers(cluster).await?;
        if left.is_empty() || Instant::now() > limit {
            return Ok(left);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// What there is in Redis beyond the nodes that run and the one person who watches.
async fn leftovers(cluster: &Cluster) -> Result<Vec<String>> {
    const KEYS: &str = "hubbub:presence:";
    let count = async |kind: &str| {
        let pattern = format!("{KEYS}{kind}:*");
        let keys = cluster.redis.command(&["KEYS", &pattern]).await?;
        anyhow::Ok(keys.lines().filter(|line| !line.is_empty()).count())
    };
    let nodes = format!("{KEYS}nodes");
    let nodes = cluster.redis.command(&["ZCARD", &nodes]).await?;
    let mut left = Vec::new();
    for (what, found, most) in [
        ("nodes", nodes.trim().parse()?, cluster.nodes.len()),
        ("nodes with people", count("node").await?, 1),
        ("people", count("user").await?, 1),
    ] {
        if found > most {
            left.push(format!(
                "P6: Redis has {found} {what}, and there are {most}"
            ));
        }
    }
    Ok(left)
}
