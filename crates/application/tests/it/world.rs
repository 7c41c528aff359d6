use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hubbub_application::auth::dto::SignedIn;
use hubbub_application::auth::{
    AuthOptions, AuthService, Identity, Registration, RegistrationMode,
};
use hubbub_application::chat::{ChatService, LogWriter, Runner, WriterOptions};
use hubbub_application::error::ServiceError;
use hubbub_application::events::Event;
use hubbub_application::groups::GroupService;
use hubbub_application::invitations::{InvitationService, NewInvitation};
use hubbub_application::ports::{
    Clock, EventBus, HasherBusy, IdGenerator, PasswordHasher, Unlimited,
};
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_application::users::UserService;
use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{Password, PasswordHash};
use hubbub_infrastructure::in_process::InProcessPresence;
use hubbub_infrastructure::security::{JwtIssuer, RandomIds};
use hubbub_infrastructure::sqlite::SqliteStore;
use tokio::task::JoinSet;

/// A whole server without wires.
pub(crate) struct World {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) events: Arc<RecordingEventBus>,
    pub(crate) setup_code: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) server: ServerService,
    pub(crate) auth: AuthService,
    pub(crate) users: UserService,
    pub(crate) invitations: InvitationService,
    pub(crate) chat: Arc<ChatService>,
    pub(crate) groups: GroupService,
    pub(crate) presence: PresenceService,
    /// Ends with the world.
    _writers: JoinSet<()>,
}

impl World {
    /// A server on its first start.
    pub(crate) async fn new() -> Self {
        Self::with(RegistrationMode::Invitation).await
    }

    pub(crate) async fn with(registration: RegistrationMode) -> Self {
        let store = SqliteStore::in_memory().await.unwrap();
        Self::over(Arc::new(store), registration).await
    }

    /// A server on its first start over an empty database.
    pub(crate) async fn over(store: Arc<dyn Store>, registration: RegistrationMode) -> Self {
        let clock = Arc::new(FakeClock::default());
        let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds);
        let events = Arc::new(RecordingEventBus::default());
        let server = ServerService::new(store.clone(), clock.clone(), ids.clone());
        let prepared = server.prepare().await.unwrap();
        let auth = AuthService::new(
            store.clone(),
            clock.clone(),
            ids.clone(),
            Arc::new(FakeHasher),
            Arc::new(JwtIssuer::new(&prepared.token_key)),
            events.clone(),
            AuthOptions {
                registration,
                access_token_lifetime: Duration::from_mins(10),
                hub_ticket_lifetime: Duration::from_mins(1),
                session_lifetime: Duration::from_hours(720),
            },
        )
        .await
        .unwrap();
        let (writer, runners) = LogWriter::new(
            store.clone(),
            clock.clone(),
            events.clone(),
            WriterOptions::default(),
        );
        let presence = PresenceService::new(
            store.clone(),
            Arc::new(InProcessPresence::new(clock.clone(), ids.clone())),
            clock.clone(),
            events.clone(),
            Arc::new(Unlimited),
        );
        presence.enter(false).await;
        let writers = runners.into_iter().map(Runner::run).collect();
        Self {
            setup_code: prepared.setup_code.unwrap(),
            auth,
            users: UserService::new(store.clone(), events.clone()),
            invitations: InvitationService::new(store.clone(), clock.clone(), ids.clone()),
            chat: Arc::new(ChatService::new(
                store.clone(),
                clock.clone(),
                ids.clone(),
                events.clone(),
                writer,
            )),
            groups: GroupService::new(store.clone(), clock.clone(), ids, events.clone()),
            presence,
            store,
            server,
            clock,
            events,
            _writers: writers,
        }
    }

    /// The first account.
    pub(crate) async fn owner(&self, username: &str) -> SignedIn {
        let code = self.setup_code.clone();
        self.auth
            .register(Registration {
                setup_code: Some(code),
                ..registration(username)
            })
            .await
            .unwrap()
    }

    /// Somebody whom the owner invited.
    pub(crate) async fn guest_of(&self, owner: UserId, username: &str) -> SignedIn {
        let invitation = self
            .invitations
            .create(owner, NewInvitation::default())
            .await
            .unwrap();
        self.auth
            .register(Registration {
                invite_code: Some(invitation.code),
                ..registration(username)
            })
            .await
            .unwrap()
    }

    /// The first account and people whom it invited. Each has left a note in "General" on coming.
    pub(crate) async fn people<const N: usize>(&self, others: [&str; N]) -> (UserId, [UserId; N]) {
        let owner = self.owner("owner").await.user.id;
        let mut ids = [owner; N];
        for (id, name) in ids.iter_mut().zip(others) {
            *id = self.guest_of(owner, name).await.user.id;
        }
        self.events.take();
        (owner, ids)
    }

    pub(crate) async fn identity(&self, signed_in: &SignedIn) -> Identity {
        self.auth
            .authenticate(&signed_in.access_token)
            .await
            .unwrap()
    }
}

pub(crate) fn registration(username: &str) -> Registration {
    Registration {
        username: username.to_owned(),
        password: format!("password of {username}"),
        ..Registration::default()
    }
}

/// The stable word of a failure.
pub(crate) fn code<T, E: ServiceError>(result: Result<T, E>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

/// Stands still until it is moved.
pub(crate) struct FakeClock(AtomicI64);

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_795_000_000_000_000))
    }
}

impl FakeClock {
    pub(crate) fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Remembers what was published.
#[derive(Default)]
pub(crate) struct RecordingEventBus(Mutex<Vec<Event>>);

impl RecordingEventBus {
    /// What was published since the last time.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EventBus for RecordingEventBus {
    fn publish(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// Hashes at once, for tests that are not about hashing.
struct FakeHasher;

#[async_trait]
impl PasswordHasher for FakeHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherBusy> {
        Ok(PasswordHash::from_phc(format!(
            "fake:{}",
            password.expose()
        )))
    }

    async fn verify(&self, password: Password, hash: PasswordHash) -> Result<bool, HasherBusy> {
        Ok(hash.as_phc() == format!("fake:{}", password.expose()))
    }
}
