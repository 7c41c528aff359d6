//! Tables of connections, sharded so that senders rarely meet.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::connection::Connection;
use crate::connection_id::ConnectionId;

const SHARDS: usize = 16;

fn shard_of(hasher: &RandomState, key: &str) -> usize {
    usize::try_from(hasher.hash_one(key) % SHARDS as u64).expect("a shard number is small")
}

/// Connections by id, or by connection token.
#[derive(Default)]
pub(crate) struct ConnectionTable {
    hasher: RandomState,
    shards: [Mutex<HashMap<ConnectionId, Arc<Connection>>>; SHARDS],
}

impl ConnectionTable {
    fn shard(&self, key: &str) -> &Mutex<HashMap<ConnectionId, Arc<Connection>>> {
        &self.shards[shard_of(&self.hasher, key)]
    }

    pub(crate) fn insert(&self, key: ConnectionId, connection: Arc<Connection>) {
        self.shard(&key).lock().insert(key, connection);
    }

    /// Inserts unless the key is taken, and returns what is there now. Calls `inserted` if it was not taken.
    pub(crate) fn get_or_insert(
        &self,
        key: ConnectionId,
        connection: Arc<Connection>,
        inserted: impl FnOnce(),
    ) -> Arc<Connection> {
        match self.shard(&key).lock().entry(key) {
            Entry::Occupied(entry) => Arc::clone(entry.get()),
            Entry::Vacant(entry) => {
                inserted();
                Arc::clone(entry.insert(connection))
            }
        }
    }

    pub(crate) fn remove(&self, key: &str) {
        self.shard(key).lock().remove(key);
    }

    pub(crate) fn find(&self, key: &str) -> Option<Arc<Connection>> {
        self.shard(key).lock().get(key).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Calls `visit` for every connection. No lock is held meanwhile.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Arc<Connection>)) {
        for shard in &self.shards {
            let connections: Vec<_> = shard.lock().values().cloned().collect();
            connections.iter().for_each(&mut visit);
        }
    }
}

/// Connections by the name of something they share: a group or a user.
#[derive(Default)]
pub(crate) struct MemberTable {
    hasher: RandomState,
    shards: [Mutex<HashMap<Arc<str>, Members>>; SHARDS],
}

#[derive(Default)]
struct Members {
    list: Vec<Arc<Connection>>,
    /// The list as senders use it, made by the first send after a change.
    snapshot: Option<Arc<[Arc<Connection>]>>,
}

/// Lists up to this length are copied rather than kept a second time.
const COPIED: usize = 4;

/// The members of a group at one moment.
pub(crate) enum Snapshot {
    Few(SmallVec<[Arc<Connection>; COPIED]>),
    Many(Arc<[Arc<Connection>]>),
}

impl std::ops::Deref for Snapshot {
    type Target = [Arc<Connection>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Few(list) => list,
            Self::Many(list) => list,
        }
    }
}

impl MemberTable {
    fn shard(&self, name: &str) -> &Mutex<HashMap<Arc<str>, Members>> {
        &self.shards[shard_of(&self.hasher, name)]
    }

    /// Adds a connection, which must not be a member yet, and returns the shared name. Calls `begun` if it is the first member, in order
    /// with other such calls.
    pub(crate) fn insert(
        &self,
        name: &str,
        connection: &Arc<Connection>,
        begun: impl FnOnce(),
    ) -> Arc<str> {
        let mut shard = self.shard(name).lock();
        let (key, first) = match shard.get_key_value(name) {
            Some((key, _)) => (Arc::clone(key), false),
            None => (Arc::from(name), true),
        };
        let members = if first {
            shard.entry(Arc::clone(&key)).or_default()
        } else {
            shard.get_mut(name).expect("the key was just found")
        };
        members.list.push(Arc::clone(connection));
        members.snapshot = None;
        if first {
            begun();
        }
        key
    }

    /// Removes a connection. Calls `ended` if it was the last member.
    pub(crate) fn remove(&self, name: &str, connection: &Arc<Connection>, ended: impl FnOnce()) {
        let mut shard = self.shard(name).lock();
        let Some(members) = shard.get_mut(name) else {
            return;
        };
        if let Some(position) = members
            .list
            .iter()
            .position(|member| Arc::ptr_eq(member, connection))
        {
            members.list.swap_remove(position);
            members.snapshot = None;
        }
        if members.list.is_empty() {
            shard.remove(name);
            ended();
        }
    }

    pub(crate) fn members(&self, name: &str) -> Snapshot {
        let mut shard = self.shard(name).lock();
        let Some(members) = shard.get_mut(name) else {
            return Snapshot::Few(SmallVec::new());
        };
        if members.list.len() <= COPIED {
            return Snapshot::Few(members.list.iter().cloned().collect());
        }
        let snapshot = members
            .snapshot
            .get_or_insert_with(|| members.list.iter().cloned().collect());
        Snapshot::Many(Arc::clone(snapshot))
    }
}
