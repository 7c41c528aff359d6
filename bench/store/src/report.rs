//! The tables.

use std::fmt::{self, Write};
use std::io;

use hubbub_bench_report::{describe, median, thousands, verdict};

use crate::Results;
use crate::database::Kind;
use crate::writing::{Round, Step};

/// What is compared with what.
struct Comparison {
    measured: &'static str,
    beside: &'static str,
    ratio: fn(&Round) -> f64,
    /// Each database's, if it has one.
    goals: [Option<Goal>; 2],
}

#[derive(Clone, Copy)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

use Goal::{AtLeast, AtMost};

impl Goal {
    fn is_reached_by(self, ratio: f64) -> bool {
        match self {
            AtLeast(goal) => ratio >= goal,
            AtMost(goal) => ratio <= goal,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AtLeast(goal) => write!(f, "at least {goal}"),
            AtMost(goal) => write!(f, "at most {goal}"),
        }
    }
}

const COMPARISONS: &[Comparison] = &[
    Comparison {
        measured: "sends to 1,000 conversations",
        beside: "64 clients with a row in each transaction",
        ratio: |round| rates(round, Step::Sends(1_000), Step::RowsOfMany),
        goals: [Some(AtLeast(3.0)), Some(AtLeast(8.0))],
    },
    Comparison {
        measured: "sends to 1,000 conversations",
        beside: "200 rows in each transaction",
        ratio: |round| rates(round, Step::Sends(1_000), Step::Batches),
        goals: [Some(AtLeast(0.5)), None],
    },
    Comparison {
        measured: "sends to 10 conversations",
        beside: "64 clients with a row in each transaction",
        ratio: |round| rates(round, Step::Sends(10), Step::RowsOfMany),
        goals: [None, Some(AtLeast(8.0))],
    },
    Comparison {
        measured: "sends to one conversation",
        beside: "64 clients with a row in each transaction",
        ratio: |round| rates(round, Step::Sends(1), Step::RowsOfMany),
        goals: [Some(AtLeast(2.0)), Some(AtLeast(8.0))],
    },
    Comparison {
        measured: "how long a lonely client waits",
        beside: "one client with a row in each transaction",
        ratio: |round| {
            let wait = |step| round.of(step).p50.as_secs_f64();
            wait(Step::Lonely) / wait(Step::RowsOfOne)
        },
        goals: [Some(AtMost(1.5)), None],
    },
];

/// How much longer reading may take in the long conversation: what an index one level deeper, and pages that are not in memory, cost.
const GROWTH: Goal = AtMost(1.5);

fn rates(round: &Round, step: Step, beside: Step) -> f64 {
    round.of(step).rows_per_second / round.of(beside).rows_per_second
}

pub(crate) fn render(results: &[Results]) -> io::Result<String> {
    let mut text = format!(
        "{} The database, its clients and Hubbub's services share it.\n\n",
        describe()?
    );
    writing(results, &mut text).expect("strings can be written to");
    text.push('\n');
    ratios(results, &mut text).expect("strings can be written to");
    text.push('\n');
    reading(results, &mut text).expect("strings can be written to");
    Ok(text)
}

fn writing(results: &[Results], text: &mut String) -> fmt::Result {
    write!(text, "| |")?;
    for result in results {
        let title = result.kind.title();
        write!(text, " {title}, rows/s | p50 / p99 in ms |")?;
    }
    writeln!(text, "\n|---|{}", "---:|---:|".repeat(results.len()))?;
    for step in Step::ALL {
        write!(text, "| {} |", name(step))?;
        for result in results {
            let observed = || result.rounds.iter().map(|round| round.of(step));
            let rate = median(observed().map(|observed| observed.rows_per_second));
            let milliseconds = |of: fn(crate::clients::Observed) -> std::time::Duration| {
                median(observed().map(|observed| of(observed).as_secs_f64() * 1e3))
            };
            let p50 = milliseconds(|observed| observed.p50);
            let p99 = milliseconds(|observed| observed.p99);
            write!(text, " {} | {p50:.2} / {p99:.2} |", thousands(rate))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn name(step: Step) -> String {
    match step {
        Step::RowsOfOne => "bare: one client, a row in each transaction".to_owned(),
        Step::RowsOfMany => "bare: 64 clients, a row in each transaction".to_owned(),
        Step::Batches => "bare: 200 rows in each transaction".to_owned(),
        Step::Sends(1) => "64 clients send to one conversation".to_owned(),
        Step::Sends(count) => {
            let count = thousands(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
            format!("64 clients send to {count} conversations")
        }
        Step::Lonely => "one client sends".to_owned(),
    }
}

fn ratios(results: &[Results], text: &mut String) -> fmt::Result {
    writeln!(text, "| on | | beside | measured | target | |")?;
    writeln!(text, "|---|---|---|---:|---:|---|")?;
    for result in results {
        for comparison in COMPARISONS {
            let ratio = median(result.rounds.iter().map(comparison.ratio));
            let [on_postgres, on_sqlite] = comparison.goals;
            let goal = match result.kind {
                Kind::Postgres => on_postgres,
                Kind::Sqlite => on_sqlite,
            };
            let (wanted, verdict) = judged(goal, ratio);
            let (title, measured) = (result.kind.title(), comparison.measured);
            let beside = comparison.beside;
            writeln!(
                text,
                "| {title} | {measured} | {beside} | {ratio:.2} | {wanted} | {verdict} |"
            )?;
        }
    }
    Ok(())
}

fn judged(goal: Option<Goal>, ratio: f64) -> (String, &'static str) {
    goal.map_or_else(Default::default, |goal| {
        (goal.to_string(), verdict(goal.is_reached_by(ratio)))
    })
}

fn reading(results: &[Results], text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "| on | reading | short, µs | long, µs | long / short | target | |"
    )?;
    writeln!(text, "|---|---|---:|---:|---:|---:|---|")?;
    for result in results {
        for read in &result.reads {
            let ratio = read.long.as_secs_f64() / read.short.as_secs_f64();
            let (wanted, verdict) = judged(Some(GROWTH), ratio);
            let microseconds = |time: std::time::Duration| thousands(time.as_secs_f64() * 1e6);
            writeln!(
                text,
                "| {} | {} | {} | {} | {ratio:.2} | {wanted} | {verdict} |",
                result.kind.title(),
                read.name,
                microseconds(read.short),
                microseconds(read.long),
            )?;
        }
    }
    Ok(())
}
