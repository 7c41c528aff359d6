use hubbub_application::chat::dto::{Head, Heads, MessageDto};
use hubbub_application::events::{ConversationEvent, ConversationEventChange, UserEvent};
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, Epoch, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::relay::source::{Reading, Source};
use crate::relay::testing::{self, conversation_id, membership, step};

pub(super) const ROOMS: usize = 2;
pub(super) const USERS: usize = 3;

/// The database: one log per room and per user. Reads take their snapshot at once and answer when they are let.
#[derive(Default)]
pub(super) struct Database {
    pub(super) rooms: [Room; ROOMS],
    pub(super) users: [Vec<UserEvent>; USERS],
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

#[derive(Default)]
pub(super) struct SlowSource {
    pub(super) database: Mutex<Database>,
    pub(super) reads: Mutex<Vec<oneshot::Sender<()>>>,
    pub(super) is_prompt: Mutex<bool>,
}

impl SlowSource {
    pub(super) async fn wait(&self) {
        if *self.is_prompt.lock() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        self.reads.lock().push(answer);
        // Dropped senders answer too.
        let _ = answered.await;
    }
}

impl Source for SlowSource {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        let heads = {
            let database = self.database.lock();
            let user = number_of(user);
            let rooms = (0..ROOMS).filter(|&room| database.rooms[room].members[user]);
            Heads {
                epoch: Epoch::from_uuid(Uuid::nil()),
                user_rev: UserRev::new(length(&database.users[user])),
                conversations: rooms
                    .map(|room| Head {
                        conversation_id: room_id(room),
                        rev: database.rooms[room].head(),
                        visible_from_seq: database.rooms[room].stays(user).last().unwrap().2,
                    })
                    .collect(),
                has_private_receipts: false,
            }
        };
        Box::pin(async move {
            self.wait().await;
            Ok(heads)
        })
    }

    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        _: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        let room = room_of(id);
        let steps = self.database.lock().rooms[room].steps_after(room, rev);
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
    }

    fn user_steps_after(&self, user: UserId, rev: UserRev, _: i64) -> Reading<'_, Vec<UserEvent>> {
        let log = &self.database.lock().users[number_of(user)];
        let skip = usize::try_from(rev.get()).unwrap();
        let steps = log.iter().skip(skip).cloned().collect();
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
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
