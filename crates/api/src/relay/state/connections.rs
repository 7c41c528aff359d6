//! The connections of this node, whose they are, and what they follow.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Seq;

use crate::relay::outbound::ConnectionKey;

pub(super) struct Connections<K> {
    all: HashMap<K, Connection>,
    by_user: HashMap<UserId, Vec<K>>,
    /// How many connections follow each conversation, or are about to.
    followers: HashMap<ConversationId, usize>,
    /// Those to whom a conversation is open from a later message than its first, and from which.
    latecomers: HashMap<ConversationId, HashMap<K, Seq>>,
    /// Users who neither show nor see how far conversations were read.
    private_users: HashSet<UserId>,
    /// How many there have been.
    registered: usize,
}

struct Connection {
    user: UserId,
    /// Whether `Heads` was sent. Until then nothing else may be.
    is_live: bool,
    /// Whether a snapshot is being taken. One task does so at a time.
    is_looking: bool,
    /// Whether something has happened that the snapshot being taken may not show.
    is_overtaken: bool,
    /// What it receives.
    follows: HashSet<ConversationId>,
    /// What it will receive besides, by the snapshot being taken.
    candidates: HashSet<ConversationId>,
    /// What it should receive, as far as was heard. What it does not when the next look begins is why there is one.
    expected: HashSet<ConversationId>,
    /// In which second of a round it hears a beacon, so that not all do at once.
    beacon_at: usize,
}

impl<K> Default for Connections<K> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            by_user: HashMap::new(),
            followers: HashMap::new(),
            latecomers: HashMap::new(),
            private_users: HashSet::new(),
            registered: 0,
        }
    }
}

impl<K: ConnectionKey> Connections<K> {
    pub(super) fn register(&mut self, key: K, user: UserId) {
        if let Entry::Vacant(place) = self.all.entry(key.clone()) {
            place.insert(Connection {
                user,
                is_live: false,
                is_looking: true,
                is_overtaken: false,
                follows: HashSet::new(),
                candidates: HashSet::new(),
                expected: HashSet::new(),
                beacon_at: self.registered,
            });
            self.registered = self.registered.wrapping_add(1);
            self.by_user.entry(user).or_default().push(key);
        }
    }

    /// Forgets a connection, and answers whose it was and what it followed.
    pub(super) fn forget(&mut self, key: &K) -> Option<(UserId, Vec<ConversationId>)> {
        let connection = self.all.remove(key)?;
        if let Entry::Occupied(mut keys) = self.by_user.entry(connection.user) {
            keys.get_mut().retain(|other| other != key);
            if keys.get().is_empty() {
                keys.remove();
                self.private_users.remove(&connection.user);
            }
        }
        let followed: Vec<_> = connection
            .follows
            .into_iter()
            .chain(connection.candidates)
            .collect();
        for &id in &followed {
            release(&mut self.followers, id);
            self.forget_latecomer(key, id);
        }
        Some((connection.user, followed))
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.all.contains_key(key)
    }

