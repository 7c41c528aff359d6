use std::sync::Arc;
use std::time::Duration;

use hubbub_application::presence::store::{Here, Liveness, PresenceStore, Report, Standing};
use hubbub_domain::ids::UserId;
use uuid::Uuid;

use super::PresenceFixture;
use crate::clock::FakeClock;

/// A store, its clock, and two nodes that have entered.
pub(crate) struct PresenceWorld<F> {
    pub(crate) fixture: F,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) one: Node,
    pub(crate) two: Node,
}

/// A node, with what tests say to it.
pub(crate) struct Node(pub(crate) Arc<dyn PresenceStore>);

pub(crate) fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// That somebody who is not hidden is at a device.
pub(crate) fn active(user: UserId) -> Report {
    Report {
        user,
        here: Here::Active,
        is_hidden: false,
    }
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Who is told to be what.
pub(crate) fn told(changes: &[Standing]) -> Vec<(UserId, Liveness)> {
    changes
        .iter()
        .map(|change| (change.user, change.liveness))
        .collect()
}

impl<F: PresenceFixture> PresenceWorld<F> {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(FakeClock::default());
        let fixture = F::new(clock.clone()).await;
        let (one, two) = (Node(fixture.node()), Node(fixture.node()));
        one.0.enter(false).await.unwrap();
        two.0.enter(false).await.unwrap();
        Self {
            fixture,
            clock,
            one,
            two,
        }
    }

    /// A node that has entered.
    pub(crate) async fn another(&self) -> Node {
        let node = Node(self.fixture.node());
        node.0.enter(true).await.unwrap();
        node
    }

    /// Lets time pass second by second, in which these nodes tick. Answers what they tell.
    pub(crate) async fn pass(&self, count: u64, nodes: &[&Node]) -> Vec<Standing> {
        let mut changes = Vec::new();
        for _ in 0..count {
            self.clock.advance(seconds(1));
            for node in nodes {
                changes.append(&mut node.ticks().await);
            }
        }
        changes
    }
}

impl Node {
    pub(crate) async fn says(&self, user: UserId, here: Here) -> Vec<Standing> {
        let report = Report {
            here,
            ..active(user)
        };
        self.0.report(&[report]).await.unwrap()
    }

    /// One tick, and more as long as there is more to do.
    pub(crate) async fn ticks(&self) -> Vec<Standing> {
        let mut changes = Vec::new();
        loop {
            let mut tick = self.0.tick().await.unwrap();
            changes.append(&mut tick.changes);
            if !tick.has_more {
                return changes;
            }
        }
    }

    pub(crate) async fn sees(&self, user: UserId) -> Standing {
        self.0.read(&[user]).await.unwrap()[0]
    }

    pub(crate) async fn state(&self, user: UserId) -> Liveness {
        self.sees(user).await.liveness
    }
}
