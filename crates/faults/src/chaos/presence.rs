//! Somebody who watches who is there while things break, and what is to be said of what was shown.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hubbub_load::history::{Entry, Event, now};
use hubbub_load::hub::{self, Heard};
use hubbub_load::ids::{DeviceId, UserId};
use hubbub_load::person::Person;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Who has been away for less than this is not shown as offline. The grace is 15 s; the clocks here and there are read at other moments.
const GRACE: Duration = Duration::from_secs(14);
/// How often a person's presence may change in a minute.
const MOST_EDGES: usize = 12;
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

/// Watches these people until the end, through every loss of the connection. Answers all that was shown, in order.
pub(crate) async fn watch(
    watcher: Person,
    people: Vec<UserId>,
    over: CancellationToken,
) -> Vec<Shown> {
    let mut shown = Vec::new();
    let watching = async {
        loop {
            // Whatever ended it, it begins anew.
            let _ = follow(&watcher, &people, &mut shown).await;
            tokio::time::sleep(RETRY).await;
        }
    };
    tokio::select! {
        () = over.cancelled() => {}
        () = watching => {}
    }
    shown
}

async fn follow(watcher: &Person, people: &[UserId], shown: &mut Vec<Shown>) -> anyhow::Result<()> {
    let (mut caller, mut listener) = hub::connect(watcher.base(), &watcher.access_token).await?;
    caller
        .invoke("1", "WatchPresence", &json!([people]))
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
            for payload in payloads {
                let told: Shown = serde_json::from_value(payload)?;
                shown.push(Shown {
                    at: now(),
                    is_answer,
                    ..told
                });
            }
        }
    }
}

/// When each person had a device that was connected, by what the devices say.
struct Truth {
    stays: HashMap<UserId, Vec<(u64, u64)>>,
    /// When the devices had everything for the last time; from then on they leave.
    end: u64,
}

impl Truth {
    fn of(entries: &[Entry]) -> Self {
        let mut owners: HashMap<DeviceId, UserId> = HashMap::new();
        let mut open: HashMap<DeviceId, u64> = HashMap::new();
        let mut stays: HashMap<UserId, Vec<(u64, u64)>> = HashMap::new();
        let mut end = 0;
        for Entry { at, device, event } in entries {
            let Some(device) = device else { continue };
            match event {
                Event::Device { user, .. } => {
                    owners.insert(*device, *user);
                }
                Event::Connected => {
                    open.insert(*device, *at);
                }
                Event::Disconnected { .. } => {
                    if let Some(since) = open.remove(device) {
                        stays.entry(owners[device]).or_default().push((since, *at));
                    }
                }
                Event::Settled => end = *at,
                _ => {}
            }
        }
        for (device, since) in open {
            stays
                .entry(owners[&device])
                .or_default()
                .push((since, u64::MAX));
        }
        Self { stays, end }
    }

    /// How long nobody of a person's devices had been connected at this moment.
    fn away_for(&self, user: UserId, at: u64) -> Duration {
        let stays = self.stays.get(&user).map_or(&[][..], Vec::as_slice);
        let ends = stays.iter().filter(|(from, _)| *from <= at);
        let away = ends.map(|(_, to)| at.saturating_sub(*to)).min();
        away.map_or(Duration::MAX, Duration::from_nanos)
    }
}

/// Which rules what was shown breaks: nobody who is there, or back in time, is shown as offline (P3); versions never go down (P4); in the end
/// everybody is shown as they are (P5); nobody flickers (P7).
pub(crate) fn judge(shown: &[Shown], entries: &[Entry]) -> Vec<String> {
    let truth = Truth::of(entries);
    let mut wrong = Vec::new();
    let mut last: BTreeMap<UserId, &Shown> = BTreeMap::new();
    let mut versions: HashMap<UserId, u64> = HashMap::new();
    let mut edges: HashMap<UserId, Vec<u64>> = HashMap::new();
    for now in shown.iter().filter(|shown| shown.at <= truth.end) {
        let user = now.user_id;
        if now.state == "offline" && !now.is_answer {
            let away = truth.away_for(user, now.at);
            if away < GRACE {
                wrong.push(format!(
                    "P3: {user} was shown as offline, away for {away:.1?}"
                ));
            }
        }
        last.insert(user, now);
        // What is unknown has no version.
        if now.state != "unknown"
            && let Some(before) = versions.insert(user, now.version)
            && now.version < before
        {
            let version = now.version;
            wrong.push(format!(
                "P4: version {version} of {user} came after {before}"
            ));
        }
        if !now.is_answer {
            let times = edges.entry(user).or_default();
            times.push(now.at);
            let minute = now.at.saturating_sub(60_000_000_000);
            let count = times.iter().filter(|at| **at >= minute).count();
            if count == MOST_EDGES + 1 {
                wrong.push(format!("P7: {user} changed {count} times in a minute"));
            }
        }
    }
    for user in truth.stays.keys() {
        let state = last
            .get(user)
            .map_or("nothing", |shown| shown.state.as_str());
        if !["active", "away"].contains(&state) {
            wrong.push(format!(
                "P5: in the end {user} was there and shown as {state}"
            ));
        }
    }
    wrong
}
