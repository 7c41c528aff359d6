//! Judges a history: I1 to I11 and I13, each in a file of its own.
//!
//! ```no_run
//! use hubbub_load::{checker, history::file};
//!
//! let entries = file::read(&["run.jsonl"])?;
//! let verdict = checker::check(&entries, &checker::Terms::default());
//! println!("{verdict}");
//! # anyhow::Ok(())
//! ```

mod counters;
mod i01_loss;
mod i02_duplicate;
mod i03_agreement;
mod i04_dense;
mod i05_phantom;
mod i06_order;
mod i07_monotonic;
mod i08_visibility;
mod i09_misuse;
mod i10_bounded;
mod i11_epoch;
mod names;
mod run;
#[cfg(test)]
mod story;
mod subject;
mod trace;
mod verdict;

use std::time::Duration;

pub use counters::{Counter, Demands};
pub use verdict::{Invariant, Verdict, Violation};

use crate::history::Entry;
use run::Run;
use subject::Subject;

/// How many violations of one rule are told in full.
const TOLD: u64 = 3;

/// How long a message may take from its acknowledgement to a device.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// While nothing is broken.
    pub healthy: Duration,
    /// While a fault that [degrades](crate::history::FaultKind::Degrades) delivery is in force.
    pub degraded: Duration,
    /// What 99 of 100 deliveries keep in a run without faults.
    pub p99_without_faults: Option<Duration>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            healthy: Duration::from_secs(2),
            degraded: Duration::from_secs(7),
            p99_without_faults: None,
        }
    }
}

/// What a run is measured by.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// How long delivery may take.
    pub bounds: Bounds,
    /// What the run must have done.
    pub demands: Demands,
}

/// Judges a history, whose entries are in the order of time.
pub fn check(entries: &[Entry], terms: &Terms) -> Verdict {
    let run = Run::of(entries);
    let mut findings = Findings {
        run: &run,
        verdict: Verdict::default(),
    };
    i01_loss::check(&run, &mut findings);
    i02_duplicate::check(&run, &mut findings);
    i03_agreement::check(&run, &mut findings);
    i04_dense::check(&run, &mut findings);
    i05_phantom::check(&run, &mut findings);
    i06_order::check(&run, &mut findings);
    i07_monotonic::check(&run, &mut findings);
    i08_visibility::check(&run, &mut findings);
    i09_misuse::check(&run, &mut findings);
    i10_bounded::check(&run, &terms.bounds, &mut findings);
    i11_epoch::check(&run, &mut findings);
    counters::check(&run, &terms.demands, &mut findings);
    findings.list_unknown();
    findings.verdict
}

/// Where the invariants put what they find.
struct Findings<'a> {
    run: &'a Run<'a>,
    verdict: Verdict,
}

impl Findings<'_> {
    fn checked(&mut self, invariant: Invariant, count: u64) {
        *self.verdict.checked.entry(invariant).or_default() += count;
    }

    fn broken(&mut self, invariant: Invariant, text: String, subject: Option<Subject>) {
        let times = self.verdict.broken.entry(invariant).or_default();
        *times += 1;
        if *times <= TOLD {
            let trace = subject.map_or_else(Vec::new, |subject| trace::lines(self.run, &subject));
            self.verdict.violations.push(Violation {
                invariant,
                text,
                trace,
            });
        }
    }

    fn list_unknown(&mut self) {
        let names = &self.run.names;
        for (send, stored) in self.run.stored_sends() {
            let calls = || send.calls.iter().map(|call| &self.run.calls[*call]);
            if calls().any(run::Call::is_unknown) && calls().all(|call| call.receipt().is_none()) {
                let fate = stored.map_or_else(
                    || "is not in the log".to_owned(),
                    |row| format!("is message {}", row.seq),
                );
                let (key, room) = (
                    names.key(send.client_id),
                    names.conversation(send.conversation),
                );
                self.verdict.unknown.push(format!(
                    "{key} of {} to {room} {fate}",
                    names.user(send.user)
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
