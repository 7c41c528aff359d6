//! What the relay knows: which connection follows what, and how far each log was delivered. Nothing here waits.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use hubbub_application::chat::dto::{Head, Heads};
use hubbub_application::events::{ConversationEvent, ConversationEventChange, UserEvent};
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};

use super::log::{Log, Step};
use super::outbound::{ConnectionKey, Outbound};

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
    connections: HashMap<K, Connection>,
    conversations: HashMap<ConversationId, Tracked>,
    users: HashMap<UserId, TrackedUser<K>>,
}

impl<K> Default for State<K> {
    fn default() -> Self {
        Self {
            connections: HashMap::new(),
            conversations: HashMap::new(),
            users: HashMap::new(),
        }
    }
}

struct Connection {
    user: UserId,
    /// Whether `Heads` was sent. Until then nothing else may be.
    is_live: bool,
    /// Whether something was not sent because the connection was not live yet, so that its snapshot is stale.
    is_overtaken: bool,
    conversations: HashSet<ConversationId>,
}

/// A conversation that a connection of this node follows.
struct Tracked {
    log: Log<Arc<ConversationEvent>>,
    followers: usize,
    is_filling: bool,
    /// Whether the database must be asked even if nothing waits.
    is_suspect: bool,
}

/// A user with a connection to this node.
struct TrackedUser<K> {
    log: Log<Arc<UserEvent>>,
    connections: Vec<K>,
    is_filling: bool,
}

impl<K: ConnectionKey> State<K> {
    pub(super) fn register(&mut self, key: K, user: UserId) {
        let connection = Connection {
            user,
            is_live: false,
            is_overtaken: false,
            conversations: HashSet::new(),
        };
        if self.connections.insert(key.clone(), connection).is_some() {
            return;
        }
        self.users
            .entry(user)
            .or_insert_with(|| TrackedUser {
                log: Log::loading(),
                connections: Vec::new(),
                is_filling: false,
            })
            .connections
            .push(key);
    }

    pub(super) fn is_registered(&self, key: &K) -> bool {
        self.connections.contains_key(key)
    }

    pub(super) fn connections_of(&self, user: UserId) -> &[K] {
        self.users
            .get(&user)
            .map_or(&[], |tracked| tracked.connections.as_slice())
    }

