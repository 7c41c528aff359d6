use std::io::{self, Write as _};

use hdrhistogram::Histogram;

use crate::run::Outcome;

/// Says on standard output what came of a run.
pub(crate) fn print(outcome: &Outcome) -> io::Result<()> {
    io::stdout().lock().write_all(text(outcome).as_bytes())
}

fn text(outcome: &Outcome) -> String {
    let mut lines = vec![
        format!(
            "{} people chatted for {} s",
            outcome.people, outcome.seconds
        ),
        format!(
            "  sent {}, acknowledged {}, refused {}, received {} on all devices",
            outcome.sent,
            outcome.acknowledged,
            outcome.refused.len(),
            outcome.received
        ),
        String::new(),
        format!(
            "  {:<14} {:>9} {:>9} {:>9} {:>9}",
            "from schedule", "p50", "p99", "p99.9", "max"
        ),
        latencies("acknowledged", &outcome.acknowledging),
        latencies("received", &outcome.delivering),
        String::new(),
    ];
    if let Some(reason) = outcome.refused.first() {
        lines.push(format!("  first refusal: {reason}"));
    }
    if outcome.violations.is_empty() {
        lines.push("Nothing was lost, doubled or out of order.".to_owned());
    } else {
        lines.push(format!("{} violations:", outcome.violations.len()));
        lines.extend(
            outcome
                .violations
                .iter()
                .take(20)
                .map(|text| format!("  {text}")),
        );
    }
    lines.push(String::new());
    lines.join("\n")
}

fn latencies(name: &str, histogram: &Histogram<u64>) -> String {
    let at = |quantile| milliseconds(histogram.value_at_quantile(quantile));
    format!(
        "  {name:<14} {:>9} {:>9} {:>9} {:>9}",
        at(0.5),
        at(0.99),
        at(0.999),
        milliseconds(histogram.max())
    )
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_said_in_the_last_lines() {
        let mut acknowledging = Histogram::new(3).unwrap();
        acknowledging.record(1_500).unwrap();
        let mut outcome = Outcome {
            people: 2,
            seconds: 1.0,
            sent: 1,
            acknowledged: 1,
            refused: Vec::new(),
            received: 2,
            delivering: acknowledging.clone(),
            acknowledging,
            violations: Vec::new(),
        };
        let good = text(&outcome);
        assert!(
            good.contains("1.50 ms")
                && good.ends_with("Nothing was lost, doubled or out of order.\n"),
            "{good}"
        );
        outcome.violations.push("message a is lost".to_owned());
        assert!(text(&outcome).ends_with("1 violations:\n  message a is lost\n"));
    }
}
