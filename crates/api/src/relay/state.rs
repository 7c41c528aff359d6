//! What the relay knows: which connection follows what, and how far each log was delivered. Nothing here waits; what must is left
//! behind as [`Work`].

mod attaching;
mod connections;
mod delivery;
mod heads;
mod tracked;

use std::collections::HashMap;
use std::sync::Arc;

use hubbub_application::events::{ConversationEvent, ConversationEventChange, UserEvent};
use hubbub_domain::ids::{ConversationId, Epoch, UserId};

use super::counters::RelayCounters;
use super::log::{Log, Missing, Step};
use super::outbound::{ConnectionKey, Outbound};
use connections::Connections;
use tracked::Tracked;

pub(super) use attaching::GoLive;
pub(super) use tracked::Hole;

impl Step for Arc<ConversationEvent> {
    fn from(&self) -> i64 {
        self.from_rev.get()
    }

    fn to(&self) -> i64 {
        self.to_rev.get()
    }
}

impl Step for Arc<UserEvent> {
    fn from(&self) -> i64 {
        self.from_rev.get()
    }

    fn to(&self) -> i64 {
        self.to_rev.get()
    }
}

pub(super) struct State<K> {
    connections: Connections<K>,
    /// Conversations that a connection of this node follows.
    conversations: HashMap<ConversationId, Tracked<Arc<ConversationEvent>>>,
    /// Users with a connection to this node.
    users: HashMap<UserId, Tracked<Arc<UserEvent>>>,
    /// The history that all positions are of.
    epoch: Option<Epoch>,
    work: Work<K>,
    counters: Arc<RelayCounters>,
}

/// What is to be done outside of the lock.
#[derive(Debug)]
pub(super) struct Work<K> {
    /// Conversations of which something is to be read.
    pub(super) fill: Vec<ConversationId>,
    /// Users of whose own log something is to be read.
    pub(super) fill_users: Vec<UserId>,
    /// Connections that should follow a conversation and do not: their snapshot is to be taken again.
    pub(super) looks: Vec<K>,
}

impl<K> Default for Work<K> {
    fn default() -> Self {
        Self {
            fill: Vec::new(),
            fill_users: Vec::new(),
            looks: Vec::new(),
        }
    }
}

impl<K: ConnectionKey> State<K> {
    pub(super) fn new(counters: Arc<RelayCounters>) -> Self {
        Self {
            connections: Connections::default(),
            conversations: HashMap::new(),
            users: HashMap::new(),
            epoch: None,
            work: Work::default(),
            counters,
        }
    }

    /// What has become necessary since this was asked before.
    pub(super) fn take_work(&mut self) -> Work<K> {
        std::mem::take(&mut self.work)
    }

    /// Whether another look at a connection is still needed, and whose it is.
    pub(super) fn must_look(&mut self, key: &K) -> Option<UserId> {
        self.connections.must_look(key)
    }

    /// The connections of users who neither show nor see how far conversations were read.
    pub(super) fn private_connections(&self) -> Vec<K> {
        self.connections.private()
    }

    pub(super) fn connections_of(&self, user: UserId) -> &[K] {
        self.connections.of(user)
    }

    pub(super) fn forget(&mut self, key: &K) {
        let Some((user, followed)) = self.connections.forget(key) else {
            return;
        };
        for id in followed {
            self.forget_if_unfollowed(id);
        }
        if self.connections.of(user).is_empty() {
            self.users.remove(&user);
        }
    }

    /// Takes a hint about a conversation.
    pub(super) fn offer(&mut self, step: &Arc<ConversationEvent>, outbound: &dyn Outbound<K>) {
        let id = step.conversation_id;
        let joining = match &step.change {
            ConversationEventChange::Member(change) if change.joined => Some(change.user.id),
            _ => None,
        };
        if let Some(user) = joining {
            self.connections.overtake_snapshots_of(user);
        }
        if !self.conversations.contains_key(&id)
            && joining.is_some_and(|user| self.connections.is_live(user))
        {
            // Steps after this one may have come before it, when nobody followed: the database is asked once.
            let mut tracked = Tracked::new(Log::at(step.from_rev.get()));
            tracked.suspect();
            self.conversations.insert(id, tracked);
        }
        let Some(tracked) = self.conversations.get_mut(&id) else {
            return;
        };
        let applied = tracked.log.applied();
        if applied.is_some_and(|at| step.to_rev.get() <= at) {
            self.counters.duplicates_dropped.increment();
        }
        let steps = tracked.offer(Arc::clone(step));
        let applied = tracked.log.applied();
        let is_waiting = applied.is_some_and(|at| at < step.from_rev.get());
        self.deliver(&steps, outbound);
        // A join that was neither delivered nor waits was overtaken: whom it concerns takes another look.
        if let Some(user) = joining.filter(|_| !is_waiting) {
            let deaf = self.connections.begin_looking(user, id);
            self.work.looks.extend(deaf);
        }
        self.fill_if_behind(id);
        self.forget_if_unfollowed(id);
    }

