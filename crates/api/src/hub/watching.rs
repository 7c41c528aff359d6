use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use hubbub_application::presence::dto::PresenceDto;
use hubbub_application::presence::{PresenceError, PresenceService};
use hubbub_domain::ids::UserId;
use parking_lot::Mutex;
use signalr_hub::HubContext;
use tokio_util::task::TaskTracker;

/// Which connections watch whose presence. Those who watch a person are a SignalR group; whether they still may is asked again
/// when somebody has lost a conversation. Connections are named by a string.
pub(crate) struct Watching {
    presence: Arc<PresenceService>,
    tasks: TaskTracker,
    hub: OnceLock<HubContext>,
    watchers: Mutex<HashMap<String, Watcher>>,
}

struct Watcher {
    user: UserId,
    watched: HashSet<UserId>,
}

/// The group of those who watch a person.
pub(super) fn watchers_of(user: UserId) -> String {
    format!("presence:{user}")
}

impl Watching {
    /// Nobody watches anybody. Groups are joined once the hub is there.
    pub(crate) fn new(presence: Arc<PresenceService>, tasks: TaskTracker) -> Self {
        Self {
            presence,
            tasks,
            hub: OnceLock::new(),
            watchers: Mutex::default(),
        }
    }

    /// Names the hub. It is named once; another one is ignored.
    pub(super) fn connect(&self, hub: HubContext) {
        let _ = self.hub.set(hub);
    }

    /// A connection can watch from now on.
    pub(super) fn open(&self, key: &str, user: UserId) {
        let watched = HashSet::new();
        self.watchers
            .lock()
            .insert(key.to_owned(), Watcher { user, watched });
    }

    /// A connection has ended. It may have ended before.
    pub(super) fn close(&self, key: &str) {
        self.watchers.lock().remove(key);
    }

    /// Lets a connection watch those of `users` whom it may, and answers how they are shown.
    pub(super) async fn watch(
        &self,
        key: &str,
        user: UserId,
        users: &[UserId],
    ) -> Result<Vec<PresenceDto>, PresenceError> {
        let allowed = self.presence.may_watch(user, users).await?;
        self.begin(key, &allowed)?;
        // Asked again: who lost a conversation before the watching began was not found by `recheck`. And read after the
        // watching began, so that no change falls between.
        let still = self.presence.may_watch(user, users).await?;
        let lost = allowed.iter().filter(|user| !still.contains(user));
        self.end(key, lost);
        Ok(self.presence.states(users, &still))
    }

    fn begin(&self, key: &str, users: &[UserId]) -> Result<(), PresenceError> {
        let mut watchers = self.watchers.lock();
        let Some(watcher) = watchers.get_mut(key) else {
            return Ok(());
        };
        let fresh = users.iter().filter(|user| !watcher.watched.contains(user));
        if watcher.watched.len() + fresh.count() > PresenceService::MAX_WATCHED {
            return Err(PresenceError::TooMany);
        }
        watcher.watched.extend(users);
        if let Some(connection) = self.hub.get().and_then(|hub| hub.connection(key)) {
            for user in users {
                connection.join_group(&watchers_of(*user));
            }
        }
        Ok(())
    }

