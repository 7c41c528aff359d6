//! What a steady run counts and measures.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::Value;

use crate::device::receipt;
use crate::history::Outcome;

pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: (u64, Option<String>),
    pub(super) received: u64,
    pub(super) acknowledging: Histogram<u64>,
    pub(super) delivering: Histogram<u64>,
}

impl Tally {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            sent: 0,
            acknowledged: 0,
            refused: (0, None),
            received: 0,
            acknowledging: Histogram::new(3)?,
            delivering: Histogram::new(3)?,
        })
    }

    pub(super) fn refuse(&mut self, reason: &str) {
        self.refused.0 += 1;
        self.refused.1.get_or_insert_with(|| reason.to_owned());
    }

    pub(super) fn answered(
        &mut self,
        outcome: Result<Value, String>,
        late: Option<Duration>,
    ) -> Outcome {
        match outcome {
            Ok(result) => {
                self.acknowledged += 1;
                note(&mut self.acknowledging, late);
                Outcome::Ok {
                    receipt: receipt(&result),
                }
            }
            Err(error) => {
                self.refuse(&error);
                Outcome::Unknown {
                    reason: error.into(),
                }
            }
        }
    }

    pub(super) fn received(&mut self, message: &Value, now: Duration) {
        self.received += 1;
        let scheduled = message["body"]
            .as_str()
            .and_then(|body| body.split(' ').next()?.parse().ok());
        note(
            &mut self.delivering,
            scheduled.map(|micros| now.saturating_sub(Duration::from_micros(micros))),
        );
    }
}

fn note(latencies: &mut Histogram<u64>, late: Option<Duration>) {
    if let Some(late) = late {
        // The histogram grows with what it is given; saturating would cut the slowest off.
        let _ = latencies.record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
    }
}
