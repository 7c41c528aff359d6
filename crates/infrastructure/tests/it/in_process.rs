use std::sync::Arc;

use hubbub_application::presence::store::PresenceStore;
use hubbub_infrastructure::in_process::InProcessPresence;
use hubbub_infrastructure::security::RandomIds;

use crate::clock::FakeClock;
use crate::conformance::presence::{PresenceFixture, presence_tests};

impl PresenceFixture for InProcessPresence {
    async fn new(clock: Arc<FakeClock>) -> Self {
        Self::new(clock, Arc::new(RandomIds))
    }

    fn node(&self) -> Arc<dyn PresenceStore> {
        Arc::new(self.beside())
    }

    async fn wipe(&self) {
        self.wipe();
    }

    async fn size(&self) -> (usize, usize) {
        self.size()
    }
}

presence_tests!(InProcessPresence);
