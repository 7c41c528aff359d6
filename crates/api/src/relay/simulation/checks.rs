//! What must hold of what connections heard, whatever the schedule was.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::database::{Change, Database, ROOMS, Room, index};
use super::wires::Heard;

/// What was heard, whenever that was.
pub(super) fn what(heard: &[(Instant, Heard)]) -> Vec<Heard> {
    heard.iter().map(|(_, heard)| heard.clone()).collect()
}

/// What a user's connection heard fits all logs.
pub(super) fn check_connection(
    database: &Database,
    user: usize,
    heard: &[(Instant, Heard)],
) -> Vec<Heard> {
    let heard = what(heard);
    assert!(
        matches!(heard[0], Heard::LiveFrom { .. }),
        "{user} heard before it was live: {heard:?}"
    );
    for room in 0..ROOMS {
        check_room(&database.rooms[room], room, user, &heard);
    }
    check_own(&heard);
    heard
}

/// A connection hears steps of a room one after the other without a hole, from where it was told to be or from a join of its own
/// on, and nothing outside its user's stays.
fn check_room(now: &Room, room: usize, user: usize, heard: &[Heard]) {
    let mut position: Option<i64> = None;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom { rooms, .. } => {
                let told = rooms.get(&room).copied();
                assert!(
                    position.zip(told).is_none_or(|(at, told)| told >= at),
                    "told to go back: {heard:?}"
                );
                position = told.or(position);
            }
            Heard::Step {
                room: there,
                from,
                to,
                row,
            } if *there == room => {
                assert!(
                    position.is_some_and(|at| *from <= at && at < *to)
                        || is_own_join(now, user, *to),
                    "{from} to {to} in {room} after {position:?}: {heard:?}"
                );
                let covering = now.stays(user);
                let covering = covering
                    .iter()
                    .find(|(first, last, _)| (first..=last).contains(&to));
                let Some((_, last, open_from)) = covering else {
                    panic!("{user} heard {to} in {room}: {heard:?}");
                };
                if let Some((which, rev)) = row {
                    assert!(
                        rev <= last && *which >= index(open_from.get()),
                        "{user} saw message {which} as of {rev} in {room}: {heard:?}"
                    );
                }
                position = Some(*to);
            }
            Heard::Beacon(rooms) => {
                let told = rooms.get(&room);
                assert!(
                    told.is_none_or(|told| position.is_some_and(|at| at >= *told)),
                    "reminded of what it was not told: {heard:?}"
                );
            }
            Heard::Step { .. } | Heard::Own(_) => {}
        }
    }
}

/// The steps of the user's own log come one after the other, from where the connection was told to be.
fn check_own(heard: &[Heard]) {
    let mut position: Option<i64> = None;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom { own, .. } => {
                assert!(position.is_none_or(|at| at <= *own), "{heard:?}");
                position = Some(*own);
            }
            Heard::Own(to) => {
                assert_eq!(position.map(|at| at + 1), Some(*to), "{heard:?}");
                position = Some(*to);
            }
            Heard::Beacon(_) | Heard::Step { .. } => {}
        }
    }
}

/// What a member has seen, laid over what was there when the connection became live or the user joined, is what is there now.
pub(super) fn check_up_to_date(now: &Room, room: usize, user: usize, heard: &[Heard]) {
    let mut rows = BTreeMap::new();
    let mut position = 0;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom { rooms, .. } => {
                if let Some(&told) = rooms.get(&room) {
                    position = told;
                    rows = now.rows_as_of(told);
                }
            }
            Heard::Step {
                room: there,
                to,
                row,
                ..
            } if *there == room => {
                position = *to;
                if is_own_join(now, user, *to) {
                    rows = now.rows_as_of(*to);
                }
                if let Some((which, rev)) = row {
                    let seen = rows.entry(*which).or_default();
                    *seen = (*seen).max(*rev);
                }
            }
            Heard::Beacon(_) | Heard::Step { .. } | Heard::Own(_) => {}
        }
    }
    assert_eq!(
        position,
        now.head().get(),
        "{user} is deaf in {room}: {heard:?}"
    );
    let (_, _, open_from) = *now.stays(user).last().unwrap();
    let open = index(open_from.get());
    let newest = now.rows_as_of(position).split_off(&open);
    assert_eq!(rows.split_off(&open), newest, "{user} in {room}: {heard:?}");
}

fn is_own_join(now: &Room, user: usize, rev: i64) -> bool {
    matches!(now.log[index(rev)], Change::Joined(who, _) if who == user)
}
