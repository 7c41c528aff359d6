//! What keeps clients current: the hub, the relay that follows the logs for it, and who watches whom.

use std::sync::Arc;

use hubbub_application::auth::AuthService;
use hubbub_application::chat::ChatService;
use hubbub_application::groups::GroupService;
use hubbub_application::ports::{Clock, EventBus};
use hubbub_application::presence::PresenceService;
use hubbub_domain::repository::ServerKey;
use signalr_hub::{ConnectionId, Hub, HubBuilder};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bus::NodeBus;
use crate::hub::{self, HubOutbound, HubState, Watching};
use crate::metrics::Instruments;
use crate::relay::{Committed, Relay, Surroundings};

/// What it is made of.
pub(super) struct Parts {
    pub(super) auth: Arc<AuthService>,
    pub(super) chat: Arc<ChatService>,
    pub(super) groups: Arc<GroupService>,
    pub(super) presence: Arc<PresenceService>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) committed: Arc<Committed>,
    pub(super) connection_key: ServerKey,
    pub(super) instruments: Instruments,
    pub(super) tasks: TaskTracker,
}

pub(super) struct Realtime {
    pub(super) hub: Hub<HubState>,
    pub(super) outbound: Arc<HubOutbound>,
    pub(super) watching: Arc<Watching>,
    pub(super) relay: Relay<ConnectionId>,
    committed: Arc<Committed>,
    tasks: TaskTracker,
}

impl Realtime {
    /// Makes and connects it. `wrap` has the last word on the hub.
    pub(super) fn build(
        parts: Parts,
        wrap: impl FnOnce(HubBuilder<HubState>) -> HubBuilder<HubState>,
    ) -> Self {
        let Parts {
            auth,
            chat,
            groups,
            presence,
            clock,
            committed,
            connection_key,
            instruments,
            tasks,
        } = parts;
        let watching = Watching::new(presence.clone(), clock.clone(), tasks.clone());
        let watching = Arc::new(watching);
        let outbound = Arc::new(HubOutbound::new(
            presence.clone(),
            watching.clone(),
            clock.clone(),
            instruments.clone(),
        ));
        let (source, to, events) = (chat.clone(), outbound.clone(), committed.clone());
        let relay = Relay::new(source, to, events, tasks.clone());
        let state = HubState {
            auth,
            chat,
            groups,
            presence,
            watching: watching.clone(),
            clock,
            relay: relay.clone(),
            instruments,
        };
        let hub = wrap(hub::builder(state, &connection_key)).build();
        outbound.connect(hub.context());
        Self {
            hub,
            outbound,
            watching,
            relay,
            committed,
            tasks,
        }
    }

    /// Begins to listen, and to look for what was not heard.
    pub(super) fn start(&self, bus: &NodeBus, stopping: CancellationToken) {
        let hearing = self.relay.clone();
        bus.start(move |event| hearing.receive(event));
        self.tasks.spawn(self.relay.clone().watch(Surroundings {
            committed: self.committed.clone(),
            health: self.committed.health(),
            interruptions: self.committed.interruptions(),
            stopping,
        }));
    }
}