    /// Ends a connection's watching of people; of those whom it does not watch there is nothing to end.
    pub(super) fn end<'a>(&self, key: &str, users: impl IntoIterator<Item = &'a UserId>) {
        let mut watchers = self.watchers.lock();
        let Some(watcher) = watchers.get_mut(key) else {
            return;
        };
        let connection = self.hub.get().and_then(|hub| hub.connection(key));
        for user in users {
            watcher.watched.remove(user);
            if let Some(connection) = &connection {
                connection.leave_group(&watchers_of(*user));
            }
        }
    }

    /// Somebody has lost a conversation: ends the watching, by and of that person, that nothing allows any more.
    pub(super) fn recheck(self: &Arc<Self>, lost: UserId) {
        let doubtful: Vec<_> = self
            .watchers
            .lock()
            .iter()
            .filter_map(|(key, watcher)| {
                let watched: Vec<UserId> = if watcher.user == lost {
                    watcher.watched.iter().copied().collect()
                } else {
                    watcher.watched.get(&lost).copied().into_iter().collect()
                };
                (!watched.is_empty()).then(|| (key.clone(), watcher.user, watched))
            })
            .collect();
        if doubtful.is_empty() {
            return;
        }
        let watching = Arc::clone(self);
        self.tasks.spawn(async move {
            for (key, user, watched) in doubtful {
                let allowed = watching.presence.may_watch(user, &watched).await;
                // Who cannot be asked about is not watched: better to show too little than too much.
                let allowed = allowed.unwrap_or_else(|error| {
                    tracing::warn!(%error, "watching ends because it cannot be checked");
                    Vec::new()
                });
                let lost = watched.iter().filter(|user| !allowed.contains(user));
                watching.end(&key, lost);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use hubbub_domain::conversation::{Conversation, ConversationName, Subject, Title};
    use hubbub_domain::ids::ConversationId;
    use hubbub_domain::member::MemberRole;
    use hubbub_domain::timestamp::Timestamp;
    use hubbub_domain::unit_of_work::Store;
    use hubbub_domain::user::{DisplayName, PasswordHash, ServerRole, User, Username};
    use hubbub_infrastructure::in_process::InProcessEventBus;
    use hubbub_infrastructure::security::SystemClock;
    use hubbub_infrastructure::sqlite::SqliteStore;
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_micros(0);

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    /// A group of three people; answers how to leave it.
    async fn group(store: &SqliteStore) -> impl AsyncFnOnce(UserId) {
        let name = ConversationName::parse("Tea").unwrap();
        let subject = Subject::Group(Title { name, topic: None });
        let id = ConversationId::from_uuid(Uuid::from_u128(1));
        let mut tea = Conversation::found(id, subject, NOW);
        let mut unit = store.begin().await.unwrap();
        unit.conversations().add(&tea).await.unwrap();
        let mut stays = HashMap::new();
        for number in 1..=3 {
            let username = Username::parse(&format!("user{number}")).unwrap();
            let member = User {
                id: user(number),
                display_name: DisplayName::from(&username),
                username,
                role: ServerRole::Member,
                created_at: NOW,
            };
            let hash = PasswordHash::from_phc(String::new());
            unit.users().add(&member, &hash).await.unwrap();
            let stay = tea.admit(member.id, MemberRole::Member, NOW);
            let rev = unit.users().next_rev(member.id).await.unwrap();
            unit.memberships().add(&stay, rev).await.unwrap();
            stays.insert(member.id, stay);
        }
        unit.commit().await.unwrap();
        async move |user: UserId| {
            let mut stay = stays.remove(&user).unwrap();
            tea.release(&mut stay);
            let mut unit = store.begin().await.unwrap();
            unit.memberships().update(&stay, None).await.unwrap();
            unit.commit().await.unwrap();
        }
    }

    #[tokio::test]
    async fn watching_ends_on_both_sides_when_nothing_is_shared_any_more() {
        let store = Arc::new(SqliteStore::in_memory().await.unwrap());
        let leave = group(&store).await;
        let bus = Arc::new(InProcessEventBus::new());
        let presence = PresenceService::new(store.clone(), Arc::new(SystemClock), bus);
        let tasks = TaskTracker::new();
        let watching = Arc::new(Watching::new(Arc::new(presence), tasks.clone()));
        let (one, two) = ("one", "two");
        let stranger = user(99);
        let watched = |key: &str| {
            let mut users: Vec<_> = watching.watchers.lock()[key]
                .watched
                .iter()
                .copied()
                .collect();
            users.sort_unstable();
            users
        };
        for (key, own) in [(one, user(1)), (two, user(2))] {
            watching.open(key, own);
            let everybody = [user(1), user(2), user(3), stranger];
            let others: Vec<_> = everybody.into_iter().filter(|user| *user != own).collect();
            watching.watch(key, own, &others).await.unwrap();
        }
        assert_eq!(watched(one), [user(2), user(3)], "only who may be watched");
        assert_eq!(watched(two), [user(1), user(3)]);

        leave(user(1)).await;
        watching.recheck(user(1));
        tasks.close();
        tasks.wait().await;
        assert_eq!(watched(one), []);
        assert_eq!(watched(two), [user(3)]);
    }
}
