//! What a node tells those who watch: each change once, the latest only, and nobody too often.

use std::collections::HashMap;
use std::time::Duration;

use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;

use super::dto::{PresenceDto, PresenceState};

/// How many changes of one person may follow each other at once, and how long each further one waits: at most 12 in a minute.
const BURST: u32 = 4;
const PERIOD: Duration = Duration::from_millis(7_500);

/// Under which name a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceEvent {
    /// Somebody came.
    Online,
    /// Somebody left.
    Offline,
    /// Anything else.
    Changed,
}

/// A change to be told to all who watch the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What happened.
    pub event: PresenceEvent,
    /// How the person is shown from now on.
    pub presence: PresenceDto,
}

/// Keeps, of each person who is watched on this node, what watchers were told and what they are to be told next.
#[derive(Default)]
pub struct Announcer {
    people: HashMap<UserId, Person>,
    /// Those with something to be told.
    waiting: Vec<UserId>,
}

#[derive(Default)]
struct Person {
    told: Option<PresenceDto>,
    next: Option<PresenceDto>,
    /// When as many changes may follow each other at once as ever.
    recovered_at: Option<Timestamp>,
}

impl Announcer {
    /// Nobody is watched.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what somebody who begins to watch was answered. To the first one nothing of it needs to be told; a hint that overtook the
    /// answer still does.
    pub fn answer(&mut self, presence: PresenceDto) {
        let person = self.people.entry(presence.user_id).or_default();
        if person.told.is_some() {
            self.offer(presence);
            return;
        }
        let is_newer = |next: &PresenceDto| next.version > presence.version;
        if !person.next.as_ref().is_some_and(is_newer) {
            person.next = None;
        }
        person.told = Some(presence);
    }

    /// Takes how a person is shown now, by a hint or because it was read again. What is stale or nothing new is dropped, and what
    /// nobody has been told yet is replaced.
    pub fn offer(&mut self, presence: PresenceDto) {
        let user = presence.user_id;
        let person = self.people.entry(user).or_default();
        let latest = person.next.as_ref().or(person.told.as_ref());
        let is_stale = presence.state != PresenceState::Unknown
            && latest.is_some_and(|latest| latest.version > presence.version);
        if is_stale {
            return;
        }
        match &mut person.told {
            Some(told) if told.says_the_same(&presence) => {
                told.version = presence.version;
                person.next = None;
            }
            _ => {
                if person.next.replace(presence).is_none() {
                    self.waiting.push(user);
                }
            }
        }
    }

    /// Takes it that nothing can be told of anybody.
    pub fn lose(&mut self) {
        let watched: Vec<_> = self.people.keys().copied().collect();
        for user in watched {
            self.offer(PresenceDto::unknown(user));
        }
    }

    /// What is to be told now.
    pub fn due(&mut self, now: Timestamp) -> Vec<Announcement> {
        let mut due = Vec::new();
        for user in std::mem::take(&mut self.waiting) {
            let Some(person) = self.people.get_mut(&user) else {
                continue;
            };
            let Some(next) = person.next.take() else {
                continue;
            };
            if !person.may_be_told(&next, now) {
                person.next = Some(next);
                self.waiting.push(user);
                continue;
            }
            let before = person.told.replace(next.clone());
            due.push(Announcement {
                event: event(before.map(|before| before.state), next.state),
                presence: next,
            });
        }
        due
    }

    /// Nobody watches this person any more.
    pub fn forget(&mut self, user: UserId) {
        self.people.remove(&user);
    }

    /// Those who are watched.
    pub fn watched(&self) -> Vec<UserId> {
        self.people.keys().copied().collect()
    }
}

impl Person {
    /// Whether there were not too many changes of this person. That nothing is known, or is again, is no change of the person.
    fn may_be_told(&mut self, next: &PresenceDto, now: Timestamp) -> bool {
        let was_known = self
            .told
            .as_ref()
            .is_some_and(|told| told.state != PresenceState::Unknown);
        if !was_known || next.state == PresenceState::Unknown {
            return true;
        }
        let debt = self.recovered_at.map_or(Duration::ZERO, |at| at.since(now));
        let is_allowed = debt + PERIOD <= PERIOD * BURST;
        if is_allowed {
            self.recovered_at = Some(now.plus(debt + PERIOD));
        }
        is_allowed
    }
}

