//! What is measured.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use hubbub_bench_report::quantile;
use signalr_hub_bench::frame;

use crate::dialect::Heard;
use crate::server::Server;
use crate::swarm::Swarm;

const WARM_UP: Duration = Duration::from_millis(700);
const MEASURED: Duration = Duration::from_secs(2);
const ECHO_CONNECTIONS: usize = 100;
const MEMBERS: usize = 1_000;
const ARRIVALS: usize = 3_000;
const IDLE: usize = 10_000;
/// How long memory must stay as it is before it counts.
const SETTLED: Duration = Duration::from_secs(2);

/// What one server has shown in one round.
pub(crate) struct Speeds {
    pub(crate) echo: Rate,
    pub(crate) echo_p50: Duration,
    pub(crate) echo_p99: Duration,
    pub(crate) broadcast_1: Rate,
    pub(crate) broadcast_16: Rate,
    pub(crate) connections: Rate,
}

/// How often something happened, and how busy the server's core was meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) busy: f64,
}

impl Rate {
    /// How often it happens while the server works for a second: what remains of it on a machine that is busy with other things.
    pub(crate) fn per_second_of_work(self) -> f64 {
        self.per_second / self.busy
    }
}

/// What connections cost while they do nothing.
pub(crate) struct Idle {
    pub(crate) bytes_per_connection: f64,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s at {:.0} %", self.per_second, self.busy * 100.0)
    }
}

impl fmt::Display for Speeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "echo {} ({:?} / {:?}), broadcast {} and {}, connections {}",
            self.echo,
            self.echo_p50,
            self.echo_p99,
            self.broadcast_1,
            self.broadcast_16,
            self.connections
        )
    }
}

/// The time and the server's work since a moment.
struct Watch<'a> {
    server: &'a Server,
    began: Instant,
    worked: Duration,
}

impl<'a> Watch<'a> {
    fn start(server: &'a Server) -> io::Result<Self> {
        Ok(Self {
            server,
            worked: server.processor_time()?,
            began: Instant::now(),
        })
    }

    fn rate(&self, count: usize) -> io::Result<Rate> {
        let seconds = self.began.elapsed().as_secs_f64();
        let worked = self.server.processor_time()?.saturating_sub(self.worked);
        Ok(Rate {
            per_second: f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds,
            busy: worked.as_secs_f64() / seconds,
        })
    }
}

pub(crate) fn speeds(server: &Server) -> io::Result<Speeds> {
    let (echo, mut latencies) = echo(server)?;
    Ok(Speeds {
        echo,
        echo_p50: quantile(&mut latencies, 0.5),
        echo_p99: quantile(&mut latencies, 0.99),
        broadcast_1: broadcast(server, 1)?,
        broadcast_16: broadcast(server, 16)?,
        connections: connections(server)?,
    })
}

/// Round trips on connections that each have one request under way.
fn echo(server: &Server) -> io::Result<(Rate, Vec<Duration>)> {
    let mut swarm = Swarm::open(server, ECHO_CONNECTIONS)?;
    let mut request = Vec::new();
    frame::write_masked(swarm.dialect.echo().as_bytes(), &mut request);
    for client in &mut swarm.clients {
        client.send(&request)?;
    }
    let mut sent_at = vec![Instant::now(); ECHO_CONNECTIONS];
    let mut latencies = Vec::new();
    let mut watch = Watch::start(server)?;
    for (duration, is_measured) in [(WARM_UP, false), (MEASURED, true)] {
        watch = Watch::start(server)?;
        let end = watch.began + duration;
        while Instant::now() < end {
            swarm.turn(duration, |client, number, _| {
                let now = Instant::now();
                if is_measured {
                    latencies.push(now - sent_at[number]);
                }
                sent_at[number] = now;
                client.send(&request)
            })?;
        }
    }
    Ok((watch.rate(latencies.len())?, latencies))
}

/// Deliveries of broadcasts to everybody, of which `window` are under way.
fn broadcast(server: &Server, window: usize) -> io::Result<Rate> {
    let mut swarm = Swarm::open(server, MEMBERS)?;
    let mut request = Vec::new();
    frame::write_masked(swarm.dialect.broadcast().as_bytes(), &mut request);
    let (mut sent, mut delivered, mut before) = (0, 0, 0);
    let mut watch = Watch::start(server)?;
    for duration in [WARM_UP, MEASURED] {
        watch = Watch::start(server)?;
        before = delivered;
        let end = watch.began + duration;
        while Instant::now() < end {
            while sent < delivered / MEMBERS + window {
                swarm.clients[0].send(&request)?;
                sent += 1;
            }
            swarm.turn(duration, |_, _, heard| {
                if let Heard::Messages(count) = heard {
                    delivered += count;
                }
                Ok(())
            })?;
        }
    }
    watch.rate(delivered - before)
}

/// Connections opened, with every handshake that the protocol has.
fn connections(server: &Server) -> io::Result<Rate> {
    let watch = Watch::start(server)?;
    let swarm = Swarm::open(server, ARRIVALS)?;
    watch.rate(swarm.clients.len())
}

/// Memory per connection that has done nothing but its handshake.
pub(crate) fn idle(server: &Server) -> io::Result<Idle> {
    // What the first connections allocate for all that follow is no cost of a connection.
    drop(Swarm::open(server, ECHO_CONNECTIONS)?);
    let before = server.memory()?;
    let mut swarm = Swarm::open(server, IDLE)?;
    let mut settled = Instant::now() + SETTLED;
    let mut memory = server.memory()?;
    let limit = Instant::now() + 5 * SETTLED;
    while Instant::now() < settled.min(limit) {
        swarm.turn(SETTLED / 10, |_, _, _| Ok(()))?;
        let now = server.memory()?;
        if now.abs_diff(memory) > memory / 200 {
            memory = now;
            settled = Instant::now() + SETTLED;
        }
    }
    let grown = u32::try_from(server.memory()?.saturating_sub(before)).unwrap_or(u32::MAX);
    Ok(Idle {
        bytes_per_connection: f64::from(grown) / f64::from(u32::try_from(IDLE).expect("small")),
    })
}
