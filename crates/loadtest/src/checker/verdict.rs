//! What a judgement says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::counters::Counter;

/// The rules that a history must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: what was acknowledged is in the log and reaches every member's devices.
    NoLoss,
    /// I2: nothing is stored or applied twice, and all answers to one send agree.
    NoDuplicate,
    /// I3: every device holds a gap-free run of the log, and all agree on what it says.
    Agreement,
    /// I4: the log is numbered without holes.
    DenseLog,
    /// I5: everything in the log was written by its author, who was a member then.
    NoPhantom,
    /// I6: what was acknowledged before something else was sent stands before it.
    RealTimeOrder,
    /// I7: heads never go down, and include what was acknowledged before they were asked for.
    Monotonic,
    /// I8: nothing reaches a device that its user may not see.
    Visibility,
    /// I9: a key that was used is refused with anything else.
    KeyMisuse,
    /// I10: delivery takes no longer than it may.
    BoundedDelivery,
    /// I11: a position moves back only with a new history of the database.
    Epoch,
    /// I13: the run did what it was meant to do.
    NoVacuum,
}

impl Invariant {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::NoLoss,
        Self::NoDuplicate,
        Self::Agreement,
        Self::DenseLog,
        Self::NoPhantom,
        Self::RealTimeOrder,
        Self::Monotonic,
        Self::Visibility,
        Self::KeyMisuse,
        Self::BoundedDelivery,
        Self::Epoch,
        Self::NoVacuum,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::NoLoss => "I1 no loss",
            Self::NoDuplicate => "I2 no duplicate",
            Self::Agreement => "I3 agreement and order",
            Self::DenseLog => "I4 dense log",
            Self::NoPhantom => "I5 no phantom",
            Self::RealTimeOrder => "I6 real-time order",
            Self::Monotonic => "I7 monotonic",
            Self::Visibility => "I8 visibility",
            Self::KeyMisuse => "I9 key misuse",
            Self::BoundedDelivery => "I10 bounded delivery",
            Self::Epoch => "I11 epoch",
            Self::NoVacuum => "I13 no vacuum",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// How, in a sentence.
    pub text: String,
    /// The events that show it, in the order of time.
    pub trace: Vec<String>,
}

/// What came of a judgement. Its `Display` is the report.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// How many facts each rule was tried on.
    pub checked: BTreeMap<Invariant, u64>,
    /// The rules that were broken; of each only the first few.
    pub violations: Vec<Violation>,
    /// How often each rule was broken.
    pub broken: BTreeMap<Invariant, u64>,
    /// Sends and changes of which nobody knows whether they were done.
    pub unknown: Vec<String>,
    /// How often the run took each of its paths.
    pub counters: BTreeMap<Counter, u64>,
    /// What 99 of 100 deliveries took at most, by the clock of I10.
    pub p99_delivery: Option<Duration>,
    /// What the slowest of them took.
    pub slowest_delivery: Option<Duration>,
}

impl Verdict {
    /// Whether no rule was broken.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<Invariant> {
        self.broken.keys().copied().collect()
    }
}

/// How many unknown outcomes a report lists.
const LISTED: usize = 20;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for invariant in Invariant::ALL {
            let checked = match self.checked.get(&invariant).copied().unwrap_or_default() {
                0 => "checked nothing".to_owned(),
                count => format!("{count} checked"),
            };
            let broken = match self.broken.get(&invariant) {
                None => String::new(),
                Some(count) => format!(", BROKEN {count} times"),
            };
            writeln!(f, "  {:<24} {checked}{broken}", invariant.title())?;
        }
        let counted: Vec<_> = self
            .counters
            .iter()
            .map(|(counter, count)| format!("{counter} {count}"))
            .collect();
        writeln!(f, "  counted: {}", counted.join(", "))?;
        if !self.unknown.is_empty() {
            writeln!(f, "  {} unknown outcomes:", self.unknown.len())?;
            for line in self.unknown.iter().take(LISTED) {
                writeln!(f, "    {line}")?;
            }
            if self.unknown.len() > LISTED {
                writeln!(f, "    and {} more", self.unknown.len() - LISTED)?;
            }
        }
        for Violation {
            invariant,
            text,
            trace,
        } in &self.violations
        {
            writeln!(f, "\n{invariant} is broken: {text}")?;
            for line in trace {
                writeln!(f, "    {line}")?;
            }
        }
        if self.holds() {
            writeln!(f, "Nothing was lost, doubled or out of order.")?;
        }
        Ok(())
    }
}
