use std::time::Duration;

use crate::telemetry::method_name;
use http::{Method, StatusCode};
use hubbub_application::chat::WriterObserver;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use signalr_hub::{ConnectionStatus, HubObserver, InvocationOutcome, TransportKind};

/// What is measured where it happens. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Instruments {
    connections: Family<Transport, Gauge>,
    connections_ended: Family<Ended, Counter>,
    slow_connections_closed: Counter,
    calls: Family<Call, Counter>,
    call_duration: Durations<CalledMethod>,
    unknown_methods: Counter,
    requests: Family<Request, Counter>,
    request_duration: Durations<Route>,
    group_messages: Histogram,
    group_duration: Histogram,
    delivery_lag: Histogram,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Transport {
    transport: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    transport: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    method: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CalledMethod {
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// From a millisecond to ten seconds.
fn durations() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}

/// Up to the largest group that a writer takes.
fn group_sizes() -> Histogram {
    Histogram::new([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0])
}

impl Default for Instruments {
    fn default() -> Self {
        Self {
            connections: Family::default(),
            connections_ended: Family::default(),
            slow_connections_closed: Counter::default(),
            calls: Family::default(),
            call_duration: Family::new_with_constructor(durations),
            unknown_methods: Counter::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            group_messages: group_sizes(),
            group_duration: durations(),
            delivery_lag: durations(),
        }
    }
}

impl Instruments {
    /// Has all of them served.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "hub_connections",
            "Connections to the hub that are open",
            self.connections.clone(),
        );
        registry.register(
            "hub_connections_ended",
            "Connections to the hub that have ended",
            self.connections_ended.clone(),
        );
        registry.register(
            "hub_slow_connections_closed",
            "Connections that were closed because they did not take what was sent to them",
            self.slow_connections_closed.clone(),
        );
        registry.register(
            "hub_calls",
            "Calls of hub methods that are over",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "hub_call_duration",
            "How long calls of hub methods took",
            Unit::Seconds,
            self.call_duration.clone(),
        );
        registry.register(
            "hub_unknown_methods",
            "Calls of methods that the hub does not have",
            self.unknown_methods.clone(),
        );
        registry.register(
            "http_requests",
            "HTTP requests that were answered",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "How long it took until HTTP requests were answered",
            Unit::Seconds,
            self.request_duration.clone(),
        );
        registry.register(
            "writer_group_messages",
            "How many messages went into one commit",
            self.group_messages.clone(),
        );
        registry.register_with_unit(
            "writer_group_duration",
            "How long it took to store and acknowledge such a group",
            Unit::Seconds,
            self.group_duration.clone(),
        );
        registry.register_with_unit(
            "delivery_lag",
            "From the time of a message to when this node gave it to its connections",
            Unit::Seconds,
            self.delivery_lag.clone(),
        );
    }

    /// A connection was closed because it did not take what was sent to it.
    pub(crate) fn slow_connection_closed(&self) {
        self.slow_connections_closed.inc();
    }

    /// A message was given to the connections of this node, so long after its time.
    pub(crate) fn delivered(&self, lag: Duration) {
        self.delivery_lag.observe(lag.as_secs_f64());
    }

    /// A request was answered; `None` is a route that was not found, which is where the web client answers.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        duration: Duration,
    ) {
        let route = route.unwrap_or("other").to_owned();
        let durations = self.request_duration.get_or_create_owned(&Route {
            route: route.clone(),
        });
        durations.observe(duration.as_secs_f64());
        let request = Request {
            method: method_name(method),
            route,
            status: status.as_u16(),
        };
        self.requests.get_or_create_owned(&request).inc();
    }
}

impl HubObserver for Instruments {
    fn connection_started(&self, transport: TransportKind) {
        let transport = transport.metric_name();
        self.connections
            .get_or_create_owned(&Transport { transport })
            .inc();
    }

    fn connection_ended(
        &self,
        transport: TransportKind,
        _duration: Duration,
        status: ConnectionStatus,
    ) {
        let transport = transport.metric_name();
        self.connections
            .get_or_create_owned(&Transport { transport })
            .dec();
        let status = status.metric_name();
        self.connections_ended
            .get_or_create_owned(&Ended { transport, status })
            .inc();
    }

    fn unknown_method_called(&self, _target: &str) {
        self.unknown_methods.inc();
    }

    fn invocation_ended(&self, method: &str, duration: Duration, outcome: InvocationOutcome) {
        let method = method.to_owned();
        let durations = self.call_duration.get_or_create_owned(&CalledMethod {
            method: method.clone(),
        });
        durations.observe(duration.as_secs_f64());
        let outcome = match outcome {
            InvocationOutcome::Completed => "completed",
            InvocationOutcome::Failed => "failed",
            InvocationOutcome::Refused => "refused",
            InvocationOutcome::Cancelled => "cancelled",
        };
        self.calls
            .get_or_create_owned(&Call { method, outcome })
            .inc();
    }
}

impl WriterObserver for Instruments {
    fn group_written(&self, messages: usize, duration: Duration) {
        // Groups have at most a few hundred messages.
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.group_messages.observe(f64::from(messages));
        self.group_duration.observe(duration.as_secs_f64());
    }
}
