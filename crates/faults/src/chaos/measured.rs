use std::collections::HashMap;
use std::time::Duration;

use hubbub_load::checker::{Counter, Verdict};
use hubbub_load::history::{Entry, Event};

use super::fault::Fault;
use crate::table::say;

/// What a device says when its schedule broke its connection.
const ON_PURPOSE: &str = "on purpose";

/// What came of a fault.
pub(crate) struct Measured {
    verdict: Verdict,
    /// Connections that the fault ended.
    dropped: usize,
    /// The longest time until a device that lost its connection by it had another one.
    reconnected: Option<Duration>,
    notes: Vec<String>,
    /// Beyond what the checker says.
    broken: Vec<String>,
}

impl Measured {
    pub(crate) fn of(
        fault: Fault,
        entries: &[Entry],
        verdict: Verdict,
        notes: Vec<String>,
        mut broken: Vec<String>,
    ) -> Self {
        let gaps = gaps(entries);
        let reconnected = gaps.iter().copied().max();
        if let Some(longest) = reconnected
            && longest > fault.reconnect_bound()
        {
            let bound = fault.reconnect_bound();
            broken.push(format!(
                "a device was away for {longest:.1?}; {bound:?} are allowed"
            ));
        }
        if fault == Fault::F20 && !gaps.is_empty() {
            let count = gaps.len();
            broken.push(format!("{count} connections were dropped; none may be"));
        }
        Self {
            verdict,
            dropped: gaps.len(),
            reconnected,
            notes,
            broken,
        }
    }

    /// Prints what the columns of [`Measured::print`] are.
    pub(crate) fn head() {
        say(&format!(
            "| {:<5} | {:<40} | {:>5} | {:>8} | {:>8} | {:>7} | {:>8} | {:>10} | result",
            "fault", "what happens", "bound", "p99", "slowest", "dropped", "back", "violations"
        ));
        say(&format!("|{}|", ["---"; 9].join("|")));
    }

    /// Prints a row: how long messages and devices took, and how many rules were broken how often.
    pub(crate) fn print(&self, fault: Fault) {
        let time = |time: Option<Duration>| {
            time.map_or("-".to_owned(), |time| {
                format!("{:.2} s", time.as_secs_f64())
            })
        };
        let violations: u64 = self.verdict.broken.values().sum();
        let sent = self.verdict.counters.get(&Counter::Acknowledged);
        let mut result = vec![if self.passed() { "passed" } else { "FAILED" }.to_owned()];
        result.push(format!("{} sent", sent.copied().unwrap_or_default()));
        result.extend(self.notes.iter().cloned());
        say(&format!(
            "| {:<5} | {:<40} | {:>3} s | {:>8} | {:>8} | {:>7} | {:>8} | {:>10} | {} |",
            fault.to_string(),
            fault.what(),
            fault.bound().as_secs(),
            time(self.verdict.p99_delivery),
            time(self.verdict.slowest_delivery),
            self.dropped,
            time(self.reconnected),
            violations,
            result.join(", ")
        ));
    }

    /// Whether this invariant was broken, named as in I10.
    pub(crate) fn breaks(&self, invariant: &str) -> bool {
        let broken = self.verdict.broken();
        broken
            .iter()
            .any(|rule| rule.to_string().split(' ').next() == Some(invariant))
    }

    fn passed(&self) -> bool {
        self.verdict.holds() && self.broken.is_empty()
    }

    /// Everything that is wrong, if anything is.
    pub(crate) fn report(&self) -> Option<String> {
        let lines = self.broken.join("\n");
        (!self.passed()).then(|| format!("\n{}{lines}\n", self.verdict))
    }
}

/// How long devices were away whose connections ended while the fault lasted, and not on purpose.
fn gaps(entries: &[Entry]) -> Vec<Duration> {
    let mut is_broken = false;
    let mut away = HashMap::new();
    let mut gaps = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Fault { .. } => is_broken = true,
            Event::Healed { .. } => is_broken = false,
            Event::Disconnected { reason } if is_broken && !reason.contains(ON_PURPOSE) => {
                away.entry(entry.device).or_insert(entry.at);
            }
            Event::Connected => {
                if let Some(since) = away.remove(&entry.device) {
                    gaps.push(Duration::from_nanos(entry.at.saturating_sub(since)));
                }
            }
            _ => {}
        }
    }
    gaps
}
