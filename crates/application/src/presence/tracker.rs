use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;

use super::dto::{PresenceDto, PresenceState};

/// How long after the last connection a person is still shown as there, so that a reload or a restart goes unnoticed.
const GRACE: Duration = Duration::from_secs(15);

/// Which connections belong to which user, and what that says about who is there. `C` identifies a connection.
///
/// Every method answers what others must now be told, if anything. Time is given to it.
pub struct PresenceTracker<C> {
    users: HashMap<UserId, Tracked<C>>,
    connections: HashMap<C, UserId>,
    /// Users whose last connection has ended and whose grace has not.
    leaving: HashSet<UserId>,
}

struct Tracked<C> {
    connections: HashSet<C>,
    state: PresenceState,
    last_seen: Option<Timestamp>,
    version: u64,
}

/// Why a connection ended, as far as presence is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It broke or was closed; the person may be back in a moment.
    Lost,
    /// The person signed out.
    SignedOut,
}

impl<C> Default for PresenceTracker<C> {
    fn default() -> Self {
        Self {
            users: HashMap::new(),
            connections: HashMap::new(),
            leaving: HashSet::new(),
        }
    }
}

impl<C: Clone + Eq + Hash> PresenceTracker<C> {
    /// A connection of the user has opened. Opening the same one again changes nothing.
    pub fn connected(&mut self, user: UserId, connection: C) -> Option<PresenceDto> {
        self.connections.insert(connection.clone(), user);
        self.leaving.remove(&user);
        let tracked = self.users.entry(user).or_insert_with(|| Tracked {
            connections: HashSet::new(),
            state: PresenceState::Offline,
            last_seen: None,
            version: 0,
        });
        tracked.connections.insert(connection);
        tracked.last_seen = None;
        tracked.turn(PresenceState::Active, user)
    }

    /// A connection has ended. One that is not known, or has ended before, changes nothing.
    pub fn disconnected(
        &mut self,
        connection: &C,
        why: Departure,
        now: Timestamp,
    ) -> Option<PresenceDto> {
        let user = self.user_of(connection)?;
        self.connections.remove(connection);
        let tracked = self.users.get_mut(&user)?;
        tracked.connections.remove(connection);
        if !tracked.connections.is_empty() {
            return None;
        }
        tracked.last_seen = Some(now);
        match why {
            Departure::Lost => {
                self.leaving.insert(user);
                None
            }
            Departure::SignedOut => tracked.turn(PresenceState::Offline, user),
        }
    }

    /// The user has signed out somewhere. Unless a connection of the user is open, a grace that is running ends.
    pub fn signed_out(&mut self, user: UserId) -> Option<PresenceDto> {
        if !self.connections_of(user).is_empty() {
            return None;
        }
        self.leaving.remove(&user);
        let tracked = self.users.get_mut(&user)?;
        tracked.turn(PresenceState::Offline, user)
    }

    /// Shows those as offline whose grace is over at `now`.
    pub fn expire(&mut self, now: Timestamp) -> Vec<PresenceDto> {
        let users = &mut self.users;
        let mut changes = Vec::new();
        self.leaving.retain(|user| {
            let Some(tracked) = users.get_mut(user) else {
                return false;
            };
            let is_over = tracked
                .last_seen
                .is_none_or(|last_seen| now.since(last_seen) >= GRACE);
            if is_over {
                changes.extend(tracked.turn(PresenceState::Offline, *user));
            }
            !is_over
        });
        changes
    }

    /// How a person is shown now.
    pub fn presence(&self, user: UserId) -> PresenceDto {
        self.users.get(&user).map_or_else(
            || PresenceDto::unknown(user),
            |tracked| tracked.presence(user),
        )
    }

    /// The user whose connection it is.
    pub fn user_of(&self, connection: &C) -> Option<UserId> {
        self.connections.get(connection).copied()
    }

    /// The connections of a user, in no order.
    pub fn connections_of(&self, user: UserId) -> Vec<C> {
        self.users.get(&user).map_or_else(Vec::new, |tracked| {
            tracked.connections.iter().cloned().collect()
        })
    }
}

impl<C> Tracked<C> {
    fn turn(&mut self, state: PresenceState, user: UserId) -> Option<PresenceDto> {
        if self.state == state {
            return None;
        }
        self.state = state;
        self.version += 1;
        Some(self.presence(user))
    }

