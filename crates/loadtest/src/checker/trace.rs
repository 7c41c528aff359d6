//! The smallest readable part of a history that shows a violation.

use super::run::Run;
use super::subject::Subject;
use crate::history::{Action, Effect, Entry, Event, Frame, MessageRow, Outcome, Row};
use crate::ids::CallId;

/// How many events a trace shows: the first and the last ones.
const SHOWN: usize = 40;

/// The events about a subject, one a line.
pub(super) fn lines(run: &Run<'_>, subject: &Subject) -> Vec<String> {
    let mut asked: Vec<CallId> = Vec::new();
    let mut told: Vec<(u64, String)> = Vec::new();
    let mut told_of = None;
    for entry in run.entries {
        let text = tell(run, subject, entry, &mut asked);
        // Of holes only those matter that the frame just told of showed.
        let hole = matches!(
            &entry.event,
            Event::Ruled {
                effect: Effect::Hole { .. }
            }
        );
        let text = text.filter(|_| !hole || subject.positions || told_of == entry.device);
        told_of = entry.device.filter(|_| text.is_some());
        if let Some(text) = text {
            let place = entry
                .device
                .map_or_else(|| "log".to_owned(), |device| run.names.device(device));
            told.push((entry.at, format!("{place:<10} {text}")));
        }
    }
    let start = told.first().map_or(0, |(at, _)| *at);
    let line = |(at, text): &(u64, String)| {
        let micros = (at - start) / 1_000;
        format!("{:>8}.{:03} ms  {text}", micros / 1_000, micros % 1_000)
    };
    if told.len() <= SHOWN {
        return told.iter().map(line).collect();
    }
    let (first, last) = (
        told[..SHOWN / 2].iter(),
        told[told.len() - SHOWN / 2..].iter(),
    );
    let left_out = format!("... {} events left out ...", told.len() - SHOWN);
    first
        .map(line)
        .chain([left_out])
        .chain(last.map(line))
        .collect()
}

fn tell(
    run: &Run<'_>,
    subject: &Subject,
    entry: &Entry,
    asked: &mut Vec<CallId>,
) -> Option<String> {
    let about_device = entry
        .device
        .is_some_and(|device| subject.devices.contains(&device));
    match &entry.event {
        Event::Invoked { call, action } if subject.concerns(action) => {
            asked.push(*call);
            Some(format!("asks: {}", act(run, action)))
        }
        Event::Answered { call, outcome } if asked.contains(call) => Some(answer(outcome)),
        Event::Dump(dump) if dump.conversation == subject.conversation => {
            let found: Vec<_> = dump
                .messages
                .iter()
                .filter(|row| subject.has_seq(row.seq))
                .collect();
            if subject.messages.is_empty() {
                return Some(format!(
                    "ends with message {} and rev {}",
                    dump.last_seq, dump.rev
                ));
            }
            let rows: Vec<_> = found.iter().map(|row| message(run, row)).collect();
            Some(if rows.is_empty() {
                "does not have it".to_owned()
            } else {
                format!("has {}", rows.join(", "))
            })
        }
        Event::Received { frame } if about_device => heard(run, subject, frame),
        Event::Ruled { effect } if about_device => ruled(subject, effect),
        Event::Connecting if about_device && subject.positions => Some("connects".to_owned()),
        Event::Disconnected { reason } if about_device => {
            Some(format!("is disconnected: {reason}"))
        }
        Event::Forgot if about_device => Some("loses its storage".to_owned()),
        Event::SyncStarted { positions, .. } if about_device => {
            let known = positions
                .iter()
                .find(|head| head.conversation_id == subject.conversation);
            Some(format!(
                "asks for a synchronisation from {}",
                rev(known.map(|head| head.rev))
            ))
        }
        Event::SyncDone { heads, .. } if about_device => {
            let head = heads
                .iter()
                .find(|head| head.conversation_id == subject.conversation);
            Some(format!(
                "is synchronised; the head is {}",
                rev(head.map(|head| head.rev))
            ))
        }
        Event::Settled if about_device => Some("has everything".to_owned()),
        Event::Fault { name, .. } => Some(format!("fault: {name}")),
        Event::Healed { name } => Some(format!("healed: {name}")),
        _ => None,
    }
}