fn event(before: Option<PresenceState>, after: PresenceState) -> PresenceEvent {
    match after {
        PresenceState::Unknown => PresenceEvent::Changed,
        PresenceState::Offline if before == Some(PresenceState::Offline) => PresenceEvent::Changed,
        PresenceState::Offline => PresenceEvent::Offline,
        _ if before.is_some_and(PresenceState::is_there) => PresenceEvent::Changed,
        _ => PresenceEvent::Online,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ADA: UserId = UserId::from_uuid(Uuid::nil());

    fn ada(state: PresenceState, version: u64) -> PresenceDto {
        PresenceDto {
            state,
            version,
            ..PresenceDto::unknown(ADA)
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_micros(millis * 1_000)
    }

    /// An announcer whose watchers were answered this.
    fn answered(state: PresenceState, version: u64) -> Announcer {
        let mut announcer = Announcer::new();
        announcer.answer(ada(state, version));
        assert_eq!(announcer.due(at(0)), []);
        announcer
    }

    fn events(due: &[Announcement]) -> Vec<(PresenceEvent, u64)> {
        due.iter()
            .map(|told| (told.event, told.presence.version))
            .collect()
    }

    #[test]
    fn changes_have_names_by_what_was_told_before() {
        use PresenceState::{Active, Away, DoNotDisturb, Offline, Unknown};
        for (before, after, expected) in [
            (Offline, Away, PresenceEvent::Online),
            (Away, Active, PresenceEvent::Changed),
            (Active, DoNotDisturb, PresenceEvent::Changed),
            (DoNotDisturb, Offline, PresenceEvent::Offline),
            (Unknown, Offline, PresenceEvent::Offline),
            (Unknown, Active, PresenceEvent::Online),
        ] {
            let mut announcer = answered(before, 1);
            announcer.offer(ada(after, 2));
            assert_eq!(events(&announcer.due(at(0))), [(expected, 2)]);
        }
    }

    #[test]
    fn only_the_latest_is_told_and_what_is_stale_never() {
        let mut announcer = answered(PresenceState::Offline, 1);
        announcer.offer(ada(PresenceState::Active, 2));
        announcer.offer(ada(PresenceState::Away, 4));
        announcer.offer(ada(PresenceState::Active, 3));
        let due = announcer.due(at(0));
        assert_eq!(events(&due), [(PresenceEvent::Online, 4)]);
        announcer.offer(ada(PresenceState::Offline, 2));
        assert_eq!(announcer.due(at(0)), []);
    }

    #[test]
    fn a_hint_that_overtakes_the_answer_to_who_begins_to_watch_is_told() {
        let mut announcer = Announcer::new();
        announcer.offer(ada(PresenceState::Active, 2));
        announcer.answer(ada(PresenceState::Offline, 1));
        assert_eq!(events(&announcer.due(at(0))), [(PresenceEvent::Online, 2)]);
        let mut announcer = Announcer::new();
        announcer.offer(ada(PresenceState::Offline, 1));
        announcer.answer(ada(PresenceState::Active, 2));
        assert_eq!(announcer.due(at(0)), [], "the answer was newer");
    }

    #[test]
    fn what_changes_back_before_it_was_told_is_not_told() {
        let mut announcer = answered(PresenceState::Active, 1);
        announcer.offer(ada(PresenceState::Away, 2));
        announcer.offer(ada(PresenceState::Active, 3));
        assert_eq!(announcer.due(at(0)), []);
        announcer.offer(ada(PresenceState::Away, 2));
        assert_eq!(announcer.due(at(0)), [], "stale by what was read since");
    }

    #[test]
    fn nothing_known_is_told_whatever_the_version_and_anything_after_it_holds() {
        let mut announcer = answered(PresenceState::Active, 7);
        announcer.lose();
        let due = announcer.due(at(0));
        assert_eq!(events(&due), [(PresenceEvent::Changed, 0)]);
        announcer.offer(ada(PresenceState::Active, 7));
        assert_eq!(events(&announcer.due(at(0))), [(PresenceEvent::Online, 7)]);
    }

    /// P7.
    #[test]
    fn a_person_who_flaps_is_told_twelve_times_a_minute_and_as_they_are_in_the_end() {
        let mut announcer = answered(PresenceState::Offline, 1);
        let mut told = Vec::new();
        for step in 1..=600_u64 {
            let states = [PresenceState::Active, PresenceState::Offline];
            announcer.offer(ada(states[usize::from(step % 2 == 0)], 1 + step));
            told.extend(announcer.due(at(i64::try_from(step).unwrap() * 100)));
        }
        assert!((4..=12).contains(&told.len()), "{}", told.len());
        announcer.offer(ada(PresenceState::Active, 1_000));
        let last = announcer.due(at(70_000)).pop().or(told.pop()).unwrap();
        assert_eq!(last.presence.state, PresenceState::Active);
    }

    #[test]
    fn nothing_is_kept_of_who_is_not_watched_any_more() {
        let mut announcer = answered(PresenceState::Active, 1);
        announcer.offer(ada(PresenceState::Away, 2));
        announcer.forget(ADA);
        assert_eq!(announcer.due(at(0)), []);
        assert_eq!(announcer.watched(), []);
    }
}
