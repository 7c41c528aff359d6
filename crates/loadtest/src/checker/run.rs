//! A history, sorted by what the invariants ask for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::names::Names;
use crate::digest::Digest;
use crate::history::{
    Action, Dump, Effect, Entry, Event, How, MessageRow, Outcome, Receipt, Row, Stay,
};
use crate::ids::{CallId, ClientId, ConversationId, DeviceId, UserId};

/// One call and how it ended.
pub(crate) struct Call<'a> {
    pub(crate) device: Option<DeviceId>,
    pub(crate) user: Option<UserId>,
    pub(crate) action: &'a Action,
    pub(crate) invoked_at: u64,
    /// Nothing when the history ends before the answer.
    pub(crate) answer: Option<(u64, &'a Outcome)>,
}

impl<'a> Call<'a> {
    pub(crate) fn receipt(&self) -> Option<(u64, &'a Receipt)> {
        match self.answer {
            Some((
                at,
                Outcome::Ok {
                    receipt: Some(receipt),
                },
            )) => Some((at, receipt)),
            _ => None,
        }
    }

    pub(crate) fn refusal(&self) -> Option<&'a str> {
        match self.answer {
            Some((_, Outcome::Refused { code })) => Some(code),
            _ => None,
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.answer, None | Some((_, Outcome::Unknown { .. })))
    }
}

/// One message that somebody wanted stored: a call and its retries.
pub(crate) struct Send {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) conversation: ConversationId,
    pub(crate) client_id: ClientId,
    pub(crate) body: Digest,
    /// Places in [`Run::calls`], in the order of time.
    pub(crate) calls: Vec<usize>,
}

/// What one device held of one conversation without forgetting it in between.
pub(crate) struct Segment<'a> {
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    pub(crate) conversation: ConversationId,
    /// When, and what ([`Effect::Applied`] only).
    pub(crate) steps: Vec<(u64, &'a Effect)>,
    /// Whether the device still held it at the end.
    pub(crate) last: bool,
}

/// A history to be judged.
pub(crate) struct Run<'a> {
    pub(crate) entries: &'a [Entry],
    pub(crate) names: Names,
    pub(crate) owners: BTreeMap<DeviceId, UserId>,
    pub(crate) calls: Vec<Call<'a>>,
    pub(crate) sends: Vec<Send>,
    pub(crate) segments: Vec<Segment<'a>>,
    pub(crate) dumps: BTreeMap<ConversationId, &'a Dump>,
    pub(crate) settled: BTreeSet<DeviceId>,
}

impl<'a> Run<'a> {
    pub(crate) fn of(entries: &'a [Entry]) -> Self {
        let mut run = Self {
            entries,
            names: Names::of(entries),
            owners: BTreeMap::new(),
            calls: Vec::new(),
            sends: Vec::new(),
            segments: Vec::new(),
            dumps: BTreeMap::new(),
            settled: BTreeSet::new(),
        };
        for entry in entries {
            match (entry.device, &entry.event) {
                (Some(device), Event::Device { user, .. }) => {
                    run.owners.insert(device, *user);
                }
                (Some(device), Event::Settled) => drop(run.settled.insert(device)),
                (_, Event::Dump(dump)) => drop(run.dumps.insert(dump.conversation, dump)),
                _ => {}
            }
        }
        run.collect_calls();
        run.collect_sends();
        run.collect_segments();
        run
    }

