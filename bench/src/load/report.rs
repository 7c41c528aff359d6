//! The tables.

use std::fmt::Write;

use hubbub_bench_report::{median, thousands, verdict};

use crate::Results;
use crate::measure::{Rate, Speeds};

/// Below this share of its core, a server was waiting for the load program.
const BUSY: f64 = 0.9;

type Measure = (&'static str, fn(&Speeds) -> Rate);

const MEASURES: &[Measure] = &[
    ("echo, round trips/s", |speeds| speeds.echo),
    ("broadcast one at a time, deliveries/s", |speeds| {
        speeds.broadcast_1
    }),
    ("broadcast 16 at a time, deliveries/s", |speeds| {
        speeds.broadcast_16
    }),
    ("connections/s", |speeds| speeds.connections),
];

/// A ratio of speeds that the hub shall reach: against whom, in which measure, how much.
const TARGETS: &[(&str, usize, f64)] = &[
    ("socket.io", 2, 8.0),
    ("floor", 2, 0.6),
    ("socket.io", 1, 1.4),
    ("socket.io", 0, 2.0),
    ("socket.io", 3, 6.0),
];
const IDLE_KIBIBYTES: f64 = 4.0;
const IDLE_SHARE: f64 = 0.25;

pub(crate) fn render(results: &[Results]) -> String {
    let mut text = String::new();
    figures(results, &mut text).expect("strings can be written to");
    text.push('\n');
    ratios(results, &mut text).expect("strings can be written to");
    text
}

fn figures(results: &[Results], text: &mut String) -> std::fmt::Result {
    let titles: Vec<_> = results.iter().map(|result| result.peer.title).collect();
    writeln!(text, "| | {} |", titles.join(" | "))?;
    writeln!(text, "|---|{}", "---:|".repeat(results.len()))?;
    for (name, measure) in MEASURES {
        row(text, name, results, |result| {
            let busy = median(result.rounds.iter().map(|speeds| measure(speeds).busy));
            let mark = if busy < BUSY { "*" } else { "" };
            format!("{}{mark}", thousands(speed(result, *measure)))
        })?;
    }
    row(text, "echo, p50 / p99 in µs", results, |result| {
        let microseconds = |latency: fn(&Speeds) -> std::time::Duration| {
            let values = result.rounds.iter().map(latency);
            median(values.map(|value| value.as_secs_f64() * 1e6))
        };
        let p50 = microseconds(|speeds| speeds.echo_p50);
        let p99 = microseconds(|speeds| speeds.echo_p99);
        format!("{} / {}", thousands(p50), thousands(p99))
    })?;
    row(
        text,
        "memory of an idle connection, KiB",
        results,
        |result| format!("{:.1}", kibibytes(result)),
    )
}

fn row(
    text: &mut String,
    name: &str,
    results: &[Results],
    cell: impl Fn(&Results) -> String,
) -> std::fmt::Result {
    let cells: Vec<_> = results.iter().map(cell).collect();
    writeln!(text, "| {name} | {} |", cells.join(" | "))
}

fn ratios(results: &[Results], text: &mut String) -> std::fmt::Result {
    let Some((hub, peers)) = results
        .split_first()
        .filter(|(hub, _)| hub.peer.name == "hub")
    else {
        return Ok(());
    };
    writeln!(
        text,
        "| signalr-hub against | in | measured | target | | for the same processor time |"
    )?;
    writeln!(text, "|---|---|---:|---:|---|---:|")?;
    for peer in peers {
        for (index, (name, measure)) in MEASURES.iter().enumerate() {
            let ratio = |of: fn(Rate) -> f64| {
                let rounds = hub.rounds.iter().zip(&peer.rounds);
                median(rounds.map(|(own, other)| of(measure(own)) / of(measure(other))))
            };
            let (in_work, ratio) = (
                ratio(Rate::per_second_of_work),
                ratio(|rate| rate.per_second),
            );
            let target = TARGETS
                .iter()
                .find(|(against, of, _)| *against == peer.peer.name && *of == index)
                .map(|(_, _, target)| *target);
            let (wanted, verdict) = match target {
                None => (String::new(), ""),
                Some(target) => (format!("at least {target}"), verdict(ratio >= target)),
            };
            let title = peer.peer.title;
            writeln!(
                text,
                "| {title} | {name} | {ratio:.2} | {wanted} | {verdict} | {in_work:.2} |"
            )?;
        }
        let share = kibibytes(hub) / kibibytes(peer);
        let (wanted, verdict) = match peer.peer.name {
            "socket.io" => (
                format!("at most {IDLE_SHARE}"),
                verdict(share <= IDLE_SHARE),
            ),
            _ => (String::new(), ""),
        };
        let title = peer.peer.title;
        writeln!(
            text,
            "| {title} | memory of an idle connection | {share:.2} | {wanted} | {verdict} | |"
        )?;
    }
    let own = kibibytes(hub);
    let verdict = verdict(own <= IDLE_KIBIBYTES);
    writeln!(
        text,
        "| nobody | memory of an idle connection | {own:.1} KiB | at most {IDLE_KIBIBYTES} KiB | {verdict} | |"
    )
}

fn speed(result: &Results, measure: fn(&Speeds) -> Rate) -> f64 {
    median(
        result
            .rounds
            .iter()
            .map(|speeds| measure(speeds).per_second),
    )
}

fn kibibytes(result: &Results) -> f64 {
    result.idle.bytes_per_connection / 1024.0
}
