//! Somebody who watches who is there while things break, and what is to be said of what was shown.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anyhow::Result;

use hubbub_load::history::{Entry, Event, now};
use hubbub_load::hub::{self, Heard};
use hubbub_load::ids::{DeviceId, UserId};
use hubbub_load::person::Person;
use hubbub_testkit::Cluster;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// Who has been away for less than this is not shown as offline. The grace is 15 s; the clocks here and there are read at other moments.
const GRACE: Duration = Duration::from_secs(14);
/// Who comes is shown by then.
const SOON: Duration = Duration::from_secs(2);
/// Who has left is shown as offline by then, and nothing is left of nodes that have died: the lease, the grace and 5 s.
const GONE: Duration = Duration::from_secs(35);
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

    /// Which rules what was shown breaks: who comes is shown within 2 s (P1), unless it `is_excused` then; nobody who is there, or back in
    /// time, is shown as offline (P3); versions never go down (P4); before people leave everybody is shown as they are (P5); nobody flickers (P7).
    pub(crate) fn judge(&self, entries: &[Entry], delays: bool) -> Vec<String> {
        judge(&self.seen.lock(), entries, delays)
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

impl Seen {
    fn was_watching(&self, from: u64, to: u64) -> bool {
        self.watching
            .iter()
            .any(|(since, until)| *since <= from && to <= *until)
    }

    /// What a person was shown as at a moment.
    fn state_at(&self, user: UserId, at: u64) -> &str {
        let is_it = |shown: &&Shown| shown.user_id == user && shown.at <= at;
        let last = self.shown.iter().rfind(is_it);
        last.map_or("nothing", |shown| &shown.state)
    }
}

fn is_there(state: &str) -> bool {
    ["active", "away"].contains(&state)
}

/// When faults lasted.
fn faults(entries: &[Entry]) -> Vec<(u64, u64)> {
    let mut faults: Vec<(u64, u64)> = Vec::new();
    for entry in entries {
        match (&entry.event, faults.last_mut()) {
            (Event::Fault { .. }, _) => faults.push((entry.at, u64::MAX)),
            (Event::Healed { .. }, Some((_, end))) => *end = entry.at,
            _ => {}
        }
    }
    faults
}

/// Everybody who came and stayed, and was not shown 2 s later.
fn shown_late(seen: &Seen, truth: &Truth, excused: &[(u64, u64)]) -> Vec<String> {
    let soon = u64::try_from(SOON.as_nanos()).unwrap_or(u64::MAX);
    let mut wrong = Vec::new();
    for (user, stays) in &truth.stays {
        for (from, to) in stays {
            let by = from + soon;
            let is_excused = excused
                .iter()
                .any(|(begin, end)| *begin <= by && from <= end);
            if by > *to || is_excused || !seen.was_watching(*from, by) {
                continue;
            }
            let state = seen.state_at(*user, by);
            if !is_there(state) {
                wrong.push(format!(
                    "P1: {user} came {SOON:?} ago and was shown as {state}"
                ));
            }
        }
    }
    wrong
}

fn judge(seen: &Seen, entries: &[Entry], delays: bool) -> Vec<String> {
    let truth = Truth::of(entries);
    let excused = if delays { faults(entries) } else { Vec::new() };
    let mut wrong = shown_late(seen, &truth, &excused);
    let mut last: BTreeMap<UserId, &Shown> = BTreeMap::new();
    let mut versions: HashMap<UserId, u64> = HashMap::new();
    let mut edges: HashMap<UserId, Vec<u64>> = HashMap::new();
    for now in seen.shown.iter().filter(|shown| shown.at <= truth.end) {
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
        if !is_there(state) {
            wrong.push(format!(
                "P5: in the end {user} was there and shown as {state}"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn user() -> UserId {
        serde_json::from_value(json!("0192d3a0-0000-7000-8000-000000000001")).unwrap()
    }

    fn shown(at: u64, state: &str, version: u64) -> Shown {
        Shown {
            user_id: user(),
            state: state.to_owned(),
            version,
            at: at * SECOND,
            is_answer: false,
        }
    }

    fn watched(shown: Vec<Shown>) -> Seen {
        Seen {
            shown,
            watching: vec![(0, u64::MAX)],
        }
    }

    /// One device that is there from the 10th second to the 100th, with a fault from the 10th to the 20th.
    fn history() -> Vec<Entry> {
        let device = Some(DeviceId(0));
        let user = user();
        let events = [
            (
                0,
                device,
                Event::Device {
                    user,
                    name: "one".into(),
                },
            ),
            (
                10,
                None,
                Event::Fault {
                    name: "it".into(),
                    kind: hubbub_load::history::FaultKind::Degrades,
                },
            ),
            (10, device, Event::Connected),
            (20, None, Event::Healed { name: "it".into() }),
            (90, device, Event::Settled),
            (
                100,
                device,
                Event::Disconnected {
                    reason: "over".into(),
                },
            ),
        ];
        events
            .map(|(at, device, event)| Entry {
                at: at * SECOND,
                device,
                event,
            })
            .to_vec()
    }

    fn rules(shown: Vec<Shown>, delays: bool) -> Vec<String> {
        let wrong = judge(&watched(shown), &history(), delays);
        wrong.into_iter().map(|text| text[..2].to_owned()).collect()
    }

    #[test]
    fn who_is_shown_as_they_are_breaks_no_rule() {
        assert_eq!(rules(vec![shown(11, "active", 1)], false), [""; 0]);
    }

    #[test]
    fn who_comes_must_be_shown_within_two_seconds_unless_a_fault_delays_it() {
        let late = || vec![shown(13, "active", 1)];
        assert_eq!(rules(late(), false), ["P1"]);
        assert_eq!(rules(late(), true), [""; 0]);
    }

    #[test]
    fn what_nobody_watched_is_not_judged() {
        let mut seen = watched(vec![shown(13, "active", 1)]);
        seen.watching = vec![(0, 11 * SECOND), (13 * SECOND, u64::MAX)];
        assert_eq!(judge(&seen, &history(), false), [""; 0]);
    }

    #[test]
    fn who_is_there_must_not_be_shown_as_offline() {
        let told = vec![
            shown(11, "active", 1),
            shown(30, "offline", 2),
            shown(31, "active", 3),
        ];
        assert_eq!(rules(told, false), ["P3"]);
    }

    #[test]
    fn versions_must_not_go_down() {
        let told = vec![shown(11, "active", 2), shown(30, "away", 1)];
        assert_eq!(rules(told, false), ["P4"]);
    }

    #[test]
    fn in_the_end_everybody_must_be_shown() {
        let told = vec![shown(11, "active", 1), shown(30, "unknown", 0)];
        assert_eq!(rules(told, false), ["P5"]);
    }

    #[test]
    fn nobody_may_flicker() {
        let told = (0..14).map(|second| shown(11 + second, "active", second));
        assert_eq!(rules(told.collect(), false), ["P7"]);
    }
}
