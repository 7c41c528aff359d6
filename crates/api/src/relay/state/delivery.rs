//! Who receives a step, and what it makes of who follows what.

use std::sync::Arc;

use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, UserEvent, UserEventChange,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Seq;

use super::State;
use crate::relay::outbound::{ConnectionKey, Outbound};

impl<K: ConnectionKey> State<K> {
    pub(super) fn deliver(&mut self, steps: &[Arc<ConversationEvent>], outbound: &dyn Outbound<K>) {
        for step in steps {
            let id = step.conversation_id;
            match &step.change {
                ConversationEventChange::Member(change) if change.joined => {
                    self.welcome(id, change, outbound);
                    outbound.conversation_step(step, &[]);
                }
                ConversationEventChange::Member(change) => {
                    outbound.conversation_step(step, &[]);
                    self.dismiss(id, change, outbound);
                }
                ConversationEventChange::MessagePosted(message)
                | ConversationEventChange::MessageChanged(message) => {
                    let hidden_from = self.hidden_from(step, message.seq);
                    outbound.conversation_step(step, &hidden_from);
                }
                ConversationEventChange::Settings(_) | ConversationEventChange::Nothing => {
                    outbound.conversation_step(step, &[]);
                }
            }
        }
    }

    /// Those who follow the conversation and may not see a message: it came before what is open to them, or it stands as it came to
    /// stand after they left.
    fn hidden_from(&self, step: &ConversationEvent, seq: Seq) -> Vec<K> {
        let mut hidden = self.connections.later_than(step.conversation_id, seq);
        for &user in &step.hidden_from {
            hidden.extend(self.connections.of(user).iter().cloned());
        }
        hidden
    }

    /// A new member's connections receive the conversation from the join itself on.
    fn welcome(&mut self, id: ConversationId, change: &MemberChange, outbound: &dyn Outbound<K>) {
        self.connections.overtake_snapshots_of(change.user.id);
        for key in self.connections.live_without(change.user.id, id) {
            self.connections.follow(&key, id, change.visible_from_seq);
            outbound.join(&key, id);
        }
    }

    /// A departure is the last that a former member's connections receive.
    fn dismiss(&mut self, id: ConversationId, change: &MemberChange, outbound: &dyn Outbound<K>) {
        self.connections.overtake_snapshots_of(change.user.id);
        for key in self.connections.of(change.user.id).to_vec() {
            if self.connections.unfollow_if_live(&key, id) {
                outbound.leave(&key, id);
            }
        }
    }

    pub(super) fn deliver_user(
        &mut self,
        user: UserId,
        steps: &[Arc<UserEvent>],
        outbound: &dyn Outbound<K>,
    ) {
        if steps.is_empty() {
            return;
        }
        self.connections.overtake_snapshots_of(user);
        for step in steps {
            if let UserEventChange::ReceiptsChanged { private_receipts } = step.change {
                self.connections.set_private(user, private_receipts);
            }
        }
        for key in self.connections.live_of(user) {
            for step in steps {
                outbound.user_step(&key, step);
            }
        }
        for step in steps {
            match &step.change {
                UserEventChange::ConversationGained { conversation } => {
                    self.expect(user, conversation.id);
                }
                UserEventChange::ConversationLost { conversation_id } => {
                    self.doubt(user, *conversation_id);
                }
                _ => {}
            }
        }
    }

    /// The user's connections should follow a conversation, now or when the join comes that is under way. If it was lost, and nobody
    /// else here follows the conversation, nothing else would tell of it.
    fn expect(&mut self, user: UserId, id: ConversationId) {
        let deaf = self.connections.begin_looking(user, id);
        self.work.looks.extend(deaf);
        // Who follows it still has not heard of the departure before.
        self.doubt(user, id);
    }

    /// The user has left a conversation. Where that was not delivered, its hint was lost: it is read before anything else can come.
    fn doubt(&mut self, user: UserId, id: ConversationId) {
        if self.connections.does_follow(user, id)
            && let Some(tracked) = self.conversations.get_mut(&id)
        {
            tracked.suspect();
            self.fill_if_behind(id);
        }
    }
}