    /// From now on it is noted if something overtakes the snapshot that is about to be read.
    pub(super) fn begin_snapshot(&mut self, key: &K) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.is_overtaken = false;
        }
    }

    /// Follows exactly these conversations, without receiving anything of them yet.
    pub(super) fn track(&mut self, key: &K, ids: &HashSet<ConversationId>) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        for &id in ids {
            if connection.conversations.insert(id) {
                let tracked = self.conversations.entry(id).or_insert_with(|| Tracked {
                    log: Log::loading(),
                    followers: 0,
                    is_filling: false,
                    is_suspect: false,
                });
                tracked.followers += 1;
            }
        }
        let gone: Vec<_> = connection.conversations.difference(ids).copied().collect();
        for id in gone {
            connection.conversations.remove(&id);
            unfollow(&mut self.conversations, id);
        }
    }

    /// Whether the snapshot that names these conversations is stale.
    pub(super) fn is_overtaken(&self, key: &K, ids: &HashSet<ConversationId>) -> bool {
        self.connections
            .get(key)
            .is_some_and(|connection| connection.is_overtaken || connection.conversations != *ids)
    }

    /// Gives a tracked conversation its position if it has none, and answers the one it has.
    pub(super) fn begin_conversation(&mut self, head: &Head, outbound: &dyn Outbound<K>) -> Rev {
        let id = head.conversation_id;
        let Some(tracked) = self.conversations.get_mut(&id) else {
            return head.rev;
        };
        let steps = tracked.log.begin_at(head.rev.get());
        let applied = tracked.log.applied().unwrap_or_default();
        self.deliver(&steps, outbound);
        Rev::new(applied)
    }

    /// The same for a user's own log.
    pub(super) fn begin_user(
        &mut self,
        user: UserId,
        head: UserRev,
        outbound: &dyn Outbound<K>,
    ) -> UserRev {
        let Some(tracked) = self.users.get_mut(&user) else {
            return head;
        };
        let steps = tracked.log.begin_at(head.get());
        let applied = tracked.log.applied().unwrap_or_default();
        self.deliver_user(user, &steps, outbound);
        UserRev::new(applied)
    }

    /// From here on the connection receives everything.
    pub(super) fn go_live(&mut self, key: &K, heads: &Heads, outbound: &dyn Outbound<K>) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        connection.is_live = true;
        outbound.heads(key, heads);
        for &id in &connection.conversations {
            outbound.join(key, id);
        }
    }

    pub(super) fn forget(&mut self, key: &K) {
        let Some(connection) = self.connections.remove(key) else {
            return;
        };
        for id in connection.conversations {
            unfollow(&mut self.conversations, id);
        }
        if let Entry::Occupied(mut user) = self.users.entry(connection.user) {
            user.get_mut().connections.retain(|other| other != key);
            if user.get().connections.is_empty() {
                user.remove();
            }
        }
    }

    /// Takes a hint about a conversation. Answers whether somebody must read what is missing, which only one task does at a
    /// time.
    pub(super) fn offer(
        &mut self,
        step: Arc<ConversationEvent>,
        outbound: &dyn Outbound<K>,
    ) -> bool {
        let id = step.conversation_id;
        if !self.conversations.contains_key(&id) {
            if !self.brings_a_follower(&step) {
                return false;
            }
            // Steps after this one may have come before it, when nobody followed: the database is asked once.
            self.conversations.insert(
                id,
                Tracked {
                    log: Log::at(step.from_rev.get()),
                    followers: 0,
                    is_filling: false,
                    is_suspect: true,
                },
            );
        }
        let steps = match self.conversations.get_mut(&id) {
            Some(tracked) => tracked.log.offer(step),
            None => return false,
        };
        self.deliver(&steps, outbound);
        self.conversations.get_mut(&id).is_some_and(|tracked| {
            let is_behind = tracked.is_suspect || tracked.log.missing_after().is_some();
            is_behind && !std::mem::replace(&mut tracked.is_filling, true)
        })
    }

    /// After which change a conversation's log is to be read, if at all. The task that asks stops when the answer is `None`.
    pub(super) fn missing_after(&mut self, id: ConversationId) -> Option<Rev> {
        let tracked = self.conversations.get_mut(&id)?;
        let missing = if tracked.is_suspect {
            tracked.log.applied()
        } else {
            tracked.log.missing_after()
        };
        tracked.is_filling = missing.is_some();
        missing.map(Rev::new)
    }

    /// Takes what was read.
    pub(super) fn fill(
        &mut self,
        id: ConversationId,
        steps: Vec<ConversationEvent>,
        outbound: &dyn Outbound<K>,
    ) {
        let is_end = steps.is_empty();
        for step in steps {
            let Some(tracked) = self.conversations.get_mut(&id) else {
                return;
            };
            let deliverable = tracked.log.offer_first(Arc::new(step));
            self.deliver(&deliverable, outbound);
        }
        if is_end && let Some(tracked) = self.conversations.get_mut(&id) {
            tracked.is_suspect = false;
            tracked.log.give_up();
        }
    }

    /// Takes a hint about a user's own log. Answers as [`State::offer`] does.
    pub(super) fn offer_user(&mut self, step: Arc<UserEvent>, outbound: &dyn Outbound<K>) -> bool {
        let user = step.user_id;
        let Some(tracked) = self.users.get_mut(&user) else {
            return false;
        };
        let steps = tracked.log.offer(step);
        self.deliver_user(user, &steps, outbound);
        self.users.get_mut(&user).is_some_and(|tracked| {
            tracked.log.missing_after().is_some()
                && !std::mem::replace(&mut tracked.is_filling, true)
        })
    }

    pub(super) fn user_missing_after(&mut self, user: UserId) -> Option<UserRev> {
        let tracked = self.users.get_mut(&user)?;
        let missing = tracked.log.missing_after();
        tracked.is_filling = missing.is_some();
        missing.map(UserRev::new)
    }

    pub(super) fn fill_user(
        &mut self,
        user: UserId,
        steps: Vec<UserEvent>,
        outbound: &dyn Outbound<K>,
    ) {
        let is_end = steps.is_empty();
        for step in steps {
            let Some(tracked) = self.users.get_mut(&user) else {
                return;
            };
            let deliverable = tracked.log.offer_first(Arc::new(step));
            self.deliver_user(user, &deliverable, outbound);
        }
        if is_end && let Some(tracked) = self.users.get_mut(&user) {
            tracked.log.give_up();
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.conversations.is_empty() && self.users.is_empty()
    }

    /// Whether the step is the join of somebody who is connected here.
    fn brings_a_follower(&self, step: &ConversationEvent) -> bool {
        let ConversationEventChange::Member(change) = &step.change else {
            return false;
        };
        change.joined
            && self.connections_of(change.user.id).iter().any(|key| {
                self.connections
                    .get(key)
                    .is_some_and(|connection| connection.is_live)
            })
    }

    fn deliver(&mut self, steps: &[Arc<ConversationEvent>], outbound: &dyn Outbound<K>) {
        for step in steps {
            match &step.change {
                ConversationEventChange::Member(change) if change.joined => {
                    self.welcome(step.conversation_id, change, outbound);
                    outbound.conversation_step(step);
                }
                ConversationEventChange::Member(change) => {
                    outbound.conversation_step(step);
                    self.dismiss(step.conversation_id, change, outbound);
                }
                ConversationEventChange::Message(_) => outbound.conversation_step(step),
            }
        }
    }

    /// A new member's connections receive the conversation from the join itself on.
    fn welcome(&mut self, id: ConversationId, change: &MemberChange, outbound: &dyn Outbound<K>) {
        let keys = self.connections_of(change.user.id).to_vec();
        for key in keys {
            let Some(connection) = self.connections.get_mut(&key) else {
                continue;
            };
            if !connection.is_live {
                connection.is_overtaken = true;
            } else if connection.conversations.insert(id) {
                if let Some(tracked) = self.conversations.get_mut(&id) {
                    tracked.followers += 1;
                }
                outbound.join(&key, id);
            }
        }
    }

    /// A departure is the last that a former member's connections receive.
    fn dismiss(&mut self, id: ConversationId, change: &MemberChange, outbound: &dyn Outbound<K>) {
        let keys = self.connections_of(change.user.id).to_vec();
        for key in keys {
            let Some(connection) = self.connections.get_mut(&key) else {
                continue;
            };
            if !connection.is_live {
                connection.is_overtaken = true;
            } else if connection.conversations.remove(&id) {
                outbound.leave(&key, id);
                unfollow(&mut self.conversations, id);
            }
        }
    }

    fn deliver_user(&mut self, user: UserId, steps: &[Arc<UserEvent>], outbound: &dyn Outbound<K>) {
        let Some(tracked) = self.users.get(&user).filter(|_| !steps.is_empty()) else {
            return;
        };
        for key in &tracked.connections {
            let Some(connection) = self.connections.get_mut(key) else {
                continue;
            };
            if connection.is_live {
                for step in steps {
                    outbound.user_step(key, step);
                }
            } else {
                connection.is_overtaken = true;
            }
        }
    }
}

fn unfollow(conversations: &mut HashMap<ConversationId, Tracked>, id: ConversationId) {
    if let Entry::Occupied(mut tracked) = conversations.entry(id) {
        tracked.get_mut().followers -= 1;
        if tracked.get().followers == 0 {
            tracked.remove();
        }
    }
}