fn act(run: &Run<'_>, action: &Action) -> String {
    let room = run.names.conversation(action.conversation());
    match action {
        Action::Send {
            client_id, body, ..
        } => format!(
            "send {} with text {body:?} to {room}",
            run.names.key(*client_id)
        ),
        Action::Edit { body, .. } => format!("edit to text {body:?} in {room}"),
        Action::Delete { .. } => format!("delete in {room}"),
        Action::React { add, .. } => format!(
            "{} a reaction in {room}",
            if *add { "add" } else { "remove" }
        ),
        Action::Join { .. } => format!("join {room}"),
        Action::Leave { .. } => format!("leave {room}"),
        Action::Add { user, .. } => format!("add {} to {room}", run.names.user(*user)),
        Action::Remove { user, .. } => format!("remove {} from {room}", run.names.user(*user)),
    }
}

fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok {
            receipt: Some(receipt),
        } => format!("is answered: message {}, rev {}", receipt.seq, receipt.rev),
        Outcome::Ok { receipt: None } => "is answered: done".to_owned(),
        Outcome::Refused { code } => format!("is refused: {code}"),
        Outcome::Unknown { reason } => format!("gets no answer: {reason}"),
    }
}

fn message(run: &Run<'_>, row: &MessageRow) -> String {
    let (key, sender) = (run.names.key(row.client_id), run.names.user(row.sender_id));
    format!(
        "message {} ({key} of {sender}, text {:?}, rev {})",
        row.seq, row.body, row.rev
    )
}

fn heard(run: &Run<'_>, subject: &Subject, frame: &Frame) -> Option<String> {
    if let Frame::Heads { heads, .. } = frame {
        let head = heads
            .iter()
            .find(|head| head.conversation_id == subject.conversation)?;
        return subject
            .positions
            .then(|| format!("hears Heads: the head is {}", head.rev));
    }
    if frame.conversation() != Some(subject.conversation) {
        return None;
    }
    let rows: Vec<_> = frame
        .rows()
        .iter()
        .filter_map(|row| match row {
            Row::Message(row) if subject.has_seq(row.seq) => Some(message(run, row)),
            Row::Member(row) if subject.positions => {
                let verb = if row.joined { "in" } else { "out" };
                Some(format!(
                    "{} {verb} at rev {}",
                    run.names.user(row.user),
                    row.rev
                ))
            }
            _ => None,
        })
        .collect();
    let said = match frame {
        Frame::Range {
            event, from, to, ..
        } => format!("{event} {from} to {to}"),
        Frame::Reset { rev, .. } => format!("reset to {rev}"),
        Frame::Older { rev, .. } => format!("older page as of {rev}"),
        _ => "lost".to_owned(),
    };
    let matters = !rows.is_empty() || subject.positions;
    matters.then(|| {
        format!(
            "hears {said}: {}",
            if rows.is_empty() {
                "nothing else".to_owned()
            } else {
                rows.join(", ")
            }
        )
    })
}

fn ruled(subject: &Subject, effect: &Effect) -> Option<String> {
    if let Effect::EpochChanged { .. } = effect {
        return Some("forgets everything: another epoch".to_owned());
    }
    if effect.conversation() != Some(subject.conversation) {
        return None;
    }
    match effect {
        Effect::Applied {
            before,
            after,
            inserted,
            replaced,
            ..
        } => {
            let seqs = |marks: &[crate::history::Mark]| -> Vec<_> {
                marks
                    .iter()
                    .map(|mark| mark.seq)
                    .filter(|seq| subject.has_seq(*seq))
                    .collect()
            };
            let (new, changed) = (seqs(inserted), seqs(replaced));
            let matters = subject.positions || !new.is_empty() || !changed.is_empty();
            matters.then(|| {
                format!(
                    "moves from {} to {after}, new {new:?}, changed {changed:?}",
                    rev(*before)
                )
            })
        }
        Effect::Dropped { to, position, .. } => subject
            .positions
            .then(|| format!("drops a range up to {to}: it is at {position}")),
        Effect::Hole { from, position, .. } => {
            Some(format!("sees a hole: {} to {from}", rev(*position)))
        }
        _ => Some("forgets the conversation".to_owned()),
    }
}

fn rev(rev: Option<u64>) -> String {
    rev.map_or_else(|| "nothing".to_owned(), |rev| rev.to_string())
}
