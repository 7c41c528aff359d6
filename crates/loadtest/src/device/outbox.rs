//! What a device wants stored: one message in flight per conversation, repeated under its key until it is answered.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use crate::ids::{CallId, ClientId, ConversationId};

/// A message that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its key.
    pub client_id: ClientId,
    /// Its text.
    pub body: String,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Pending>,
    in_flight: Option<CallId>,
    not_before: Option<Instant>,
}

/// Messages that are not acknowledged yet, by conversation.
#[derive(Default)]
pub struct Outbox(BTreeMap<ConversationId, Queue>);

impl Outbox {
    /// Adds a message behind the others of its conversation.
    pub fn push(&mut self, conversation: ConversationId, pending: Pending) {
        self.0
            .entry(conversation)
            .or_default()
            .waiting
            .push_back(pending);
    }

    /// Whether everything was answered.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|queue| queue.waiting.is_empty())
    }

    /// A message that may be sent now, and whose conversation has none in flight.
    pub fn due(&self, now: Instant) -> Option<(ConversationId, Pending)> {
        self.0.iter().find_map(|(conversation, queue)| {
            let idle = queue.in_flight.is_none() && queue.not_before.is_none_or(|at| at <= now);
            idle.then(|| queue.waiting.front().cloned())
                .flatten()
                .map(|pending| (*conversation, pending))
        })
    }

    /// The first message of a conversation is on its way.
    pub fn sent(&mut self, conversation: ConversationId, call: CallId) {
        self.0.entry(conversation).or_default().in_flight = Some(call);
    }

    /// It was answered for good.
    pub fn settled(&mut self, conversation: ConversationId, call: CallId) {
        if let Some(queue) = self.flying(conversation, call) {
            queue.in_flight = None;
            queue.waiting.pop_front();
        }
    }

    /// Nobody knows whether it was stored: it is sent again, at once or later.
    pub fn unknown(
        &mut self,
        conversation: ConversationId,
        call: CallId,
        not_before: Option<Instant>,
    ) {
        if let Some(queue) = self.flying(conversation, call) {
            queue.in_flight = None;
            queue.not_before = not_before;
        }
    }

    /// Loses everything.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Nothing when the answer is to something that was forgotten.
    fn flying(&mut self, conversation: ConversationId, call: CallId) -> Option<&mut Queue> {
        self.0
            .get_mut(&conversation)
            .filter(|queue| queue.in_flight == Some(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_of_a_conversation_is_in_flight_until_it_is_answered_for_good() {
        let (room, other) = (
            ConversationId::from_number(1),
            ConversationId::from_number(2),
        );
        let pending = |number| Pending {
            client_id: ClientId::from_number(number),
            body: String::new(),
        };
        let now = Instant::now();
        let mut outbox = Outbox::default();
        outbox.push(room, pending(1));
        outbox.push(room, pending(2));
        outbox.push(other, pending(3));
        assert_eq!(outbox.due(now), Some((room, pending(1))));
        outbox.sent(room, CallId(1));
        assert_eq!(
            outbox.due(now),
            Some((other, pending(3))),
            "conversations do not wait for one another"
        );
        outbox.sent(other, CallId(2));
        assert_eq!(outbox.due(now), None);
        outbox.unknown(room, CallId(1), None);
        assert_eq!(outbox.due(now), Some((room, pending(1))), "the same again");
        outbox.sent(room, CallId(3));
        outbox.settled(room, CallId(1));
        assert_eq!(outbox.due(now), None, "an old answer settles nothing");
        outbox.settled(room, CallId(3));
        assert_eq!(outbox.due(now), Some((room, pending(2))));
        outbox.settled(other, CallId(2));
        assert!(!outbox.is_empty());
        outbox.forget();
        assert!(outbox.is_empty());
    }
}
