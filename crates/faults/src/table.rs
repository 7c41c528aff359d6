//! What people see.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use hubbub_faults::Audit;
use hubbub_faults::ledger::Counts;

/// Prints a line of text.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// A table that grows by a line with each fault, and its sums.
pub(crate) struct Table {
    lines: u32,
    sums: Row,
}

/// What came of one fault, or of all.
#[derive(Clone, Copy, Default)]
struct Row {
    acknowledged: usize,
    refusals: usize,
    refused_stored: usize,
    unknown: usize,
    unknown_stored: usize,
    lost: usize,
    doubled: usize,
    wrong: usize,
}

impl Row {
    fn of(before: Counts, audit: &Audit) -> Self {
        Self {
            acknowledged: audit.counts.acknowledged - before.acknowledged,
            refusals: audit.counts.refusals - before.refusals,
            refused_stored: audit.refused_stored,
            unknown: audit.counts.unknown,
            unknown_stored: audit.unknown_stored,
            lost: audit.lost.len(),
            doubled: audit.doubled.len(),
            wrong: audit.wrong.len(),
        }
    }

    fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.refusals += other.refusals;
        self.refused_stored += other.refused_stored;
        self.unknown += other.unknown;
        self.unknown_stored += other.unknown_stored;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.wrong += other.wrong;
    }

    fn print(&self, run: &str, seed: &str, fault: &str) {
        let refused = format!("{} ({})", self.refusals, self.refused_stored);
        let unknown = format!("{} ({})", self.unknown, self.unknown_stored);
        println!(
            "{run:>5}  {seed:>10}  {fault:<36}  {:>12}  {refused:>10}  {unknown:>10}  {:>4}  {:>7}  {:>5}",
            self.acknowledged, self.lost, self.doubled, self.wrong
        );
    }
}

impl Table {
    /// Prints the head of a table. In brackets it has how many messages that were last refused or not answered are stored.
    pub(crate) fn new(title: &str) -> Self {
        println!("\n{title}\n");
        println!(
            "{:>5}  {:>10}  {:<36}  {:>12}  {:>10}  {:>10}  {:>4}  {:>7}  {:>5}",
            "run",
            "seed",
            "fault",
            "acknowledged",
            "refused",
            "unknown",
            "lost",
            "doubled",
            "other"
        );
        Self {
            lines: 0,
            sums: Row::default(),
        }
    }

    /// Prints what came of a fault: what was acknowledged since `before`, and what the audit of everything has found.
    pub(crate) fn add(&mut self, seed: u64, fault: &str, before: Counts, audit: &Audit) {
        let row = Row::of(before, audit);
        self.lines += 1;
        self.sums.add(row);
        row.print(&self.lines.to_string(), &seed.to_string(), fault);
    }

    /// Prints the sums. Answers how many messages were lost.
    pub(crate) fn end(self) -> usize {
        self.sums.print("all", "", "");
        self.sums.lost
    }
}
