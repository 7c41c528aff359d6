use std::io::{self, Write as _};

use hdrhistogram::Histogram;

use hubbub_load::steady::Report;

/// Says on standard output what came of a run.
pub(crate) fn print(report: &Report) -> io::Result<()> {
    io::stdout().lock().write_all(text(report).as_bytes())
}

fn text(report: &Report) -> String {
    let mut lines = vec![
        format!("{} people chatted for {} s", report.people, report.seconds),
        format!(
            "  sent {}, acknowledged {}, refused {}, received {} on all devices",
            report.sent, report.acknowledged, report.refused.0, report.received
        ),
        String::new(),
        format!(
            "  {:<14} {:>9} {:>9} {:>9} {:>9}",
            "from schedule", "p50", "p99", "p99.9", "max"
        ),
        latencies("acknowledged", &report.acknowledging),
        latencies("received", &report.delivering),
        String::new(),
    ];
    if let Some(reason) = &report.refused.1 {
        lines.push(format!("  first refusal: {reason}"));
    }
    lines.push(report.verdict.to_string());
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
    use hubbub_load::checker::{Terms, check};

    use super::*;

    #[test]
    fn the_report_has_the_latencies_and_ends_with_the_verdict() {
        let mut acknowledging = Histogram::new(3).unwrap();
        acknowledging.record(1_500).unwrap();
        let report = Report {
            people: 2,
            seconds: 1,
            sent: 1,
            acknowledged: 1,
            refused: (1, Some("too much".to_owned())),
            received: 2,
            delivering: acknowledging.clone(),
            acknowledging,
            verdict: check(&[], &Terms::default()),
            history: Vec::new(),
        };
        let text = text(&report);
        assert!(
            text.contains("1.50 ms") && text.contains("first refusal: too much"),
            "{text}"
        );
        assert!(
            text.ends_with("Nothing was lost, doubled or out of order.\n"),
            "{text}"
        );
    }
}