    /// The connections of a user.
    pub(super) fn of(&self, user: UserId) -> &[K] {
        self.by_user.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Those of them that are live.
    pub(super) fn live_of(&self, user: UserId) -> Vec<K> {
        let keys = self.of(user).iter();
        keys.filter(|key| {
            self.all
                .get(key)
                .is_some_and(|connection| connection.is_live)
        })
        .cloned()
        .collect()
    }

    /// Those of them that are live and do not follow a conversation.
    pub(super) fn live_without(&self, user: UserId, id: ConversationId) -> Vec<K> {
        let mut keys = self.live_of(user);
        keys.retain(|key| !self.all[key].follows.contains(&id));
        keys
    }

    /// A user's live connections should follow a conversation. Answers those that do not and for which nobody is about to take
    /// another look: who is told of one must take it.
    pub(super) fn begin_looking(&mut self, user: UserId, id: ConversationId) -> Vec<K> {
        let mut keys = self.live_without(user, id);
        keys.retain(|key| {
            self.all.get_mut(key).is_some_and(|connection| {
                connection.expected.insert(id);
                !std::mem::replace(&mut connection.is_looking, true)
            })
        });
        keys
    }

    /// Whether another look at a connection is still needed, and whose it is. If it is not, the look has ended.
    pub(super) fn must_look(&mut self, key: &K) -> Option<UserId> {
        let connection = self.all.get_mut(key)?;
        let follows = &connection.follows;
        connection.expected.retain(|id| !follows.contains(id));
        connection.is_looking = !connection.expected.is_empty();
        connection.is_looking.then_some(connection.user)
    }

    pub(super) fn is_live(&self, user: UserId) -> bool {
        !self.live_of(user).is_empty()
    }

    /// Whether one of a user's live connections follows a conversation.
    pub(super) fn does_follow(&self, user: UserId, id: ConversationId) -> bool {
        let keys = self.of(user).iter();
        keys.filter_map(|key| self.all.get(key))
            .any(|connection| connection.is_live && connection.follows.contains(&id))
    }

    /// The live connections whose turn it is in this second of a round.
    pub(super) fn due_for_beacon(&self, second: usize, round: usize) -> Vec<K> {
        self.all
            .iter()
            .filter(|(_, connection)| {
                connection.is_live && connection.beacon_at % round == second % round
            })
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Whose a live connection is, and what it follows.
    pub(super) fn followed_by(&self, key: &K) -> Option<(UserId, &HashSet<ConversationId>)> {
        let connection = self.all.get(key).filter(|connection| connection.is_live)?;
        Some((connection.user, &connection.follows))
    }

    pub(super) fn is_followed(&self, id: ConversationId) -> bool {
        self.followers.contains_key(&id)
    }

    /// A live connection receives a conversation from now on, which is open to it from the message `visible_from` on.
    pub(super) fn follow(&mut self, key: &K, id: ConversationId, visible_from: Seq) {
        let Some(connection) = self.all.get_mut(key) else {
            return;
        };
        if connection.follows.insert(id) && !connection.candidates.remove(&id) {
            *self.followers.entry(id).or_default() += 1;
        }
        if visible_from > Seq::FIRST {
            let latecomers = self.latecomers.entry(id).or_default();
            latecomers.insert(key.clone(), visible_from);
        } else {
            self.forget_latecomer(key, id);
        }
    }

    /// The followers of a conversation to whom it is open only from a later message than `seq`.
    pub(super) fn later_than(&self, id: ConversationId, seq: Seq) -> Vec<K> {
        let latecomers = self.latecomers.get(&id).into_iter().flatten();
        latecomers
            .filter(|&(_, &visible_from)| visible_from > seq)
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn forget_latecomer(&mut self, key: &K, id: ConversationId) {
        if let Entry::Occupied(mut latecomers) = self.latecomers.entry(id) {
            latecomers.get_mut().remove(key);
            if latecomers.get().is_empty() {
                latecomers.remove();
            }
        }
    }

    /// Notes whether a user shows, and sees, how far conversations were read.
    pub(super) fn set_private(&mut self, user: UserId, is_private: bool) {
        if is_private && self.by_user.contains_key(&user) {
            self.private_users.insert(user);
        } else {
            self.private_users.remove(&user);
        }
    }

    /// The connections of those who do not.
    pub(super) fn private(&self) -> Vec<K> {
        let users = self.private_users.iter();
        users.flat_map(|&user| self.of(user)).cloned().collect()
    }

    /// Notes what a connection will receive by the snapshot being taken. Answers what it will not, after all.
    pub(super) fn set_candidates(
        &mut self,
        key: &K,
        ids: &HashSet<ConversationId>,
    ) -> Vec<ConversationId> {
        let Some(connection) = self.all.get_mut(key) else {
            return Vec::new();
        };
        let wanted: HashSet<_> = ids.difference(&connection.follows).copied().collect();
        for id in wanted.difference(&connection.candidates) {
            *self.followers.entry(*id).or_default() += 1;
        }
        let before = std::mem::replace(&mut connection.candidates, wanted);
        let gone: Vec<_> = before.difference(&connection.candidates).copied().collect();
        for &id in &gone {
            release(&mut self.followers, id);
        }
        gone
    }

    /// Ends what a live connection receives of a conversation. Answers whether it received anything.
    pub(super) fn unfollow_if_live(&mut self, key: &K, id: ConversationId) -> bool {
        let did_follow = self
            .all
            .get_mut(key)
            .is_some_and(|connection| connection.is_live && connection.follows.remove(&id));
        if did_follow {
            release(&mut self.followers, id);
            self.forget_latecomer(key, id);
        }
        did_follow
    }

    pub(super) fn begin_snapshot(&mut self, key: &K) {
        if let Some(connection) = self.all.get_mut(key) {
            connection.is_overtaken = false;
        }
    }

    /// Something has happened to a user that a snapshot being taken for one of its connections may not show.
    pub(super) fn overtake_snapshots_of(&mut self, user: UserId) {
        for key in self.by_user.get(&user).into_iter().flatten() {
            if let Some(connection) = self.all.get_mut(key) {
                connection.is_overtaken = true;
            }
        }
    }

    /// Whether the snapshot that names these conversations is stale.
    pub(super) fn is_overtaken(&self, key: &K, ids: &HashSet<ConversationId>) -> bool {
        self.all.get(key).is_some_and(|connection| {
            let is_expected =
                |id| connection.candidates.contains(id) || connection.follows.contains(id);
            connection.is_overtaken
                || !ids.iter().all(is_expected)
                || !connection.candidates.is_subset(ids)
        })
    }

    /// From now on the connection receives what its snapshot says.
    pub(super) fn go_live(&mut self, key: &K) {
        if let Some(connection) = self.all.get_mut(key) {
            connection.is_live = true;
            connection.is_looking = false;
            connection.expected.clear();
            let candidates = std::mem::take(&mut connection.candidates);
            connection.follows.extend(candidates);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
            && self.by_user.is_empty()
            && self.followers.is_empty()
            && self.latecomers.is_empty()
            && self.private_users.is_empty()
    }
}

fn release(followers: &mut HashMap<ConversationId, usize>, id: ConversationId) {
    if let Entry::Occupied(mut count) = followers.entry(id) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}
