//! What happens in a run, before it happens.

use hubbub_domain::member::MemberRole;
use proptest::collection::vec;
use proptest::prelude::*;

/// The people of every run. The first founds every conversation.
pub(crate) const NAMES: [&str; 5] = ["owner", "ada", "bob", "cyd", "dan"];
/// A channel, a group and a direct conversation.
pub(crate) const ROOMS: usize = 3;
/// Of each person: one that hears everything, one behind a bad network, one that only asks now and then.
pub(crate) const DEVICES: usize = NAMES.len() * 3;

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// What the network does to one event after the other, over and over.
    pub(crate) fates: Vec<Fate>,
}

/// What happens at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) deeds: Vec<Deed>,
    /// Devices that synchronise, and after how many pages that is cut off.
    pub(crate) syncs: Vec<(usize, usize)>,
    /// Whose node reads a hole from the database, and how many steps at once.
    pub(crate) fills: Vec<(usize, i64)>,
}

/// What becomes of an event on its way to a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    Arrives,
    IsLost,
    ComesTwice,
    ComesLate,
}

/// What somebody does somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) actor: usize,
    pub(crate) room: usize,
    pub(crate) kind: Kind,
    /// Whether the actor does it even where that can hardly be allowed. Otherwise somebody does it who may.
    pub(crate) is_bold: bool,
}

/// What is done. A number picks one of the messages that are there, or of the requests that were made.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Send {
        body: usize,
        refers: Refers,
    },
    Again {
        pick: usize,
    },
    Misuse {
        pick: usize,
        elsewhere: bool,
    },
    Edit {
        pick: usize,
        body: usize,
    },
    Delete {
        pick: usize,
    },
    Restore {
        pick: usize,
    },
    React {
        pick: usize,
        emoji: usize,
        add: bool,
    },
    Pin {
        pick: usize,
        on: bool,
    },
    Join,
    Leave,
    Add {
        whom: usize,
    },
    Remove {
        whom: usize,
    },
    Role {
        whom: usize,
        role: MemberRole,
    },
    Rename {
        name: usize,
    },
    Open {
        all: bool,
    },
    Read {
        pick: usize,
    },
    Unread {
        pick: usize,
    },
    Follow {
        pick: usize,
        on: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Refers {
    ToNothing,
    Replies(usize),
    InThread(usize),
}

pub(crate) fn plans(steps: usize) -> impl Strategy<Value = Plan> {
    let fate = prop_oneof![
        6 => Just(Fate::Arrives),
        1 => Just(Fate::IsLost),
        1 => Just(Fate::ComesTwice),
        1 => Just(Fate::ComesLate),
    ];
    (vec(step(), 1..steps), vec(fate, 1..24)).prop_map(|(steps, fates)| Plan { steps, fates })
}

fn step() -> impl Strategy<Value = Step> {
    (
        vec(deed(), 0..6),
        vec((0..DEVICES, 1..8_usize), 0..2),
        vec((0..DEVICES, 1..6_i64), 0..2),
    )
        .prop_map(|(deeds, syncs, fills)| Step {
            deeds,
            syncs,
            fills,
        })
}

fn deed() -> impl Strategy<Value = Deed> {
    let is_bold = proptest::bool::weighted(0.2);
    (0..NAMES.len(), 0..ROOMS, kind(), is_bold).prop_map(|(actor, room, kind, is_bold)| Deed {
        actor,
        room,
        kind,
        is_bold,
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    let pick = || 0..1_000_usize;
    let whom = || 0..NAMES.len();
    let refers = prop_oneof![
        3 => Just(Refers::ToNothing),
        1 => pick().prop_map(Refers::Replies),
        2 => pick().prop_map(Refers::InThread),
    ];
    let role = prop_oneof![
        Just(MemberRole::Member),
        Just(MemberRole::ReadOnly),
        Just(MemberRole::Admin),
        Just(MemberRole::Owner),
    ];
    prop_oneof![
        12 => (0..4_usize, refers).prop_map(|(body, refers)| Kind::Send { body, refers }),
        4 => pick().prop_map(|pick| Kind::Again { pick }),
        2 => (pick(), any::<bool>())
            .prop_map(|(pick, elsewhere)| Kind::Misuse { pick, elsewhere }),
        5 => (pick(), 0..4_usize).prop_map(|(pick, body)| Kind::Edit { pick, body }),
        5 => pick().prop_map(|pick| Kind::Delete { pick }),
        5 => pick().prop_map(|pick| Kind::Restore { pick }),
        4 => (pick(), 0..2_usize, any::<bool>())
            .prop_map(|(pick, emoji, add)| Kind::React { pick, emoji, add }),
        2 => (pick(), any::<bool>()).prop_map(|(pick, on)| Kind::Pin { pick, on }),
        3 => Just(Kind::Join),
        2 => Just(Kind::Leave),
        5 => whom().prop_map(|whom| Kind::Add { whom }),
        3 => whom().prop_map(|whom| Kind::Remove { whom }),
        2 => (whom(), role).prop_map(|(whom, role)| Kind::Role { whom, role }),
        2 => (0..3_usize).prop_map(|name| Kind::Rename { name }),
        1 => any::<bool>().prop_map(|all| Kind::Open { all }),
        3 => pick().prop_map(|pick| Kind::Read { pick }),
        2 => pick().prop_map(|pick| Kind::Unread { pick }),
        2 => (pick(), any::<bool>()).prop_map(|(pick, on)| Kind::Follow { pick, on }),
    ]
}