    /// What is to be read of a conversation's log. The task that asks ends when there is nothing.
    pub(super) fn next_to_fill(&mut self, id: ConversationId) -> Option<Hole> {
        let hole = self.conversations.get_mut(&id)?.next_to_fill();
        self.forget_if_unfollowed(id);
        hole
    }

    /// Takes what was read.
    pub(super) fn fill(
        &mut self,
        id: ConversationId,
        asked: Missing,
        steps: Vec<ConversationEvent>,
        outbound: &dyn Outbound<K>,
    ) {
        if steps.is_empty()
            && let Some(tracked) = self.conversations.get_mut(&id)
        {
            tracked.filled(asked);
        }
        self.deliver_read(id, steps, outbound);
    }

    /// Delivers steps that were read right after a position of the log.
    pub(super) fn deliver_read(
        &mut self,
        id: ConversationId,
        steps: Vec<ConversationEvent>,
        outbound: &dyn Outbound<K>,
    ) {
        for step in steps {
            let Some(tracked) = self.conversations.get_mut(&id) else {
                return;
            };
            let deliverable = tracked.log.offer_first(Arc::new(step));
            self.deliver(&deliverable, outbound);
        }
        self.forget_if_unfollowed(id);
    }

    /// Takes a hint about a user's own log.
    pub(super) fn offer_user(&mut self, step: Arc<UserEvent>, outbound: &dyn Outbound<K>) {
        let user = step.user_id;
        let Some(tracked) = self.users.get_mut(&user) else {
            return;
        };
        let applied = tracked.log.applied();
        if applied.is_some_and(|at| step.to_rev.get() <= at) {
            self.counters.duplicates_dropped.increment();
        }
        let steps = tracked.offer(step);
        self.deliver_user(user, &steps, outbound);
        self.fill_user_if_behind(user);
    }

    pub(super) fn next_to_fill_of_user(&mut self, user: UserId) -> Option<Hole> {
        self.users.get_mut(&user)?.next_to_fill()
    }

    pub(super) fn fill_user(
        &mut self,
        user: UserId,
        asked: Missing,
        steps: Vec<UserEvent>,
        outbound: &dyn Outbound<K>,
    ) {
        if steps.is_empty()
            && let Some(tracked) = self.users.get_mut(&user)
        {
            tracked.filled(asked);
        }
        for step in steps {
            let Some(tracked) = self.users.get_mut(&user) else {
                return;
            };
            let deliverable = tracked.log.offer_first(Arc::new(step));
            self.deliver_user(user, &deliverable, outbound);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.conversations.is_empty() && self.users.is_empty()
    }

    /// If something is missing and nobody reads it yet, somebody must.
    fn fill_if_behind(&mut self, id: ConversationId) {
        let tracked = self.conversations.get_mut(&id);
        if tracked.is_some_and(Tracked::must_begin_filling) {
            self.work.fill.push(id);
        }
    }

    /// The same for a user's own log.
    fn fill_user_if_behind(&mut self, user: UserId) {
        let tracked = self.users.get_mut(&user);
        if tracked.is_some_and(Tracked::must_begin_filling) {
            self.work.fill_users.push(user);
        }
    }

    /// Only what somebody follows is tracked. To be asked once a whole batch was delivered, since within one the last follower may
    /// leave and another one join; and not while something is being read, since a join may wait for it.
    fn forget_if_unfollowed(&mut self, id: ConversationId) {
        let is_filling = self
            .conversations
            .get(&id)
            .is_some_and(|tracked| tracked.is_filling);
        if !is_filling && !self.connections.is_followed(id) {
            self.conversations.remove(&id);
        }
    }
}
