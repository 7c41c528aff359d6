use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use hubbub_application::ports::Clock;
use hubbub_application::presence::dto::PresenceDto;
use hubbub_application::presence::{
    Announcement, Announcer, Knowledge, PresenceError, PresenceEvent, PresenceService,
};
use hubbub_domain::ids::UserId;
use parking_lot::Mutex;
use signalr_hub::{HubContext, SendError};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Which connections watch whose presence, and what they are told. Those who watch a person are a SignalR group; whether they still
/// may is asked again when somebody has lost a conversation. Connections are named by a string.
pub(crate) struct Watching {
    presence: Arc<PresenceService>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    hub: OnceLock<HubContext>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    watchers: HashMap<String, Watcher>,
    /// How many connections watch each person.
    watched: HashMap<UserId, usize>,
    announcer: Announcer,
}

struct Watcher {
    user: UserId,
    /// Whom the client asked for.
    wanted: HashSet<UserId>,
    /// The others of the user's direct conversations.
    partners: HashSet<UserId>,
}

/// Why somebody is watched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Wanted,
    Partner,
}

/// The group of those who watch a person.
fn watchers_of(user: UserId) -> String {
    format!("presence:{user}")
}

impl Watching {
    /// Nobody watches anybody. Groups are joined once the hub is there.
    pub(crate) fn new(
        presence: Arc<PresenceService>,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            presence,
            clock,
            tasks,
            hub: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Names the hub. It is named once; another one is ignored.
    pub(super) fn connect(&self, hub: HubContext) {
        let _ = self.hub.set(hub);
    }

    /// A connection can watch from now on. It watches the others of its user's direct conversations without asking, and is told who of
    /// them is there.
    pub(super) fn open(self: &Arc<Self>, key: &str, user: UserId) {
        let watcher = Watcher {
            user,
            wanted: HashSet::new(),
            partners: HashSet::new(),
        };
        self.state.lock().watchers.insert(key.to_owned(), watcher);
        let (watching, key) = (Arc::clone(self), key.to_owned());
        self.tasks.spawn(async move {
            match watching.presence.partners(user).await {
                Ok(partners) => watching.follow(&key, &partners).await,
                Err(error) => tracing::warn!(%error, "partners cannot be watched"),
            }
        });
    }

    /// A connection's user has a direct conversation with somebody new.
    pub(super) fn gained(self: &Arc<Self>, key: &str, partner: UserId) {
        let (watching, key) = (Arc::clone(self), key.to_owned());
        self.tasks
            .spawn(async move { watching.follow(&key, &[partner]).await });
    }

    async fn follow(&self, key: &str, partners: &[UserId]) {
        if partners.is_empty() || self.begin(key, partners, Reason::Partner).is_err() {
            return;
        }
        let shown = self.presence.states(partners, partners).await;
        self.take_in(&shown, Announcer::answer);
        for presence in shown.iter().filter(|presence| presence.state.is_there()) {
            self.with(|hub| match hub.connection(key) {
                Some(connection) => connection.send("UserOnline", (presence,)),
                None => Ok(()),
            });
        }
    }

    /// A connection has ended. It may have ended before.
    pub(super) fn close(&self, key: &str) {
        let mut state = self.state.lock();
        if let Some(watcher) = state.watchers.remove(key) {
            for user in watcher.wanted.union(&watcher.partners) {
                state.release(*user);
            }
        }
    }

    /// Lets a connection watch those of `users` whom it may, and answers how they are shown.
    pub(super) async fn watch(
        &self,
        key: &str,
        user: UserId,
        users: &[UserId],
    ) -> Result<Vec<PresenceDto>, PresenceError> {
        let allowed = self.presence.may_watch(user, users).await?;
        self.begin(key, &allowed, Reason::Wanted)?;
        // Asked again: who lost a conversation before the watching began was not found by `recheck`. And read after the
        // watching began, so that no change falls between.
        let still = self.presence.may_watch(user, users).await?;
        let lost = allowed.iter().filter(|user| !still.contains(user));
        self.end(key, lost);
        let shown = self.presence.states(users, &still).await;
        let known: Vec<_> = shown
            .iter()
            .filter(|presence| still.contains(&presence.user_id))
            .cloned()
            .collect();
        self.take_in(&known, Announcer::answer);
        Ok(shown)
    }

    fn begin(&self, key: &str, users: &[UserId], why: Reason) -> Result<(), PresenceError> {
        let mut state = self.state.lock();
        let Some(watcher) = state.watchers.get_mut(key) else {
            return Ok(());
        };
        let named = match why {
            Reason::Wanted => &mut watcher.wanted,
            Reason::Partner => &mut watcher.partners,
        };
        let fresh = users.iter().filter(|user| !named.contains(user)).count();
        if named.len() + fresh > PresenceService::MAX_WATCHED {
            return Err(PresenceError::TooMany);
        }
        let before: HashSet<_> = watcher.wanted.union(&watcher.partners).copied().collect();
        match why {
            Reason::Wanted => watcher.wanted.extend(users),
            Reason::Partner => watcher.partners.extend(users),
        }
        let fresh: HashSet<_> = users.iter().filter(|user| !before.contains(user)).collect();
        for user in &fresh {
            *state.watched.entry(**user).or_default() += 1;
        }
        if let Some(connection) = self.hub.get().and_then(|hub| hub.connection(key)) {
            for user in fresh {
                connection.join_group(&watchers_of(*user));
            }
        }
        Ok(())
    }

    /// Ends a connection's watching of people whom it asked for; of those whom it does not watch there is nothing to end, and partners
    /// stay.
    pub(super) fn end<'a>(&self, key: &str, users: impl IntoIterator<Item = &'a UserId>) {
        self.end_by(key, users, |watcher, user| {
            watcher.wanted.remove(user) && !watcher.partners.contains(user)
        });
    }

