//! I10: a message is at a connected device within a bound after it was acknowledged, after the device connected, and after the last
//! fault that kept it away was healed.

use std::collections::HashMap;
use std::time::Duration;

use super::run::{Run, Segment};
use super::subject::Subject;
use super::verdict::Invariant;
use super::{Bounds, Findings};
use crate::history::{Effect, Event, FaultKind, How, Mark};
use crate::ids::{ConversationId, DeviceId};

const THIS: Invariant = Invariant::BoundedDelivery;

/// A time in which something was broken on purpose.
struct Fault {
    kind: FaultKind,
    began: u64,
    /// Nothing: never healed.
    healed: Option<u64>,
}

pub(super) fn check(run: &Run<'_>, bounds: &Bounds, findings: &mut Findings<'_>) {
    let faults = faults(run);
    let connections = connections(run);
    let acknowledged = acknowledged(run);
    let mut delays = Vec::new();
    for segment in &run.segments {
        let connected = connections
            .get(&segment.device)
            .map_or(&[][..], Vec::as_slice);
        for (at, mark) in arrivals(segment) {
            let Some(&since) = acknowledged.get(&(segment.conversation, mark.seq)) else {
                continue;
            };
            let started = segment.steps.first().map_or(0, |(at, _)| *at);
            let Some((since, bound)) = due(since.max(started), at, connected, &faults, bounds)
            else {
                continue;
            };
            findings.checked(THIS, 1);
            let delay = Duration::from_nanos(at.saturating_sub(since));
            delays.push(delay);
            if delay > bound {
                let name = run.names.device(segment.device);
                let text = format!(
                    "message {} came to {name} after {delay:.3?}; {bound:?} are allowed",
                    mark.seq
                );
                let subject = Subject::of(segment.conversation)
                    .key(mark.seq, mark.client_id)
                    .device(segment.device);
                findings.broken(THIS, text, Some(subject));
            }
        }
    }
    delays.sort_unstable();
    findings.verdict.slowest_delivery = delays.last().copied();
    let p99 = delays
        .get(delays.len().saturating_sub(1) * 99 / 100)
        .copied();
    findings.verdict.p99_delivery = p99;
    if let (Some(bound), Some(p99), true) = (bounds.p99_without_faults, p99, faults.is_empty()) {
        check_p99(p99, bound, findings);
    }
}

/// From when a delivery is measured, and by which bound; nothing while an interruption excuses it.
fn due(
    since: u64,
    at: u64,
    connected: &[u64],
    faults: &[Fault],
    bounds: &Bounds,
) -> Option<(u64, Duration)> {
    let mut from = connected
        .iter()
        .rfind(|connected| **connected <= at)
        .map_or(since, |connected| since.max(*connected));
    let mut bound = bounds.healthy;
    for fault in faults
        .iter()
        .filter(|fault| fault.began <= at && fault.healed.is_none_or(|healed| healed >= since))
    {
        match (fault.kind, fault.healed) {
            (FaultKind::Interrupts, None) => return None,
            (FaultKind::Interrupts, Some(healed)) if healed > at => return None,
            (FaultKind::Interrupts, Some(healed)) => from = from.max(healed),
            (FaultKind::Degrades, _) => bound = bounds.degraded,
        }
    }
    Some((from, bound))
}

fn arrivals<'a>(segment: &'a Segment<'_>) -> impl Iterator<Item = (u64, &'a Mark)> {
    segment.steps.iter().flat_map(|(at, effect)| {
        let inserted = match effect {
            Effect::Applied {
                how: How::Range,
                inserted,
                ..
            } => &inserted[..],
            _ => &[],
        };
        inserted.iter().map(|mark| (*at, mark))
    })
}

fn acknowledged(run: &Run<'_>) -> HashMap<(ConversationId, u64), u64> {
    let place = |send| {
        run.acknowledged(send)
            .map(|(at, receipt)| ((send.conversation, receipt.seq), at))
    };
    run.sends.iter().filter_map(place).collect()
}

