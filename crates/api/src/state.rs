//! What a request reaches: the services and what goes with them.

use std::sync::Arc;

use hubbub_application::auth::AuthService;
use hubbub_application::chat::ChatService;
use hubbub_application::groups::GroupService;
use hubbub_application::invitations::InvitationService;
use hubbub_application::ports::{BusHealth, Clock, IdGenerator};
use hubbub_application::presence::PresenceService;
use hubbub_application::users::UserService;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::login_throttle::LoginThrottle;
use crate::metrics::Instruments;

/// What controllers and middleware reach. Clones are the same.
#[derive(Clone)]
pub(crate) struct App {
    services: Arc<Services>,
}

/// See [`App`].
pub(crate) struct Services {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) auth: Arc<AuthService>,
    pub(crate) users: UserService,
    pub(crate) invitations: InvitationService,
    pub(crate) chat: Arc<ChatService>,
    pub(crate) groups: Arc<GroupService>,
    pub(crate) presence: Arc<PresenceService>,
    pub(crate) bus_health: watch::Receiver<BusHealth>,
    pub(crate) instruments: Instruments,
    pub(crate) login_throttle: LoginThrottle,
    /// Work that is finished before the program ends.
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl App {
    pub(crate) fn new(services: Services) -> Self {
        Self {
            services: Arc::new(services),
        }
    }
}

impl std::ops::Deref for App {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl Services {
    /// Whether the program has begun to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }
}
