//! Which rules of presence what was shown breaks.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hubbub_load::history::{Entry, Event};
use hubbub_load::ids::{DeviceId, UserId};

use super::{Seen, Shown};

/// Who has been away for less than this is not shown as offline. The grace is 15 s; the clocks here and there are read at other moments.
const GRACE: Duration = Duration::from_secs(14);
/// Who comes is shown by then.
const SOON: Duration = Duration::from_secs(2);
/// How often a person's presence may change in a minute.
const MOST_EDGES: usize = 12;

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

pub(super) fn judge(seen: &Seen, entries: &[Entry], delays: bool) -> Vec<String> {
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
    use hubbub_load::history::FaultKind;
    use serde_json::json;

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
                    kind: FaultKind::Degrades,
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
