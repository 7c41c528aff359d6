//! The bus of this node: in process while it is alone, over Redis where there are others.

use std::sync::Arc;

use hubbub_application::events::Event;
use hubbub_application::ports::{EventBus, IdGenerator, Topic};
use hubbub_application::server::Prepared;
use hubbub_domain::ids::NodeId;
use hubbub_infrastructure::in_process::InProcessEventBus;
use hubbub_infrastructure::redis::{RedisBusOptions, RedisEventBus};
use tokio_util::task::TaskTracker;

use super::StartError;
use crate::config::RedisConfig;

pub(super) enum NodeBus {
    /// There are no other nodes.
    InProcess(Arc<InProcessEventBus>),
    /// There may be.
    Redis {
        bus: Arc<RedisEventBus>,
        tasks: TaskTracker,
    },
}

impl NodeBus {
    pub(super) fn new(
        config: &RedisConfig,
        prepared: &Prepared,
        ids: &dyn IdGenerator,
    ) -> Result<Self, StartError> {
        let Some(url) = &config.url else {
            return Ok(Self::InProcess(Arc::new(InProcessEventBus::new())));
        };
        let bus = RedisEventBus::new(&RedisBusOptions {
            url: url.expose().to_owned(),
            node: NodeId::from_uuid(ids.uuid()),
            epoch: prepared.epoch,
            key: prepared.bus_key.clone(),
        });
        Ok(Self::Redis {
            bus: Arc::new(bus.map_err(StartError::Redis)?),
            tasks: TaskTracker::new(),
        })
    }

    pub(super) fn port(&self) -> Arc<dyn EventBus> {
        match self {
            Self::InProcess(bus) => bus.clone(),
            Self::Redis { bus, .. } => bus.clone(),
        }
    }

    /// The bus that leads to other nodes.
    pub(super) fn redis(&self) -> Option<Arc<RedisEventBus>> {
        match self {
            Self::InProcess(_) => None,
            Self::Redis { bus, .. } => Some(bus.clone()),
        }
    }

    /// Begins to speak and to listen. What is heard, and what is said here, goes to `subscriber`.
    pub(super) fn start(&self, subscriber: impl Fn(Event) + Send + Sync + 'static) {
        match self {
            Self::InProcess(bus) => bus.subscribe(subscriber),
            Self::Redis { bus, tasks } => {
                bus.subscribe(subscriber);
                tasks.spawn(RedisEventBus::clone(bus).run());
                let bus = bus.clone();
                tasks.spawn(async move {
                    // If it is not confirmed now it will be, as soon as Redis is there.
                    let _ = bus.follow(&[Topic::Everybody]).await;
                });
            }
        }
    }

    /// Says what is still to be said.
    pub(super) async fn close(&self) {
        if let Self::Redis { bus, tasks } = self {
            bus.close();
            tasks.close();
            tasks.wait().await;
        }
    }
}
