use std::fmt;
use std::sync::Arc;

use hubbub_application::ports::BusHealth;
use hubbub_infrastructure::PoolUsage;
use hubbub_infrastructure::redis::RedisEventBus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use tokio::sync::watch;

use crate::relay::{Detector, RelayCounters};

/// What is counted elsewhere anyway, and read when somebody asks.
pub(crate) struct Gathered {
    pub(crate) relay: Arc<RelayCounters>,
    pub(crate) bus_health: watch::Receiver<BusHealth>,
    /// The bus to other nodes, if there can be any.
    pub(crate) bus: Option<Arc<RedisEventBus>>,
    pub(crate) pool: Box<dyn Fn() -> PoolUsage + Send + Sync>,
}

impl fmt::Debug for Gathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathered").finish_non_exhaustive()
    }
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page(&mut encoder);
        page.build()?;
        self.encode_relay(&mut page)?;
        self.encode_bus(&mut page)?;
        self.encode_pool(&mut page)
    }
}

impl Gathered {
    fn encode_relay(&self, page: &mut Page) -> fmt::Result {
        let relay = &self.relay;
        page.counters(
            "relay_holes_found",
            "Holes in what had been delivered, by what noticed them",
            Detector::ALL.map(|detector| {
                let by = [("detector", name(detector))];
                (by, relay.holes_found(detector).get())
            }),
        )?;
        page.counters(
            "relay_holes_filled",
            "Holes of which the database had the missing steps",
            Detector::ALL.map(|detector| {
                let by = [("detector", name(detector))];
                (by, relay.holes_filled(detector).get())
            }),
        )?;
        page.counters(
            "relay_sweeps",
            "Looks at what has changed in the database",
            [
                ([("result", "answered")], relay.sweeps.get()),
                ([("result", "failed")], relay.failed_sweeps.get()),
            ],
        )?;
        for (name, help, counter) in [
            (
                "relay_duplicates_dropped",
                "Hints that came again, or after what they bring was read",
                &relay.duplicates_dropped,
            ),
            (
                "relay_comparisons",
                "Times at which all logs were compared with the database",
                &relay.comparisons,
            ),
            (
                "relay_pauses",
                "Times at which the node noticed that it had stood still",
                &relay.pauses,
            ),
            (
                "relay_digests",
                "Digests that were published",
                &relay.digests,
            ),
            (
                "relay_beacons",
                "Reminders that were sent to connections of where their logs stand",
                &relay.beacons,
            ),
        ] {
            page.counter(name, help, counter.get())?;
        }
        Ok(())
    }

    fn encode_bus(&self, page: &mut Page) -> fmt::Result {
        let is_healthy = *self.bus_health.borrow() == BusHealth::Healthy;
        page.gauge(
            "bus_healthy",
            "Whether the way to the other nodes works; 1 where there are none",
            i64::from(is_healthy),
        )?;
        let Some(bus) = &self.bus else {
            return Ok(());
        };
        let counters = bus.counters();
        page.counters(
            "bus_hints",
            "Hints to and from other nodes, by what became of them",
            [
                ([("fate", "published")], counters.published()),
                ([("fate", "dropped")], counters.dropped()),
                ([("fate", "received")], counters.received()),
                ([("fate", "refused")], counters.bad()),
            ],
        )
    }

    fn encode_pool(&self, page: &mut Page) -> fmt::Result {
        let PoolUsage { open, idle, most } = (self.pool)();
        page.gauge(
            "database_connections",
            "Connections to the database that are open",
            open.into(),
        )?;
        page.gauge(
            "database_connections_idle",
            "Those of them that nobody uses",
            idle.into(),
        )?;
        page.gauge(
            "database_connections_most",
            "How many there may be",
            most.into(),
        )
    }
}

fn name(detector: Detector) -> &'static str {
    match detector {
        Detector::Gap => "gap",
        Detector::Digest => "digest",
        Detector::Sweep => "sweep",
        Detector::Comparison => "comparison",
    }
}

/// What is being written.
struct Page<'page, 'encoder>(&'page mut DescriptorEncoder<'encoder>);

impl Page<'_, '_> {
    fn build(&mut self) -> fmt::Result {
        let info = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.metric("build", "Which Hubbub this is", &info)
    }

    fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        self.metric(name, help, &ConstCounter::new(count))
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        self.metric(name, help, &ConstGauge::new(value))
    }

    /// One counter for each set of labels.
    fn counters<L: EncodeLabelSet, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        counts: [(L, u64); N],
    ) -> fmt::Result {
        let metric_type = ConstCounter::new(0_u64).metric_type();
        let mut descriptor = self.0.encode_descriptor(name, help, None, metric_type)?;
        for (labels, count) in counts {
            ConstCounter::new(count).encode(descriptor.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        let metric_type = metric.metric_type();
        let descriptor = self.0.encode_descriptor(name, help, None, metric_type)?;
        metric.encode(descriptor)
    }
}
