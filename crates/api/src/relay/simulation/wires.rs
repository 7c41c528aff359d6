use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use hubbub_application::chat::dto::Heads;
use hubbub_application::events::{ConversationEvent, UserEvent};
use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::Seq;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::database::{ROOMS, message_of, place_of, room_of};
use crate::relay::outbound::Outbound;

/// What one connection heard: where it was told to be, and every step since.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    LiveFrom {
        rooms: BTreeMap<usize, i64>,
        own: i64,
    },
    /// Where it was reminded that rooms stand.
    Beacon(BTreeMap<usize, i64>),
    Step {
        room: usize,
        from: i64,
        to: i64,
        /// Which message it brought, and what the message's newest change was.
        row: Option<(usize, i64)>,
    },
    Own(i64),
}

#[derive(Default)]
pub(super) struct Wires {
    pub(super) groups: Mutex<[Vec<usize>; ROOMS]>,
    pub(super) heard: Mutex<BTreeMap<usize, Vec<(Instant, Heard)>>>,
    /// Nothing goes out any more.
    pub(super) is_cut: AtomicBool,
}

impl Wires {
    fn write(&self, key: usize, heard: Heard) {
        if !self.is_cut.load(Ordering::Relaxed) {
            let now = (Instant::now(), heard);
            self.heard.lock().entry(key).or_default().push(now);
        }
    }

    /// What every connection heard, and when.
    pub(super) fn all_heard(&self) -> BTreeMap<usize, Vec<(Instant, Heard)>> {
        self.heard.lock().clone()
    }

    /// What the hub does when a connection has ended.
    pub(super) fn hang_up(&self, key: usize) {
        for group in self.groups.lock().iter_mut() {
            group.retain(|&member| member != key);
        }
    }
}

impl Outbound<usize> for Wires {
    fn join(&self, key: &usize, id: ConversationId) {
        let group = &mut self.groups.lock()[room_of(id)];
        if !group.contains(key) {
            group.push(*key);
        }
    }

    fn leave(&self, key: &usize, id: ConversationId) {
        self.groups.lock()[room_of(id)].retain(|member| member != key);
    }

    fn heads(&self, key: &usize, heads: &Heads) {
        let (rooms, own) = (rooms_of(heads), heads.user_rev.get());
        self.write(*key, Heard::LiveFrom { rooms, own });
    }

    fn beacon(&self, key: &usize, heads: &Heads) {
        self.write(*key, Heard::Beacon(rooms_of(heads)));
    }

    fn conversation_step(&self, step: &ConversationEvent, hidden_from: &[usize]) {
        let room = room_of(step.conversation_id);
        let row = message_of(&step.change).map(|message| (place_of(message), message.rev.get()));
        for &key in &self.groups.lock()[room] {
            let heard = Heard::Step {
                room,
                from: step.from_rev.get(),
                to: step.to_rev.get(),
                row: row.filter(|_| !hidden_from.contains(&key)),
            };
            self.write(key, heard);
        }
    }

    fn user_step(&self, key: &usize, step: &UserEvent) {
        self.write(*key, Heard::Own(step.to_rev.get()));
    }

    fn typing(&self, _: ConversationId, _: UserId, _: bool, _: &[usize]) {}
    fn read_marker_moved(&self, _: ConversationId, _: UserId, _: Seq, _: &[usize]) {}
    fn presence(&self, _: &PresenceDto) {}
    fn session_ended(&self, _: UserId, _: SessionId) {}
}

fn rooms_of(heads: &Heads) -> BTreeMap<usize, i64> {
    let positions = heads.conversations.iter();
    positions
        .map(|head| (room_of(head.conversation_id), head.rev.get()))
        .collect()
}