    fn end_by<'a>(
        &self,
        key: &str,
        users: impl IntoIterator<Item = &'a UserId>,
        remove: impl Fn(&mut Watcher, &UserId) -> bool,
    ) {
        let mut state = self.state.lock();
        let connection = self.hub.get().and_then(|hub| hub.connection(key));
        for user in users {
            let watcher = state.watchers.get_mut(key);
            if watcher.is_some_and(|watcher| remove(watcher, user)) {
                state.release(*user);
                if let Some(connection) = &connection {
                    connection.leave_group(&watchers_of(*user));
                }
            }
        }
    }

    /// Somebody has lost a conversation: ends the watching, by and of that person, that nothing allows any more.
    pub(super) fn recheck(self: &Arc<Self>, lost: UserId) {
        let doubtful: Vec<_> = self
            .state
            .lock()
            .watchers
            .iter()
            .filter_map(|(key, watcher)| {
                let watched: Vec<UserId> = if watcher.user == lost {
                    watcher.wanted.iter().copied().collect()
                } else {
                    watcher.wanted.get(&lost).copied().into_iter().collect()
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

    /// Takes a hint. Of people whom nobody watches here nothing is kept.
    pub(super) fn offer(&self, presence: &PresenceDto) {
        self.take_in(std::slice::from_ref(presence), Announcer::offer);
    }

    fn take_in(&self, shown: &[PresenceDto], take: fn(&mut Announcer, PresenceDto)) {
        let mut state = self.state.lock();
        for presence in shown {
            if state.watched.contains_key(&presence.user_id) {
                take(&mut state.announcer, presence.clone());
            }
        }
    }

    /// Reads again how everybody stands who is watched here, or, if that is not known, takes it so.
    pub(crate) async fn refresh(&self) {
        let watched: Vec<_> = self.state.lock().watched.keys().copied().collect();
        match self.presence.read(&watched).await {
            Some(shown) => self.take_in(&shown, Announcer::offer),
            None => self.lose(),
        }
    }

    /// Whether this node knows who is there, and when to [`refresh`](Self::refresh).
    pub(crate) fn knowledge(&self) -> watch::Receiver<Knowledge> {
        self.presence.knowledge()
    }

    /// Nothing can be told of anybody.
    pub(crate) fn lose(&self) {
        self.state.lock().announcer.lose();
    }

    /// Tells watchers what is to be told. All that one connection gets of it goes out in one piece.
    pub(crate) fn announce(&self) {
        let due = self.state.lock().announcer.due(self.clock.now());
        for Announcement { event, presence } in due {
            let method = match event {
                PresenceEvent::Online => "UserOnline",
                PresenceEvent::Offline => "UserOffline",
                PresenceEvent::Changed => "PresenceChanged",
            };
            self.with(|hub| {
                let group = watchers_of(presence.user_id);
                hub.clients().group(&group).send(method, (&presence,))
            });
        }
    }

    fn with(&self, send: impl FnOnce(&HubContext) -> Result<(), SendError>) {
        if let Some(hub) = self.hub.get()
            && let Err(error) = send(hub)
        {
            tracing::error!(%error, "an event cannot be serialised");
        }
    }
}

impl State {
    fn release(&mut self, user: UserId) {
        if let Some(count) = self.watched.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.watched.remove(&user);
                self.announcer.forget(user);
            }
        }
    }
}

#[cfg(test)]
mod tests;
