//! What must hold of what connections heard, whatever the schedule was.

use std::collections::BTreeMap;

use super::database::{Change, Room, index};
use super::wires::Heard;

/// A connection hears steps of a room one after the other without a hole, from where it was told to be or from a join of its own
/// on, and nothing outside its user's stays.
pub(super) fn check_room(now: &Room, room: usize, user: usize, heard: &[Heard]) {
    let mut position: Option<i64> = None;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom(positions) => {
                let told = positions.get(&room).copied();
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
            Heard::Step { .. } | Heard::Own(_) => {}
        }
    }
}

/// What a member has seen, laid over what was there when the connection became live or the user joined, is what is there now.
pub(super) fn check_up_to_date(now: &Room, room: usize, user: usize, heard: &[Heard]) {
    let mut rows = BTreeMap::new();
    let mut position = 0;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom(positions) => {
                if let Some(&told) = positions.get(&room) {
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
            Heard::Step { .. } | Heard::Own(_) => {}
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
