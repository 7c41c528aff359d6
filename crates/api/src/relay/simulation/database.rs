//! A database in memory: one log per room and per user.

use std::collections::BTreeMap;
use std::sync::Arc;

use hubbub_application::chat::dto::{Head, Heads, MessageDto};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, Digest, Event, UserEvent,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, Epoch, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, LogHeads};
use tokio::time::Instant;
use uuid::Uuid;

use crate::relay::testing::{self, conversation_id, membership, message, own_step, step};

pub(super) const ROOMS: usize = 2;
pub(super) const USERS: usize = 3;

/// The database.
#[derive(Default)]
pub(super) struct Database {
    pub(super) rooms: [Room; ROOMS],
    pub(super) users: [Vec<UserEvent>; USERS],
    /// Every step in the order of its commit, and when that was.
    pub(super) commits: Vec<(Moved, Instant)>,
}

/// Which log has moved on, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moved {
    Room(usize, Rev),
    Own(usize, UserRev),
}

impl Database {
    /// Somebody writes.
    pub(super) fn say(&mut self, room: usize) -> Event {
        let which = {
            let room = &mut self.rooms[room];
            let rev = room.head().next();
            let seq = Seq::new(length(&room.messages) + 1);
            room.messages.push(MessageDto {
                created_rev: rev,
                ..message(seq, rev)
            });
            room.messages.len() - 1
        };
        self.commit(room, Change::Posted(which))
    }

    /// Somebody changes one of the messages, if there is one.
    pub(super) fn edit(&mut self, room: usize, which: usize) -> Option<Event> {
        let room_now = &mut self.rooms[room];
        let rev = room_now.head().next();
        let place = which % room_now.messages.len().max(1);
        room_now.messages.get_mut(place)?.rev = rev;
        Some(self.commit(room, Change::Edited(place)))
    }

    /// Somebody joins, or leaves who is in. Answers the hints in the order in which they are published.
    pub(super) fn toggle(&mut self, room: usize, user: usize) -> [Event; 2] {
        let (joined, open_from) = {
            let room_now = &mut self.rooms[room];
            room_now.members[user] = !room_now.members[user];
            (room_now.members[user], room_now.open_from(room))
        };
        let log = &mut self.users[user];
        let from_rev = UserRev::new(length(log));
        let own = own_step(user_id(user), from_rev, room_id(room), joined);
        self.commits
            .push((Moved::Own(user, own.to_rev), Instant::now()));
        log.push(own.clone());
        let own = Event::User(Arc::new(own));
        if joined {
            [own, self.commit(room, Change::Joined(user, open_from))]
        } else {
            [self.commit(room, Change::Left(user)), own]
        }
    }

    /// Takes a change into the log. Answers its hint.
    fn commit(&mut self, room: usize, change: Change) -> Event {
        let room_now = &mut self.rooms[room];
        let from_rev = room_now.head();
        room_now.log.push(change);
        let head = room_now.head();
        let step = step(room_id(room), from_rev, room_now.told(head));
        self.commits.push((Moved::Room(room, head), Instant::now()));
        Event::Conversation(Arc::new(step))
    }

    pub(super) fn heads(&self, user: UserId) -> Heads {
        let user = number_of(user);
        let rooms = (0..ROOMS).filter(|&room| self.rooms[room].members[user]);
        Heads {
            epoch: Epoch::from_uuid(Uuid::nil()),
            user_rev: UserRev::new(length(&self.users[user])),
            conversations: rooms
                .map(|room| Head {
                    conversation_id: room_id(room),
                    rev: self.rooms[room].head(),
                    visible_from_seq: self.rooms[room].stays(user).last().unwrap().2,
                })
                .collect(),
            has_private_receipts: false,
        }
    }

    pub(super) fn steps_after(&self, id: ConversationId, rev: Rev) -> Vec<ConversationEvent> {
        let room = room_of(id);
        self.rooms[room].steps_after(room, rev)
    }

    pub(super) fn user_steps_after(&self, user: UserId, rev: UserRev) -> Vec<UserEvent> {
        let skip = usize::try_from(rev.get()).unwrap();
        let log = &self.users[number_of(user)];
        log.iter().skip(skip).cloned().collect()
    }

    /// A cursor is how many commits were looked at.
    pub(super) fn changed_since(&self, cursor: Option<ChangeCursor>) -> ChangedSince {
        let mut heads = LogHeads::default();
        let seen = cursor.map_or(self.commits.len(), |cursor| index(cursor.0 + 1));
        for (log, _) in &self.commits[seen..] {
            match *log {
                Moved::Room(room, rev) => heads.conversations.push((room_id(room), rev)),
                Moved::Own(user, rev) => heads.users.push((user_id(user), rev)),
            }
        }
        ChangedSince {
            heads,
            next: ChangeCursor(length(&self.commits)),
            is_whole: cursor.is_some(),
        }
    }

    pub(super) fn stand_at(&self, conversations: &[ConversationId], users: &[UserId]) -> Digest {
        let conversations = conversations.iter();
        let users = users.iter();
        Digest {
            conversations: conversations
                .map(|&id| (id, self.rooms[room_of(id)].head()))
                .collect(),
            users: users
                .map(|&user| (user, UserRev::new(length(&self.users[number_of(user)]))))
                .collect(),
        }
    }
}

