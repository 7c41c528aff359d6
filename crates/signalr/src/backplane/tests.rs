mod broker;

mod in_process {
    use crate::backplane::InProcessBackplane;
    use crate::backplane::conformance::Cluster;

    struct InProcess;

    impl Cluster for InProcess {
        type Backplane = InProcessBackplane;

        async fn join() -> (InProcessBackplane, InProcessBackplane) {
            let bus = InProcessBackplane::new();
            (bus.clone(), bus)
        }
    }

    crate::backplane_conformance!(InProcess);
}

/// The suite holds for a backplane that is asynchronous through and through, and brings a node only what it has subscribed to.
mod brokered {
    use super::broker::{Broker, BrokerBackplane};
    use crate::backplane::conformance::Cluster;

    struct Brokered;

    impl Cluster for Brokered {
        type Backplane = BrokerBackplane;

        async fn join() -> (BrokerBackplane, BrokerBackplane) {
            let broker = Broker::default();
            (broker.node(), broker.node())
        }
    }

    crate::backplane_conformance!(Brokered);
}