fn connections(run: &Run<'_>) -> HashMap<DeviceId, Vec<u64>> {
    let mut connections: HashMap<_, Vec<_>> = HashMap::new();
    for entry in run.entries {
        if let (Some(device), Event::Connected) = (entry.device, &entry.event) {
            connections.entry(device).or_default().push(entry.at);
        }
    }
    connections
}

fn faults(run: &Run<'_>) -> Vec<Fault> {
    let mut faults: Vec<(&str, Fault)> = Vec::new();
    for entry in run.entries {
        match &entry.event {
            Event::Fault { name, kind } => faults.push((
                name,
                Fault {
                    kind: *kind,
                    began: entry.at,
                    healed: None,
                },
            )),
            Event::Healed { name } => {
                let open = faults
                    .iter_mut()
                    .filter(|(of, fault)| *of == &**name && fault.healed.is_none());
                open.for_each(|(_, fault)| fault.healed = Some(entry.at));
            }
            _ => {}
        }
    }
    faults.into_iter().map(|(_, fault)| fault).collect()
}

fn check_p99(p99: Duration, bound: Duration, findings: &mut Findings<'_>) {
    findings.checked(THIS, 1);
    if p99 > bound {
        let text = format!(
            "99 of 100 deliveries took up to {p99:.3?} without a fault; {bound:?} are allowed"
        );
        findings.broken(THIS, text, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{Story, key};

    /// Alice sends; bob and she hear of it at once, carol after a while.
    fn late_for_carol(story: &mut Story, millis: u64, meanwhile: impl FnOnce(&mut Story)) {
        let call = story.invoke_send("alice", key(1), "one");
        let row = story.store("alice", key(1), "one");
        story.receipt("alice", call, row.seq, row.rev);
        story.deliver("alice", &row);
        story.deliver("bob", &row);
        story.wait(millis);
        meanwhile(story);
        story.deliver("carol", &row);
    }

    #[test]
    fn a_delivery_within_the_bound_holds() {
        let mut story = Story::new();
        late_for_carol(&mut story, 1_900, |_| ());
        story.holds(THIS);
    }

    #[test]
    fn a_late_delivery_is_found() {
        let mut story = Story::new();
        late_for_carol(&mut story, 2_100, |_| ());
        story.breaks(THIS, "message 1 came to carol after 2.1");
    }

    #[test]
    fn the_clock_of_a_device_that_was_away_starts_when_it_connects() {
        let mut story = Story::new();
        late_for_carol(&mut story, 60_000, |story| {
            story.at("carol", Event::Connected);
        });
        story.holds(THIS);
    }

    #[test]
    fn an_interruption_excuses_until_it_is_healed() {
        let mut story = Story::new();
        story.fault(FaultKind::Interrupts);
        late_for_carol(&mut story, 60_000, |story| {
            story.heal();
            story.wait(1_900);
        });
        story.holds(THIS);
        let mut story = Story::new();
        story.fault(FaultKind::Interrupts);
        late_for_carol(&mut story, 60_000, |story| {
            story.heal();
            story.wait(2_100);
        });
        story.breaks(THIS, "message 1 came to carol after 2.1");
    }

    #[test]
    fn degraded_operation_has_a_bound_of_its_own() {
        let mut story = Story::new();
        story.fault(FaultKind::Degrades);
        late_for_carol(&mut story, 6_900, |_| ());
        story.holds(THIS);
        let mut story = Story::new();
        story.fault(FaultKind::Degrades);
        late_for_carol(&mut story, 7_100, |_| ());
        story.breaks(THIS, "7s are allowed");
    }

    #[test]
    fn a_run_without_faults_keeps_its_p99() {
        let bounds = Bounds {
            p99_without_faults: Some(Duration::from_millis(300)),
            ..Bounds::default()
        };
        let mut story = Story::new();
        story.bounds = bounds.clone();
        late_for_carol(&mut story, 10, |_| ());
        story.holds(THIS);
        let mut story = Story::new();
        story.bounds = Bounds {
            p99_without_faults: Some(Duration::from_millis(1)),
            ..bounds
        };
        late_for_carol(&mut story, 10, |_| ());
        story.breaks(THIS, "99 of 100 deliveries took up to");
    }
}