#[derive(Default)]
pub(super) struct Room {
    /// What each change was.
    pub(super) log: Vec<Change>,
    /// The messages as they stand now, of which `log` cannot tell any more what they were.
    pub(super) messages: Vec<MessageDto>,
    pub(super) members: [bool; USERS],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    Posted(usize),
    Edited(usize),
    Joined(usize, Seq),
    Left(usize),
}

/// How many steps one read brings, so that holes take several.
pub(super) const READ_LIMIT: usize = 3;

impl Room {
    pub(super) fn head(&self) -> Rev {
        Rev::new(length(&self.log))
    }

    /// From where on a user who joins now sees messages: in every second room everything, else what comes.
    pub(super) fn open_from(&self, room: usize) -> Seq {
        if room.is_multiple_of(2) {
            Seq::FIRST
        } else {
            Seq::new(length(&self.messages) + 1)
        }
    }

    /// The change at `rev`, with rows as they stand now.
    pub(super) fn told(&self, rev: Rev) -> ConversationEventChange {
        match self.log[index(rev.get())] {
            Change::Posted(which) => {
                ConversationEventChange::MessagePosted(self.messages[which].clone())
            }
            Change::Edited(which) => {
                ConversationEventChange::MessageChanged(self.messages[which].clone())
            }
            Change::Joined(user, from) => member_change(user, true, from),
            Change::Left(user) => member_change(user, false, Seq::FIRST),
        }
    }

    /// The steps that a read after `after` brings: a message where it was created and where it was last changed, anything between
    /// is gone.
    pub(super) fn steps_after(&self, room: usize, after: Rev) -> Vec<ConversationEvent> {
        let places: Vec<Rev> = (after.next().get()..=self.head().get())
            .map(Rev::new)
            .filter(|&rev| match self.log[index(rev.get())] {
                Change::Edited(which) => self.messages[which].rev == rev,
                _ => true,
            })
            .collect();
        let is_whole = places.len() <= READ_LIMIT;
        let mut from_rev = after;
        let mut steps: Vec<_> = places
            .into_iter()
            .take(READ_LIMIT)
            .map(|to_rev| ConversationEvent {
                to_rev,
                hidden_from: self.departed_before_it_stood_so(to_rev),
                ..step(
                    room_id(room),
                    std::mem::replace(&mut from_rev, to_rev),
                    self.told(to_rev),
                )
            })
            .collect();
        if is_whole && from_rev < self.head() {
            match steps.last_mut() {
                Some(last) => last.to_rev = self.head(),
                None => steps.push(ConversationEvent {
                    to_rev: self.head(),
                    ..step(room_id(room), after, ConversationEventChange::Nothing)
                }),
            }
        }
        steps
    }

    pub(super) fn departed_before_it_stood_so(&self, told_at: Rev) -> Vec<UserId> {
        let Some(message) = message_of(&self.told(told_at)).cloned() else {
            return Vec::new();
        };
        (told_at.get()..message.rev.get())
            .filter_map(|rev| match self.log[index(rev)] {
                Change::Left(user) => Some(user_id(user)),
                _ => None,
            })
            .collect()
    }

    /// The rows as they stood after `rev`: the newest change of each message, by its place.
    pub(super) fn rows_as_of(&self, rev: i64) -> BTreeMap<usize, i64> {
        let changes = (1..=rev).filter_map(|rev| match self.log[index(rev)] {
            Change::Posted(which) | Change::Edited(which) => Some((which, rev)),
            _ => None,
        });
        changes.collect()
    }

    /// The user's stays: from which change to which, and from which message on.
    pub(super) fn stays(&self, user: usize) -> Vec<(i64, i64, Seq)> {
        let mut stays = Vec::new();
        for (place, change) in self.log.iter().enumerate() {
            let rev = i64::try_from(place).unwrap() + 1;
            match change {
                Change::Joined(who, from) if *who == user => stays.push((rev, i64::MAX, *from)),
                Change::Left(who) if *who == user => {
                    if let Some(stay) = stays.last_mut() {
                        stay.1 = rev;
                    }
                }
                _ => {}
            }
        }
        stays
    }
}

pub(super) fn message_of(change: &ConversationEventChange) -> Option<&MessageDto> {
    match change {
        ConversationEventChange::MessagePosted(message)
        | ConversationEventChange::MessageChanged(message) => Some(message),
        _ => None,
    }
}

pub(super) fn place_of(message: &MessageDto) -> usize {
    index(message.seq.get())
}

pub(super) fn member_change(
    user: usize,
    joined: bool,
    visible_from_seq: Seq,
) -> ConversationEventChange {
    match membership(user_id(user), joined) {
        ConversationEventChange::Member(change) => ConversationEventChange::Member(MemberChange {
            visible_from_seq,
            ..change
        }),
        other => other,
    }
}

pub(super) fn index(rev: i64) -> usize {
    usize::try_from(rev - 1).unwrap()
}

pub(super) fn length<T>(log: &[T]) -> i64 {
    i64::try_from(log.len()).unwrap()
}

pub(super) fn room_id(room: usize) -> ConversationId {
    conversation_id(room as u128)
}

pub(super) fn room_of(id: ConversationId) -> usize {
    usize::try_from(id.as_uuid().as_u128()).unwrap()
}

pub(super) fn user_id(user: usize) -> UserId {
    testing::user_id(user as u128)
}

pub(super) fn number_of(user: UserId) -> usize {
    usize::try_from(user.as_uuid().as_u128()).unwrap()
}
