//! The way from what was published to a client: a relay that hides what may not be seen, and a bad network.

use std::collections::VecDeque;
use std::sync::Arc;

use hubbub_application::chat::dto::Row;
use hubbub_application::events::{ConversationEvent, ConversationEventChange, UserEvent};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Rev;

use super::plan::Fate;
use super::replica::Replica;
use super::state::Log;

/// Something on its way.
#[derive(Clone)]
pub(crate) enum Parcel {
    Range {
        id: ConversationId,
        from: Rev,
        to: Rev,
        row: Option<Box<Row>>,
    },
    User(Arc<UserEvent>),
}

/// How a device is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Line {
    /// Everything comes, once and in order.
    Perfect,
    /// Things are lost, come twice and late.
    Bad,
    /// Nothing comes: it only asks.
    Dead,
}

/// A client and its line.
pub(crate) struct Device {
    pub(crate) replica: Replica,
    pub(crate) line: Line,
    late: VecDeque<Parcel>,
}

impl Device {
    pub(crate) fn new(replica: Replica, line: Line) -> Self {
        Self {
            replica,
            line,
            late: VecDeque::new(),
        }
    }

    /// Brings what was sent, and what is late from before.
    pub(crate) fn bring(&mut self, parcels: Vec<Parcel>, fates: &mut impl Iterator<Item = Fate>) {
        let late = std::mem::take(&mut self.late);
        if self.line == Line::Dead {
            return;
        }
        for parcel in parcels {
            let fate = match self.line {
                Line::Bad => fates.next().unwrap_or(Fate::Arrives),
                Line::Perfect | Line::Dead => Fate::Arrives,
            };
            match fate {
                Fate::Arrives => self.take(parcel),
                Fate::IsLost => {}
                Fate::ComesTwice => {
                    self.take(parcel.clone());
                    self.late.push_front(parcel);
                }
                Fate::ComesLate => self.late.push_front(parcel),
            }
        }
        for parcel in late {
            self.take(parcel);
        }
    }

    fn take(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Range { id, from, to, row } => {
                let rows: Vec<_> = row.into_iter().map(|row| *row).collect();
                self.replica.take_range(id, from, to, &rows);
            }
            Parcel::User(step) => self.replica.take_user_step(&step),
        }
    }
}

/// What a member is told of a step: the row, or that the log moved on; nothing if it is no step of the member's.
pub(crate) fn relayed(log: &Log, user: UserId, step: &ConversationEvent) -> Option<Parcel> {
    let stay = log.stay_at(user, step.to_rev.get())?;
    let row = row(&step.change).filter(|row| match row {
        Row::Message { message } => {
            message.seq.get() >= stay.sees_from && !step.hidden_from.contains(&user)
        }
        Row::Member(_) | Row::Settings(_) => true,
    });
    if let Some(row) = &row {
        insist_visible(log, user, step.conversation_id, row);
    }
    Some(Parcel::Range {
        id: step.conversation_id,
        from: step.from_rev,
        to: step.to_rev,
        row: row.map(Box::new),
    })
}

/// Nobody is told what no stay shows.
pub(crate) fn insist_visible(log: &Log, user: UserId, id: ConversationId, row: &Row) {
    let (rev, is_shown) = match row {
        Row::Message { message } => {
            let (seq, rev) = (message.seq.get(), message.rev.get());
            (rev, log.shows(user, seq, rev))
        }
        Row::Member(change) => (
            change.rev.get(),
            log.stay_at(user, change.rev.get()).is_some(),
        ),
        Row::Settings(settings) => (
            settings.rev.get(),
            log.stay_at(user, settings.rev.get()).is_some(),
        ),
    };
    assert!(is_shown, "{user} may not see rev {rev} of {id}: {row:?}");
}

fn row(change: &ConversationEventChange) -> Option<Row> {
    match change {
        ConversationEventChange::MessagePosted(message)
        | ConversationEventChange::MessageChanged(message) => Some(Row::Message {
            message: Box::new(message.clone()),
        }),
        ConversationEventChange::Member(change) => Some(Row::Member(change.clone())),
        ConversationEventChange::Settings(settings) => Some(Row::Settings(settings.clone())),
        ConversationEventChange::Nothing => None,
    }
}
