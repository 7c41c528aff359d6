//! What everybody was told, and whether it fits together.

use std::collections::{BTreeMap, HashMap};

/// A message as the final log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) key: String,
    pub(crate) body: String,
}

/// What was sent, acknowledged and received during a run.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Text by key, of every message that anybody tried to send.
    sent: HashMap<String, String>,
    /// Place by key, of every message that was acknowledged.
    acknowledged: HashMap<String, u64>,
    /// Of sends that were refused, with the reason.
    refused: Vec<String>,
    /// What each device received, in the order in which it came.
    received: BTreeMap<usize, Vec<(u64, String)>>,
}

impl Ledger {
    /// A message is about to be sent.
    pub(crate) fn send(&mut self, key: &str, body: &str) {
        self.sent.insert(key.to_owned(), body.to_owned());
    }

    /// A send was answered with a place.
    pub(crate) fn acknowledge(&mut self, key: &str, seq: u64) {
        self.acknowledged.insert(key.to_owned(), seq);
    }

    /// A send was answered with an error.
    pub(crate) fn refuse(&mut self, reason: &str) {
        self.refused.push(reason.to_owned());
    }

    /// A device received a message.
    pub(crate) fn receive(&mut self, device: usize, seq: u64, key: &str) {
        let received = self.received.entry(device).or_default();
        received.push((seq, key.to_owned()));
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    pub(crate) fn refused(&self) -> &[String] {
        &self.refused
    }

    pub(crate) fn received(&self) -> usize {
        self.received.values().map(Vec::len).sum()
    }

    /// Whether every device has received as many messages as were acknowledged.
    pub(crate) fn is_complete(&self, devices: usize) -> bool {
        self.received.len() == devices
            && self
                .received
                .values()
                .all(|received| received.len() >= self.acknowledged.len())
    }

    /// Every way in which what was told contradicts the final log, in words.
    pub(crate) fn violations(&self, log: &[Entry], devices: usize) -> Vec<String> {
        let mut found = Vec::new();
        for (place, entry) in (1_u64..).zip(log) {
            if entry.seq != place {
                found.push(format!(
                    "the log is not dense: {} stands where {place} belongs",
                    entry.seq
                ));
                break;
            }
        }
        let mut place_of = HashMap::new();
        for entry in log {
            if let Some(before) = place_of.insert(entry.key.as_str(), entry.seq) {
                found.push(format!(
                    "message {} is in the log twice, at {before} and {}",
                    entry.key, entry.seq
                ));
            }
            match self.sent.get(&entry.key) {
                None => found.push(format!(
                    "message {} at {} was sent by nobody",
                    entry.key, entry.seq
                )),
                Some(body) if *body != entry.body => {
                    found.push(format!(
                        "message {} at {} has another text than was sent",
                        entry.key, entry.seq
                    ));
                }
                Some(_) => {}
            }
        }
        for (key, seq) in &self.acknowledged {
            match place_of.get(key.as_str()) {
                None => found.push(format!(
                    "message {key} was acknowledged at {seq} and is lost"
                )),
                Some(place) if place != seq => {
                    found.push(format!(
                        "message {key} was acknowledged at {seq} and stands at {place}"
                    ));
                }
                Some(_) => {}
            }
        }
        for device in 0..devices {
            let received = self.received.get(&device).map_or(&[][..], Vec::as_slice);
            found.extend(device_violation(device, received, log));
        }
        found
    }
}

/// The first way in which what a device received differs from the log.
fn device_violation(device: usize, received: &[(u64, String)], log: &[Entry]) -> Option<String> {
    for (expected, (seq, key)) in log.iter().zip(received) {
        if *seq != expected.seq {
            return Some(format!(
                "device {device} received {seq} where {} was due",
                expected.seq
            ));
        }
        if *key != expected.key {
            return Some(format!(
                "device {device} received another message at {seq} than the log has"
            ));
        }
    }
    (received.len() != log.len()).then(|| {
        format!(
            "device {device} received {} messages of {}",
            received.len(),
            log.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(u64, &str)]) -> Vec<Entry> {
        let entry = |&(seq, key): &(u64, &str)| Entry {
            seq,
            key: key.to_owned(),
            body: format!("text of {key}"),
        };
        entries.iter().map(entry).collect()
    }

    /// Two devices that were told everything about three messages, as it should be.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for (seq, key) in [(1, "a"), (2, "b"), (3, "c")] {
            ledger.send(key, &format!("text of {key}"));
            ledger.acknowledge(key, seq);
            ledger.receive(0, seq, key);
            ledger.receive(1, seq, key);
        }
        ledger
    }

    fn only(violations: &[String], about: &str) {
        assert!(
            violations.iter().any(|text| text.contains(about)),
            "{violations:?}"
        );
    }

    #[test]
    fn a_run_in_which_all_is_well_has_no_violations() {
        let good = log(&[(1, "a"), (2, "b"), (3, "c")]);
        assert_eq!(ledger().violations(&good, 2), Vec::<String>::new());
        assert!(ledger().is_complete(2));
        assert!(!ledger().is_complete(3));
    }

    #[test]
    fn an_acknowledged_message_that_is_not_there_is_found() {
        only(
            &ledger().violations(&log(&[(1, "a"), (2, "b")]), 2),
            "c was acknowledged at 3 and is lost",
        );
    }

    #[test]
    fn a_message_that_is_there_twice_is_found() {
        let doubled = log(&[(1, "a"), (2, "b"), (3, "c"), (4, "a")]);
        only(&ledger().violations(&doubled, 2), "a is in the log twice");
    }

    #[test]
    fn a_hole_is_found() {
        only(
            &ledger().violations(&log(&[(1, "a"), (2, "b"), (4, "c")]), 2),
            "not dense: 4 stands where 3",
        );
    }

    #[test]
    fn a_message_at_another_place_than_acknowledged_is_found() {
        only(
            &ledger().violations(&log(&[(1, "a"), (2, "c"), (3, "b")]), 2),
            "c was acknowledged at 3 and stands at 2",
        );
    }

    #[test]
    fn a_message_that_nobody_sent_and_one_that_was_changed_are_found() {
        let mut strange = log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        strange[1].body = "something else".to_owned();
        let violations = ledger().violations(&strange, 2);
        only(&violations, "d at 4 was sent by nobody");
        only(&violations, "b at 2 has another text");
    }

    #[test]
    fn a_device_that_missed_doubled_or_swapped_is_found() {
        let good = log(&[(1, "a"), (2, "b"), (3, "c")]);
        for (received, about) in [
            (
                vec![(1, "a"), (3, "c")],
                "device 2 received 3 where 2 was due",
            ),
            (
                vec![(1, "a"), (1, "a"), (2, "b"), (3, "c")],
                "device 2 received 1 where 2 was due",
            ),
            (
                vec![(2, "b"), (1, "a"), (3, "c")],
                "device 2 received 2 where 1 was due",
            ),
            (
                vec![(1, "a"), (2, "b")],
                "device 2 received 2 messages of 3",
            ),
            (
                vec![(1, "a"), (2, "x"), (3, "c")],
                "device 2 received another message at 2",
            ),
            (vec![], "device 2 received 0 messages of 3"),
        ] {
            let mut ledger = ledger();
            for (seq, key) in received {
                ledger.receive(2, seq, key);
            }
            only(&ledger.violations(&good, 3), about);
        }
    }
}
