//! What there is: the database, what is under way, and what nodes and clients know.

use crate::relay::log::{Log, Step};

/// The admin, whose client is on node 0, and the one who is removed and comes back, whose client is on node 1.
pub(super) const ADMIN: usize = 0;
pub(super) const GUEST: usize = 1;
pub(super) const PEOPLE: usize = 2;

/// What happened in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    Joined(usize),
    Left(usize),
    /// A message under its sender's key.
    Posted(usize),
}

/// The change at one rev, on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Hint(pub(super) usize);

impl Step for Hint {
    fn from(&self) -> i64 {
        self.to() - 1
    }

    fn to(&self) -> i64 {
        i64::try_from(self.0).unwrap()
    }
}

/// How far a client's connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// There is none.
    Off,
    /// It is known whether its user is a member, and the conversation is tracked if so.
    Tracked,
    /// The snapshot was read: the head, and whether the user is a member.
    Read { head: usize, is_member: bool },
    /// Nothing more is to be done.
    Done,
}

/// One node, and its one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are facts, each by itself"
)]
pub(super) struct Node {
    pub(super) phase: Phase,
    /// `Heads` was sent.
    pub(super) is_live: bool,
    pub(super) is_overtaken: bool,
    pub(super) follows: bool,
    pub(super) log: Option<Log<Hint>>,
    /// The database must be asked even if nothing waits.
    pub(super) is_suspect: bool,
    /// A read under way: after which rev, and up to where the database had come.
    pub(super) reading: Option<(usize, usize)>,
    /// Up to where the database was asked what has changed.
    pub(super) swept: usize,
}

/// What must not happen on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Violation {
    Doubled,
    Hole,
    Leak,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct System {
    /// The database. A hint of everything in it may come to a node at any time, any number of times, or never.
    pub(super) log: Vec<Change>,
    pub(super) nodes: [Node; PEOPLE],
    /// Where a client's connection stands in the conversation, if that is open to it.
    pub(super) positions: [Option<usize>; PEOPLE],
    /// How many messages the admin's client knows to be stored.
    pub(super) acknowledged: usize,
    pub(super) crashes_left: u8,
    pub(super) violation: Option<Violation>,
}

impl Node {
    fn new(swept: usize) -> Self {
        Self {
            phase: Phase::Off,
            is_live: false,
            is_overtaken: false,
            follows: false,
            log: None,
            is_suspect: false,
            reading: None,
            swept,
        }
    }

    pub(super) fn applied(&self) -> Option<usize> {
        let applied = self.log.as_ref()?.applied()?;
        Some(usize::try_from(applied).unwrap())
    }
}

impl System {
    pub(super) fn new(crashes_left: u8) -> Self {
        let log = vec![Change::Joined(ADMIN), Change::Joined(GUEST)];
        Self {
            nodes: std::array::from_fn(|_| Node::new(log.len())),
            positions: [None; PEOPLE],
            log,
            acknowledged: 0,
            crashes_left,
            violation: None,
        }
    }

    pub(super) fn head(&self) -> usize {
        self.log.len()
    }

    pub(super) fn is_member(&self, person: usize) -> bool {
        let mut last = self.log.iter().rev();
        last.find(
            |change| matches!(change, Change::Joined(who) | Change::Left(who) if *who == person),
        ) == Some(&Change::Joined(person))
    }

    /// Whether a change is the person's to see: it lies in a stay.
    pub(super) fn is_visible(&self, person: usize, rev: usize) -> bool {
        let before = self.log[..rev].iter();
        let stays = before.filter(|change| matches!(change, Change::Joined(who) if *who == person));
        let ends = self.log[..rev - 1].iter();
        let ends = ends.filter(|change| matches!(change, Change::Left(who) if *who == person));
        stays.count() > ends.count()
    }

    pub(super) fn rev_of_message(&self, key: usize) -> Option<usize> {
        let place = self
            .log
            .iter()
            .position(|change| *change == Change::Posted(key));
        place.map(|place| place + 1)
    }

    /// A node that knows nothing, on which the connection was.
    pub(super) fn restart(&mut self, node: usize) {
        self.nodes[node] = Node::new(self.head());
        self.positions[node] = None;
    }

    pub(super) fn stores_every_message_once(&self) -> bool {
        let posts: Vec<_> = self
            .log
            .iter()
            .filter(|change| matches!(change, Change::Posted(_)))
            .collect();
        let keys: Vec<_> = (0..posts.len()).map(Change::Posted).collect();
        posts.into_iter().eq(&keys) && self.acknowledged <= keys.len()
    }

    /// Everybody is connected and stands where the conversation stands, having heard all since the connection became live.
    pub(super) fn is_complete(&self) -> bool {
        (0..PEOPLE).all(|person| {
            let expected = self.is_member(person).then_some(self.head());
            self.nodes[person].is_live && self.positions[person] == expected
        })
    }

    pub(super) fn returned_and_heard(&self) -> bool {
        let mut back = self.log.iter();
        let back = back.rposition(|change| *change == Change::Joined(GUEST));
        let has_left = self.log.contains(&Change::Left(GUEST));
        let position = self.positions[GUEST];
        has_left && position.zip(back).is_some_and(|(at, back)| at > back + 1)
    }
}
