//! What many devices do and when, all from one seed: the same seed gives the same schedule.

use std::time::Duration;

use crate::device::Deed;
use crate::seed::Seed;

const EMOJI: [&str; 4] = ["👍", "🎉", "❤️", "😀"];
/// How many of the rooms are private groups; the others are channels.
const GROUPS: usize = 2;

/// How large a run is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many people; every third has two devices.
    pub people: u32,
    /// In how many rooms they meet.
    pub rooms: u32,
    /// For how long things go on.
    pub seconds: u32,
    /// How many things happen in a second.
    pub rate: u32,
}

/// Where people meet. Person 0 founds every room and never leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Whether it is a channel, which anybody may join.
    pub channel: bool,
    /// Its first members besides the founder.
    pub members: Vec<usize>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Somebody does something at a device.
    Deed {
        /// The device.
        device: usize,
        /// Where.
        room: usize,
        /// What.
        deed: Deed,
    },
    /// A device's network breaks.
    Disconnect {
        /// The device.
        device: usize,
    },
    /// A device loses its storage.
    Forget {
        /// The device.
        device: usize,
    },
    /// The founder adds somebody.
    Add {
        /// Where.
        room: usize,
        /// Whom.
        person: usize,
    },
    /// The founder removes somebody.
    Remove {
        /// Where.
        room: usize,
        /// Whom.
        person: usize,
    },
}

/// A run before it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whose each device is.
    pub devices: Vec<usize>,
    /// Where people meet.
    pub rooms: Vec<Room>,
    /// What happens, in the order of time.
    pub steps: Vec<(Duration, Happening)>,
}

impl Schedule {
    /// The schedule of a seed.
    pub fn of(seed: u64, shape: &Shape) -> Self {
        let root = Seed::new(seed);
        let people = shape.people.max(2) as usize;
        let devices: Vec<_> = (0..people).chain((0..people).step_by(3)).collect();
        let mut chance = root.branch(1);
        let rooms: Vec<_> = (0..shape.rooms.max(1) as usize)
            .map(|number| Room {
                channel: number >= GROUPS,
                members: (1..people).filter(|_| chance.below(3) > 0).collect(),
            })
            .collect();
        let mut chance = root.branch(2);
        let count = u64::from(shape.seconds) * u64::from(shape.rate);
        let length = Duration::from_secs(u64::from(shape.seconds));
        let mut times: Vec<_> = (0..count).map(|_| chance.up_to(length)).collect();
        times.sort_unstable();
        let step = |(number, at)| (at, happening(&mut chance, number, &devices, people, &rooms));
        let steps = (0..).zip(times).map(step).collect();
        Self {
            devices,
            rooms,
            steps,
        }
    }
}

fn happening(
    chance: &mut Seed,
    number: u64,
    devices: &[usize],
    people: usize,
    rooms: &[Room],
) -> Happening {
    let room = chance.index(rooms.len());
    let channel = rooms[room].channel;
    let device = chance.index(devices.len());
    let other = 1 + chance.index(people - 1);
    let pick = chance.next_u64();
    let emoji = EMOJI[chance.index(EMOJI.len())];
    let founder = devices[device] == 0;
    let deed = match chance.below(100) {
        0..=3 => return Happening::Disconnect { device },
        4 => return Happening::Forget { device },
        5..=7 => {
            return Happening::Remove {
                room,
                person: other,
            };
        }
        8..=10 if !channel => {
            return Happening::Add {
                room,
                person: other,
            };
        }
        8..=10 => Deed::Join,
        11..=12 if !founder => Deed::Leave,
        13..=15 => Deed::Misuse {
            body: format!("another text, {number}"),
        },
        16..=24 => Deed::Edit {
            pick,
            body: format!("text {number}, revised"),
        },
        25..=28 => Deed::Delete { pick },
        29..=38 => Deed::React {
            pick,
            emoji,
            add: true,
        },
        39..=42 => Deed::React {
            pick,
            emoji,
            add: false,
        },
        _ => Deed::Send {
            body: format!("text {number}"),
        },
    };
    Happening::Deed { device, room, deed }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        people: 6,
        rooms: 3,
        seconds: 60,
        rate: 20,
    };

    #[test]
    fn a_seed_reproduces_the_schedule_and_another_does_not() {
        assert_eq!(Schedule::of(7, &SHAPE), Schedule::of(7, &SHAPE));
        assert_ne!(Schedule::of(7, &SHAPE), Schedule::of(8, &SHAPE));
    }

    #[test]
    fn everything_happens_in_order_and_the_founder_stays() {
        let schedule = Schedule::of(1, &SHAPE);
        assert_eq!(schedule.steps.len(), 1_200);
        assert!(schedule.steps.is_sorted_by_key(|(at, _)| *at));
        assert_eq!(schedule.devices, [0, 1, 2, 3, 4, 5, 0, 3]);
        let happens =
            |wanted: fn(&Happening) -> bool| schedule.steps.iter().any(|(_, step)| wanted(step));
        assert!(happens(|step| matches!(step, Happening::Disconnect { .. })));
        assert!(happens(|step| matches!(step, Happening::Forget { .. })));
        assert!(happens(|step| matches!(step, Happening::Add { .. })));
        assert!(happens(|step| matches!(step, Happening::Remove { .. })));
        assert!(happens(|step| matches!(
            step,
            Happening::Deed {
                deed: Deed::Join,
                ..
            }
        )));
        assert!(happens(|step| matches!(
            step,
            Happening::Deed {
                deed: Deed::Leave,
                ..
            }
        )));
        assert!(happens(|step| matches!(
            step,
            Happening::Deed {
                deed: Deed::Misuse { .. },
                ..
            }
        )));
        let founder_goes = schedule.steps.iter().any(|(_, step)| match step {
            Happening::Remove { person, .. } => *person == 0,
            Happening::Deed {
                device,
                deed: Deed::Leave,
                ..
            } => schedule.devices[*device] == 0,
            _ => false,
        });
        assert!(!founder_goes);
    }
}
