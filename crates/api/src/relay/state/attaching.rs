//! How a connection becomes live.

use std::collections::HashSet;

use hubbub_application::chat::dto::{Head, Heads};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};

use super::State;
use super::tracked::Tracked;
use crate::relay::log::Log;
use crate::relay::outbound::{ConnectionKey, Outbound};

/// What came of the try to make a connection live.
#[derive(Debug)]
pub(in crate::relay) enum GoLive {
    /// It is live.
    Done,
    /// It has ended.
    Gone,
    /// The snapshot is stale and must be taken again.
    Overtaken,
    /// The snapshot has seen more than this node has delivered of these conversations.
    Behind(Vec<Head>),
}

impl<K: ConnectionKey> State<K> {
    pub(in crate::relay) fn register(&mut self, key: K, user: UserId) {
        self.connections.register(key, user);
        self.users
            .entry(user)
            .or_insert_with(|| Tracked::new(Log::loading()));
    }

    /// From now on it is noted if something overtakes the snapshot that is about to be read.
    pub(in crate::relay) fn begin_snapshot(&mut self, key: &K) {
        self.connections.begin_snapshot(key);
    }

    /// Follows these conversations, without receiving anything of them yet.
    pub(in crate::relay) fn track(&mut self, key: &K, ids: &HashSet<ConversationId>) {
        for id in self.connections.set_candidates(key, ids) {
            self.forget_if_unfollowed(id);
        }
        if self.connections.contains(key) {
            for &id in ids {
                self.conversations
                    .entry(id)
                    .or_insert_with(|| Tracked::new(Log::loading()));
            }
        }
    }

    /// Makes a connection live by a snapshot that was read after its conversations were tracked: from here on it receives
    /// everything.
    ///
    /// It must not have been overtaken, and this node must have delivered at least what it has seen: a new member would else
    /// hear what came before the join.
    pub(in crate::relay) fn go_live(
        &mut self,
        key: &K,
        user: UserId,
        snapshot: &Heads,
        outbound: &dyn Outbound<K>,
    ) -> GoLive {
        let ids = snapshot.conversations.iter();
        let ids: HashSet<_> = ids.map(|head| head.conversation_id).collect();
        if !self.connections.contains(key) {
            return GoLive::Gone;
        }
        if self.connections.is_overtaken(key, &ids) {
            return GoLive::Overtaken;
        }
        let user_rev = self.begin_user(user, snapshot.user_rev, outbound);
        let (mut positions, mut behind) = (Vec::new(), Vec::new());
        for head in &snapshot.conversations {
            let rev = self.begin_conversation(head, outbound);
            if rev < head.rev {
                behind.push(*head);
            }
            positions.push(Head { rev, ..*head });
        }
        // What waited for its position may have changed whose conversations these are, and so may what another connection's
        // snapshot has stepped over, if that was taken later than this one.
        if self.connections.is_overtaken(key, &ids) || !self.is_covered(user, snapshot) {
            return GoLive::Overtaken;
        }
        if !behind.is_empty() {
            return GoLive::Behind(behind);
        }
        self.connections.go_live(key);
        self.epoch = Some(snapshot.epoch);
        for head in &snapshot.conversations {
            self.connections
                .follow(key, head.conversation_id, head.visible_from_seq);
        }
        self.connections
            .set_private(user, snapshot.has_private_receipts);
        let heads = Heads {
            user_rev,
            conversations: positions,
            ..*snapshot
        };
        outbound.heads(key, &heads);
        for id in ids {
            outbound.join(key, id);
        }
        GoLive::Done
    }

    /// Whether everything after the snapshot was, or will be, delivered by this node.
    fn is_covered(&self, user: UserId, snapshot: &Heads) -> bool {
        let own = self.users.get(&user);
        own.is_none_or(|own| own.log.reaches_back_to(snapshot.user_rev.get()))
            && snapshot.conversations.iter().all(|head| {
                let tracked = self.conversations.get(&head.conversation_id);
                tracked.is_none_or(|tracked| tracked.log.reaches_back_to(head.rev.get()))
            })
    }

    /// How far a conversation's log was delivered, if it is tracked and known.
    pub(in crate::relay) fn applied(&self, id: ConversationId) -> Option<Rev> {
        let tracked = self.conversations.get(&id)?;
        tracked.log.applied().map(Rev::new)
    }

    /// Gives a tracked conversation its position if it has none, and answers the one it has.
    fn begin_conversation(&mut self, head: &Head, outbound: &dyn Outbound<K>) -> Rev {
        let id = head.conversation_id;
        let Some(tracked) = self.conversations.get_mut(&id) else {
            return head.rev;
        };
        let steps = tracked.log.begin_at(head.rev.get());
        self.deliver(&steps, outbound);
        self.fill_if_behind(id);
        self.applied(id).unwrap_or(head.rev)
    }

    /// The same for a user's own log.
    fn begin_user(&mut self, user: UserId, head: UserRev, outbound: &dyn Outbound<K>) -> UserRev {
        let Some(tracked) = self.users.get_mut(&user) else {
            return head;
        };
        let steps = tracked.log.begin_at(head.get());
        let applied = tracked.log.applied().unwrap_or_default();
        self.deliver_user(user, &steps, outbound);
        self.fill_user_if_behind(user);
        UserRev::new(applied)
    }
}
