//! I3: what a device takes is an increasing run of the log without gaps, and everybody who speaks of a message says the same.

use std::collections::{BTreeMap, HashMap};

use super::Findings;
use super::run::{Run, Segment};
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::{Effect, Event, How, Mark, MessageRow, Row};
use crate::ids::{ConversationId, DeviceId};

const THIS: Invariant = Invariant::Agreement;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    for segment in &run.segments {
        let held = check_order(run, segment, findings);
        check_gaps(run, segment, &held, findings);
        if segment.last && run.settled.contains(&segment.device) {
            check_end(run, segment, &held, findings);
        }
    }
    check_rows(run, findings);
}

/// Walks through what a device took, and answers what it held in the end.
fn check_order(
    run: &Run<'_>,
    segment: &Segment<'_>,
    findings: &mut Findings<'_>,
) -> BTreeMap<u64, Mark> {
    let mut held: BTreeMap<u64, Mark> = BTreeMap::new();
    let name = || run.names.device(segment.device);
    for (_, effect) in &segment.steps {
        let Effect::Applied {
            how,
            from,
            before,
            inserted,
            replaced,
            ..
        } = effect
        else {
            continue;
        };
        let subject = || Subject::of(segment.conversation).device(segment.device);
        if let (How::Range, Some(before)) = (how, before)
            && from > before
        {
            let text = format!(
                "{} stood at rev {before} and applied a range that begins at rev {from}",
                name()
            );
            findings.broken(THIS, text, Some(subject().positions()));
        }
        for mark in inserted {
            findings.checked(THIS, 1);
            if let (How::Range, Some((last, _))) = (how, held.last_key_value())
                && mark.seq <= *last
            {
                let text = format!("{} took message {} after message {last}", name(), mark.seq);
                findings.broken(
                    THIS,
                    text,
                    Some(subject().key(mark.seq, mark.client_id).seq(*last)),
                );
            }
            held.insert(mark.seq, *mark);
        }
        for mark in replaced {
            findings.checked(THIS, 1);
            if let Some(old) = held.insert(mark.seq, *mark)
                && old.rev > mark.rev
            {
                let text = format!(
                    "{} replaced message {} of rev {} by rev {}",
                    name(),
                    mark.seq,
                    old.rev,
                    mark.rev
                );
                findings.broken(THIS, text, Some(subject().key(mark.seq, mark.client_id)));
            }
        }
    }
    held
}

fn check_gaps(
    run: &Run<'_>,
    segment: &Segment<'_>,
    held: &BTreeMap<u64, Mark>,
    findings: &mut Findings<'_>,
) {
    let (Some(dump), Some((first, _)), Some((last, _))) = (
        run.dumps.get(&segment.conversation),
        held.first_key_value(),
        held.last_key_value(),
    ) else {
        return;
    };
    let ends = segment.steps.iter().filter_map(|(_, effect)| match effect {
        Effect::Applied { after, .. } => Some(*after),
        _ => None,
    });
    let reached = ends.max().unwrap_or_default();
    let within = |row: &&MessageRow| {
        (*first..*last).contains(&row.seq)
            && run.is_shown(segment.conversation, segment.user, row, reached)
    };
    for row in dump.messages.iter().filter(within) {
        findings.checked(THIS, 1);
        if !held.contains_key(&row.seq) {
            let text = format!(
                "{} holds messages {first} to {last} without message {}",
                run.names.device(segment.device),
                row.seq
            );
            findings.broken(
                THIS,
                text,
                Some(
                    Subject::of(segment.conversation)
                        .row(row)
                        .device(segment.device),
                ),
            );
        }
    }
}

/// What a device holds in the end is what a fresh look at the log shows.
fn check_end(
    run: &Run<'_>,
    segment: &Segment<'_>,
    held: &BTreeMap<u64, Mark>,
    findings: &mut Findings<'_>,
) {
    let Some(dump) = run.dumps.get(&segment.conversation) else {
        return;
    };
    if !run
        .stays(segment.conversation, segment.user)
        .any(|stay| stay.to_rev.is_none())
    {
        return;
    }
    for row in &dump.messages {
        let Some(mark) = held.get(&row.seq) else {
            continue;
        };
        findings.checked(THIS, 1);
        if (mark.rev, mark.state) != (row.rev, row.state) {
            let name = run.names.device(segment.device);
            let text = format!(
                "{name} ends with message {} as of rev {}, the log has it as of rev {}",
                row.seq, mark.rev, row.rev
            );
            findings.broken(
                THIS,
                text,
                Some(
                    Subject::of(segment.conversation)
                        .row(row)
                        .device(segment.device),
                ),
            );
        }
    }
}

/// Every row of every frame says the same of a message: who wrote it always, all of it for the same rev.
fn check_rows(run: &Run<'_>, findings: &mut Findings<'_>) {
    let mut authors = HashMap::new();
    let mut states = HashMap::new();
    let mut see = |findings: &mut Findings<'_>,
                   conversation: ConversationId,
                   row: &MessageRow,
                   device: Option<DeviceId>| {
        findings.checked(THIS, 1);
        let author = authors.entry((conversation, row.seq)).or_insert((
            row.message_id,
            row.client_id,
            row.sender_id,
        ));
        let state = states
            .entry((conversation, row.seq, row.rev))
            .or_insert(row.state);
        let place = device.map_or_else(|| "the log".to_owned(), |device| run.names.device(device));
        let text = if *author != (row.message_id, row.client_id, row.sender_id) {
            format!(
                "{place} has another message {} than was seen before",
                row.seq
            )
        } else if *state != row.state {
            format!(
                "{place} has another state of message {} at rev {} than was seen before",
                row.seq, row.rev
            )
        } else {
            return;
        };
        let subject = Subject::of(conversation).row(row);
        findings.broken(
            THIS,
            text,
            Some(device.into_iter().fold(subject, Subject::device)),
        );
    };
    for entry in run.entries {
        match &entry.event {
            Event::Received { frame } => {
                let Some(conversation) = frame.conversation() else {
                    continue;
                };
                for row in frame.rows() {
                    if let Row::Message(row) = row {
                        see(findings, conversation, row, entry.device);
                    }
                }
            }
            Event::Dump(dump) => dump
                .messages
                .iter()
                .for_each(|row| see(findings, dump.conversation, row, None)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
