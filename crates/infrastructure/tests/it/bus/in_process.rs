use std::sync::Arc;

use hubbub_application::ports::EventBus;
use hubbub_infrastructure::in_process::InProcessEventBus;
use tokio::sync::mpsc::channel;

use super::{Network, Node, bus_conformance_tests};

/// A node that is alone.
struct Alone(Node);

impl Network for Alone {
    async fn new() -> Self {
        let bus = Arc::new(InProcessEventBus::new());
        let (hand_over, hears) = channel(10_000);
        bus.subscribe(move |event| hand_over.try_send(event).expect("there is room"));
        Self(Node { bus, hears })
    }

    fn speaker(&self) -> Arc<dyn EventBus> {
        self.0.bus.clone()
    }

    fn listener(&mut self) -> &mut Node {
        &mut self.0
    }
}

bus_conformance_tests!(Alone);
