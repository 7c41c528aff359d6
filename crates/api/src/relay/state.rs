//! What the relay knows: which connection follows what, and how far each log was delivered. Nothing here waits.

mod connections;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use hubbub_application::chat::dto::{Head, Heads};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, UserEvent, UserEventChange,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_application::ports::Topic;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};

use super::log::{Log, Missing, Step};
use super::outbound::{ConnectionKey, Outbound};
use connections::Connections;

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
}

/// A log that this node delivers, and whether somebody is reading what is missing of it.
struct Tracked<S> {
    log: Log<S>,
    is_filling: bool,
    /// Whether the database must be asked even if nothing waits.
    is_suspect: bool,
}

/// What came of the try to make a connection live.
#[derive(Debug)]
pub(super) enum GoLive {
    /// It is live.
    Done,
    /// It has ended.
    Gone,
    /// The snapshot is stale and must be taken again.
    Overtaken,
    /// The snapshot has seen more than this node has delivered of these conversations.
    Behind(Vec<Head>),
}

/// What is to be done after a hint, outside the lock.
#[derive(Debug)]
pub(super) struct FollowUp<K> {
    /// What is missing must be read.
    pub(super) must_fill: bool,
    /// Connections that should follow the conversation and do not: their snapshot is to be taken again.
    pub(super) deaf: Vec<K>,
}

impl<K: ConnectionKey> Default for State<K> {
    fn default() -> Self {
        Self {
            connections: Connections::default(),
            conversations: HashMap::new(),
            users: HashMap::new(),
        }
    }
}

impl<S: Step> Tracked<S> {
    fn new(log: Log<S>, is_suspect: bool) -> Self {
        Self {
            log,
            is_filling: false,
            is_suspect,
        }
    }

    /// Whether a task is needed that reads what is missing. The one that is told so must begin.
    fn must_begin_filling(&mut self) -> bool {
        let is_behind = self.is_suspect || self.log.missing().is_some();
        is_behind && !std::mem::replace(&mut self.is_filling, true)
    }

    /// What the reading task must read next. When there is nothing, the task ends.
    fn next_to_fill(&mut self) -> Option<Missing> {
        let missing = self.log.missing().or_else(|| {
            let after = self.log.applied().filter(|_| self.is_suspect)?;
            Some(Missing {
                after,
                known_to: after,
            })
        });
        self.is_filling = missing.is_some();
        missing
    }

    /// The database knows nothing more.
    fn filled(&mut self, asked: Missing) {
        self.is_suspect = false;
        self.log.give_up(asked);
    }
}

impl<K: ConnectionKey> State<K> {
    pub(super) fn register(&mut self, key: K, user: UserId) {
        self.connections.register(key, user);
        self.users
            .entry(user)
            .or_insert_with(|| Tracked::new(Log::loading(), false));
    }

    /// Whether a conversation's steps are taken.
    pub(super) fn tracks(&self, id: ConversationId) -> bool {
        self.conversations.contains_key(&id)
    }

