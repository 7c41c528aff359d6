//! When what was committed must have been heard.

use std::time::Duration;

use tokio::time::Instant;

use crate::relay::simulation::database::{Database, Moved, ROOMS, index, length};
use crate::relay::simulation::wires::Heard;

/// A time in which a node could not have heard anything: it stood still, or the database was away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) from: Instant,
    pub(super) to: Instant,
}

/// What one connection heard, and what kept it from hearing.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) user: usize,
    pub(super) ended_at: Option<Instant>,
    pub(super) heard: Vec<(Instant, Heard)>,
    pub(super) faults: Vec<Fault>,
    pub(super) bound: Duration,
}

impl Listener {
    /// Everything that was committed while the connection was live came in time.
    pub(super) fn check(&self, database: &Database) {
        let live_at = self.heard[0].0;
        for room in 0..ROOMS {
            self.check_room(database, room, live_at);
        }
        for (moved, at) in &database.commits {
            if let Moved::Own(user, rev) = moved
                && *user == self.user
                && *at >= live_at
            {
                let came = self.first(|heard| own_position(heard) >= Some(rev.get()));
                self.assert_in_time(came, *at, &format!("{rev} of the user's own log"));
            }
        }
    }

    fn check_room(&self, database: &Database, room: usize, live_at: Instant) {
        let commits = database.commits.iter();
        let times: Vec<_> = commits
            .filter(|(moved, _)| matches!(moved, Moved::Room(there, _) if *there == room))
            .map(|(_, at)| *at)
            .collect();
        let head = length(&times);
        for (first, last, _) in database.rooms[room].stays(self.user) {
            let ended_at = times.get(index(last)).copied();
            for rev in first..=last.min(head) {
                let at = times[index(rev)];
                // Who was not a member for long enough may never have heard of it.
                let since = if rev == last { times[index(first)] } else { at };
                let is_too_short =
                    ended_at.is_some_and(|ended| ended < self.deadline(since.max(live_at)));
                if at >= live_at && !is_too_short {
                    let came = self.first(|heard| position(heard, room) >= Some(rev));
                    self.assert_in_time(came, at, &format!("{rev} of room {room}"));
                }
            }
        }
    }

    fn assert_in_time(&self, came: Option<Instant>, committed: Instant, what: &str) {
        let deadline = self.deadline(committed);
        if self.ended_at.is_none_or(|ended| ended >= deadline) {
            let late = came.map(|came| came.saturating_duration_since(deadline));
            assert!(
                late == Some(Duration::ZERO),
                "{what} came {late:?} too late: {self:#?}"
            );
        }
    }

    fn first(&self, is_it: impl Fn(&Heard) -> bool) -> Option<Instant> {
        let mut heard = self.heard.iter();
        heard.find(|(_, heard)| is_it(heard)).map(|(at, _)| *at)
    }

    /// The bound counts from when everything that was in the way has passed.
    fn deadline(&self, since: Instant) -> Instant {
        let mut since = since;
        loop {
            let deadline = since + self.bound;
            let in_the_way = self.faults.iter();
            let in_the_way = in_the_way.filter(|fault| fault.from <= deadline && fault.to > since);
            match in_the_way.map(|fault| fault.to).max() {
                Some(passed) => since = passed,
                None => return deadline,
            }
        }
    }
}

fn position(heard: &Heard, room: usize) -> Option<i64> {
    match heard {
        Heard::LiveFrom { rooms, .. } => rooms.get(&room).copied(),
        Heard::Step {
            room: there, to, ..
        } if *there == room => Some(*to),
        _ => None,
    }
}

fn own_position(heard: &Heard) -> Option<i64> {
    match heard {
        Heard::LiveFrom { own, .. } => Some(*own),
        Heard::Own(to) => Some(*to),
        _ => None,
    }
}
