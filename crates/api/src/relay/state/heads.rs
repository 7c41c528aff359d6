//! What the node hears about where logs stand, and what it tells connections of it.

use std::time::Duration;

use hubbub_application::chat::dto::{Head, Heads};
use hubbub_application::events::Digest;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use tokio::time::Instant;

use super::State;
use crate::relay::counters::Detector;
use crate::relay::outbound::{ConnectionKey, Outbound};

/// A beacon tells of what has changed in this time.
const BEACON_REACHES_BACK: Duration = Duration::from_mins(1);

impl<K: ConnectionKey> State<K> {
    /// Learns where logs stand. What was not delivered as far is read.
    pub(in crate::relay) fn hear_of(
        &mut self,
        heads: &Digest,
        by: Detector,
        stored_at: Option<Instant>,
    ) {
        for &(id, rev) in &heads.conversations {
            if let Some(tracked) = self.conversations.get_mut(&id) {
                tracked.hear_of(rev.get(), by, stored_at);
                self.fill_if_behind(id);
            }
        }
        for &(user, rev) in &heads.users {
            if let Some(tracked) = self.users.get_mut(&user) {
                tracked.hear_of(rev.get(), by, stored_at);
                self.fill_user_if_behind(user);
            }
        }
    }

    /// Everything that this node delivers.
    pub(in crate::relay) fn tracked(&self) -> (Vec<ConversationId>, Vec<UserId>) {
        let conversations = self.conversations.keys().copied().collect();
        (conversations, self.users.keys().copied().collect())
    }

    /// The connections that hear a beacon in this second of a round.
    pub(in crate::relay) fn due_for_beacon(&self, second: usize, round: usize) -> Vec<K> {
        self.connections.due_for_beacon(second, round)
    }

    /// Tells a connection where those of its logs stand that have changed lately. Only what this node has
    /// delivered as far is told of: a connection that is behind that has missed something. Answers whether there was anything.
    pub(in crate::relay) fn beacon(
        &self,
        key: &K,
        now: Instant,
        outbound: &dyn Outbound<K>,
    ) -> bool {
        let Some((epoch, (user, follows))) = self.epoch.zip(self.connections.followed_by(key))
        else {
            return false;
        };
        let Some(own) = self.users.get(&user) else {
            return false;
        };
        let since = now.checked_sub(BEACON_REACHES_BACK).unwrap_or(now);
        let conversations: Vec<_> = follows
            .iter()
            .filter_map(|id| {
                let rev = self.conversations.get(id)?.delivered_since(since)?;
                Some(Head {
                    conversation_id: *id,
                    rev: Rev::new(rev),
                    visible_from_seq: Seq::FIRST,
                })
            })
            .collect();
        if conversations.is_empty() && own.delivered_since(since).is_none() {
            return false;
        }
        let heads = Heads {
            epoch,
            user_rev: UserRev::new(own.log.applied().unwrap_or_default()),
            conversations,
            has_private_receipts: false,
        };
        outbound.beacon(key, &heads);
        true
    }
}