    /// The log's row of a send, if it is there.
    pub(crate) fn stored(&self, send: &Send) -> Option<&'a MessageRow> {
        let messages = &self.dumps.get(&send.conversation)?.messages;
        messages
            .iter()
            .find(|row| row.client_id == send.client_id && row.sender_id == send.user)
    }

    /// Every send with its row of the final log, by a single walk.
    pub(crate) fn stored_sends(&self) -> impl Iterator<Item = (&Send, Option<&'a MessageRow>)> {
        let mut rows = HashMap::new();
        for (id, dump) in &self.dumps {
            for row in &dump.messages {
                rows.entry((*id, row.sender_id, row.client_id))
                    .or_insert(row);
            }
        }
        let find = move |send: &Send| {
            rows.get(&(send.conversation, send.user, send.client_id))
                .copied()
        };
        self.sends.iter().map(move |send| (send, find(send)))
    }

    /// The first acknowledgement of a send.
    pub(crate) fn acknowledged(&self, send: &Send) -> Option<(u64, &'a Receipt)> {
        send.calls
            .iter()
            .filter_map(|call| self.calls[*call].receipt())
            .min_by_key(|(at, _)| *at)
    }

    /// When a send was first tried.
    pub(crate) fn invoked_at(&self, send: &Send) -> u64 {
        self.calls[send.calls[0]].invoked_at
    }

    pub(crate) fn stays(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> impl Iterator<Item = &'a Stay> {
        let stays = self
            .dumps
            .get(&conversation)
            .map_or(&[][..], |dump| &dump.stays);
        stays.iter().filter(move |stay| stay.user == user)
    }

    /// Whether a user may see a row in the state that it has.
    pub(crate) fn sees(&self, conversation: ConversationId, user: UserId, row: &Row) -> bool {
        self.stays(conversation, user).any(|stay| {
            let ended = stay.to_rev.is_some_and(|to| row.rev() > to);
            let begun = match row {
                // History that a joiner may read has lower revs than the stay.
                Row::Message(message) => message.seq >= stay.visible_from_seq,
                Row::Member(_) | Row::Settings { .. } => row.rev() >= stay.from_rev,
            };
            begun && !ended
        })
    }

    /// Whether a user who has come as far as `reached` is shown a message whenever they ask. One that was changed after a departure is
    /// not shown to who asks after that: how it stood before nobody knows any more, and how it stands is not theirs to see. A later stay
    /// opens nothing to who looked before it.
    pub(crate) fn is_shown(
        &self,
        conversation: ConversationId,
        user: UserId,
        row: &MessageRow,
        reached: u64,
    ) -> bool {
        let within = |stay: &Stay| stay.to_rev.is_none_or(|to| row.rev <= to);
        self.stays(conversation, user)
            .filter(|stay| stay.from_rev <= reached)
            .any(|stay| row.seq >= stay.visible_from_seq && within(stay))
    }

    fn collect_calls(&mut self) {
        let mut places: HashMap<CallId, usize> = HashMap::new();
        for Entry { at, device, event } in self.entries {
            match event {
                Event::Invoked { call, action } => {
                    places.insert(*call, self.calls.len());
                    let user = device.and_then(|device| self.owners.get(&device).copied());
                    self.calls.push(Call {
                        device: *device,
                        user,
                        action,
                        invoked_at: *at,
                        answer: None,
                    });
                }
                Event::Answered { call, outcome } => {
                    if let Some(place) = places.get(call) {
                        self.calls[*place].answer.get_or_insert((*at, outcome));
                    }
                }
                _ => {}
            }
        }
    }

    fn collect_sends(&mut self) {
        let mut places = HashMap::new();
        for (place, call) in self.calls.iter().enumerate() {
            let &Action::Send {
                conversation,
                client_id,
                body,
            } = call.action
            else {
                continue;
            };
            let (Some(user), Some(device)) = (call.user, call.device) else {
                continue;
            };
            let at = *places
                .entry((user, client_id, conversation, body))
                .or_insert_with(|| {
                    self.sends.push(Send {
                        user,
                        device,
                        conversation,
                        client_id,
                        body,
                        calls: Vec::new(),
                    });
                    self.sends.len() - 1
                });
            self.sends[at].calls.push(place);
        }
    }

    fn collect_segments(&mut self) {
        let mut open: BTreeMap<(DeviceId, ConversationId), Segment<'a>> = BTreeMap::new();
        let mut closed = Vec::new();
        for Entry { at, device, event } in self.entries {
            let Some(device) = *device else { continue };
            match event {
                Event::Forgot
                | Event::Ruled {
                    effect: Effect::EpochChanged { .. },
                } => {
                    closed.extend(
                        open.extract_if(.., |(of, _), _| *of == device)
                            .map(|(_, segment)| segment),
                    );
                }
                Event::Ruled {
                    effect: Effect::Lost { conversation },
                } => {
                    closed.extend(open.remove(&(device, *conversation)));
                }
                Event::Ruled {
                    effect:
                        effect @ Effect::Applied {
                            conversation, how, ..
                        },
                } => {
                    let key = (device, *conversation);
                    if *how == How::Reset {
                        closed.extend(open.remove(&key));
                    }
                    let Some(&user) = self.owners.get(&device) else {
                        continue;
                    };
                    let segment = open.entry(key).or_insert_with(|| Segment {
                        device,
                        user,
                        conversation: *conversation,
                        steps: Vec::new(),
                        last: false,
                    });
                    segment.steps.push((*at, effect));
                }
                _ => {}
            }
        }
        closed.extend(open.into_values().map(|segment| Segment {
            last: true,
            ..segment
        }));
        self.segments = closed;
    }
}