    /// The same for a user's own log.
    pub(super) fn tracks_user(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// The live connections of a user that do not follow a conversation, and for which nobody is taking another look yet. Who is told of
    /// one must take it.
    pub(super) fn begin_looking(&mut self, user: UserId, id: ConversationId) -> Vec<K> {
        self.connections.begin_looking(user, id)
    }

    pub(super) fn user_of(&self, key: &K) -> Option<UserId> {
        self.connections.user_of(key)
    }

    /// The connections of users who neither show nor see how far conversations were read.
    pub(super) fn private_connections(&self) -> Vec<K> {
        self.connections.private()
    }

    pub(super) fn connections_of(&self, user: UserId) -> &[K] {
        self.connections.of(user)
    }

    /// From now on it is noted if something overtakes the snapshot that is about to be read.
    pub(super) fn begin_snapshot(&mut self, key: &K) {
        self.connections.begin_snapshot(key);
    }

    /// Follows these conversations, without receiving anything of them yet. Answers those that it was about to follow before, and now is
    /// not.
    pub(super) fn track(&mut self, key: &K, ids: &HashSet<ConversationId>) -> Vec<ConversationId> {
        let gone = self.connections.set_candidates(key, ids);
        for &id in &gone {
            self.forget_if_unfollowed(id);
        }
        if self.connections.contains(key) {
            for &id in ids {
                self.conversations
                    .entry(id)
                    .or_insert_with(|| Tracked::new(Log::loading(), false));
            }
        }
        gone
    }

    /// Makes a connection live by a snapshot that was read after its conversations were tracked: from here on it receives
    /// everything.
    ///
    /// It must not have been overtaken, and this node must have delivered at least what it has seen: a new member would else
    /// hear what came before the join.
    pub(super) fn go_live(
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
    pub(super) fn applied(&self, id: ConversationId) -> Option<Rev> {
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
        UserRev::new(applied)
    }

    /// Forgets a connection. Answers what it was told of, which nobody else may need to be.
    pub(super) fn forget(&mut self, key: &K) -> Vec<Topic> {
        let Some((user, followed)) = self.connections.forget(key) else {
            return Vec::new();
        };
        let mut topics = vec![Topic::User(user)];
        for id in followed {
            self.forget_if_unfollowed(id);
            topics.push(Topic::Conversation(id));
        }
        if self.connections.of(user).is_empty() {
            self.users.remove(&user);
        }
        topics
    }

    /// Takes a hint about a conversation.
    pub(super) fn offer(
        &mut self,
        step: &Arc<ConversationEvent>,
        outbound: &dyn Outbound<K>,
    ) -> FollowUp<K> {
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
            let log = Log::at(step.from_rev.get());
            self.conversations.insert(id, Tracked::new(log, true));
        }
        let Some(tracked) = self.conversations.get_mut(&id) else {
            return FollowUp {
                must_fill: false,
                deaf: Vec::new(),
            };
        };
        let steps = tracked.log.offer(Arc::clone(step));
        let is_waiting = tracked
            .log
            .applied()
            .is_some_and(|at| at < step.from_rev.get());
        self.deliver(&steps, outbound);
        // A join that was neither delivered nor waits was overtaken: whom it concerns takes another look.
        let deaf = joining
            .filter(|_| !is_waiting)
            .map(|user| self.connections.begin_looking(user, id))
            .unwrap_or_default();
        let must_fill = self
            .conversations
            .get_mut(&id)
            .is_some_and(Tracked::must_begin_filling);
        self.forget_if_unfollowed(id);
        FollowUp { must_fill, deaf }
    }

    /// What is to be read of a conversation's log. The task that asks ends when there is nothing.
    pub(super) fn next_to_fill(&mut self, id: ConversationId) -> Option<Missing> {
        let missing = self.conversations.get_mut(&id)?.next_to_fill();
        self.forget_if_unfollowed(id);
        missing
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

    /// Takes a hint about a user's own log. Answers whether what is missing must be read.
    pub(super) fn offer_user(&mut self, step: Arc<UserEvent>, outbound: &dyn Outbound<K>) -> bool {
        let user = step.user_id;
        let Some(tracked) = self.users.get_mut(&user) else {
            return false;
        };
        let steps = tracked.log.offer(step);
        self.deliver_user(user, &steps, outbound);
        self.users
            .get_mut(&user)
            .is_some_and(Tracked::must_begin_filling)
    }

    pub(super) fn next_to_fill_of_user(&mut self, user: UserId) -> Option<Missing> {
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

    fn deliver(&mut self, steps: &[Arc<ConversationEvent>], outbound: &dyn Outbound<K>) {
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

    fn deliver_user(&mut self, user: UserId, steps: &[Arc<UserEvent>], outbound: &dyn Outbound<K>) {
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