    fn presence(&self, user_id: UserId) -> PresenceDto {
        PresenceDto {
            user_id,
            state: self.state,
            last_seen: self
                .last_seen
                .filter(|_| self.state == PresenceState::Offline),
            version: self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_micros(second * 1_000_000)
    }

    fn states(changes: &[PresenceDto]) -> Vec<(UserId, PresenceState)> {
        changes
            .iter()
            .map(|change| (change.user_id, change.state))
            .collect()
    }

    #[test]
    fn connections_lead_to_their_user_and_back() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.connected(user(1), "laptop");
        tracker.connected(user(2), "tablet");
        assert_eq!(tracker.user_of(&"laptop"), Some(user(1)));
        assert_eq!(tracker.user_of(&"watch"), None);
        let mut devices = tracker.connections_of(user(1));
        devices.sort_unstable();
        assert_eq!(devices, ["laptop", "phone"]);
        tracker.disconnected(&"phone", Departure::Lost, at(1));
        assert_eq!(tracker.connections_of(user(1)), ["laptop"]);
        assert_eq!(tracker.user_of(&"phone"), None);
    }

    #[test]
    fn the_first_device_brings_a_person_online_and_the_others_say_nothing() {
        let mut tracker = PresenceTracker::default();
        let change = tracker.connected(user(1), "phone").expect("an edge");
        assert_eq!(change.state, PresenceState::Active);
        assert_eq!(tracker.connected(user(1), "laptop"), None);
        assert_eq!(
            tracker.connected(user(1), "laptop"),
            None,
            "the same one again"
        );
    }

    #[test]
    fn closing_one_of_several_devices_says_nothing() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.connected(user(1), "laptop");
        assert_eq!(
            tracker.disconnected(&"phone", Departure::SignedOut, at(1)),
            None
        );
        assert!(tracker.expire(at(1_000)).is_empty());
        assert_eq!(tracker.presence(user(1)).state, PresenceState::Active);
    }

    #[test]
    fn a_person_is_offline_fifteen_seconds_after_the_last_connection_broke() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        assert_eq!(
            tracker.disconnected(&"phone", Departure::Lost, at(100)),
            None
        );
        assert!(tracker.expire(at(114)).is_empty());
        assert_eq!(
            states(&tracker.expire(at(115))),
            [(user(1), PresenceState::Offline)]
        );
        assert_eq!(tracker.presence(user(1)).last_seen, Some(at(100)));
        assert!(tracker.expire(at(200)).is_empty(), "told once");
    }

    #[test]
    fn who_comes_back_within_the_grace_was_never_away() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.disconnected(&"phone", Departure::Lost, at(100));
        assert_eq!(tracker.connected(user(1), "phone again"), None);
        assert!(tracker.expire(at(200)).is_empty());
    }

    #[test]
    fn signing_out_shows_at_once() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        let change = tracker
            .disconnected(&"phone", Departure::SignedOut, at(5))
            .expect("an edge");
        assert_eq!((change.state, change.version), (PresenceState::Offline, 2));
    }

    #[test]
    fn signing_out_after_the_connection_broke_ends_the_grace() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.disconnected(&"phone", Departure::Lost, at(5));
        let change = tracker.signed_out(user(1)).expect("an edge");
        assert_eq!(
            (change.state, change.last_seen),
            (PresenceState::Offline, Some(at(5)))
        );
        assert!(tracker.expire(at(1_000)).is_empty(), "told once");
        assert_eq!(tracker.signed_out(user(1)), None);
        assert_eq!(tracker.signed_out(user(2)), None, "never seen");
    }

    #[test]
    fn signing_out_on_one_device_leaves_the_others() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.connected(user(1), "laptop");
        tracker.disconnected(&"phone", Departure::Lost, at(5));
        assert_eq!(tracker.signed_out(user(1)), None);
        assert_eq!(tracker.presence(user(1)).state, PresenceState::Active);
    }

    #[test]
    fn a_connection_that_ends_twice_ends_once() {
        let mut tracker = PresenceTracker::default();
        tracker.connected(user(1), "phone");
        tracker.connected(user(1), "laptop");
        tracker.disconnected(&"phone", Departure::Lost, at(1));
        assert_eq!(
            tracker.disconnected(&"phone", Departure::SignedOut, at(2)),
            None
        );
        assert_eq!(tracker.connections_of(user(1)), ["laptop"]);
    }

    #[test]
    fn versions_only_grow() {
        let mut tracker = PresenceTracker::default();
        let mut last = 0;
        for round in 0..5 {
            let online = tracker.connected(user(1), round).expect("online");
            let offline = tracker
                .disconnected(&round, Departure::SignedOut, at(round))
                .expect("offline");
            assert!(online.version > last && offline.version > online.version);
            last = offline.version;
        }
    }
}
