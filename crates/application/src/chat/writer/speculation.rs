//! The shorter way to disk: deciding by what is known, and storing if it still holds.
//!
//! Under the locks a group costs five trips to the database: begin, lock, read, store, commit. What is known from the last group
//! leaves one. The lock is taken by the statement that stores, which looks whether the conversations stand where they were left;
//! whoever else has written to one, or let somebody in or out, has moved it. Then nothing was stored there, and its entries take the
//! longer way.

use std::collections::{HashMap, HashSet};

use hubbub_domain::ids::ConversationId;
use hubbub_domain::repository::{Circumstances, OptimisticLog};
use hubbub_domain::unit_of_work::Store;

use super::batch::Batch;
use super::entry::Entry;
use super::known::Known;
use super::writing::{Failure, Settled, Writing, find_people};
use crate::events::Event;

/// The shorter way, if the store has one, with what its writer remembers.
pub(super) struct ShortWay {
    pub(super) log: Box<dyn OptimisticLog>,
    pub(super) known: Known,
}

impl ShortWay {
    pub(super) fn of(store: &dyn Store) -> Option<Self> {
        // What these negative controls break is on the longer way.
        if cfg!(any(
            feature = "broken-ack-before-commit",
            feature = "broken-membership-outside-lock"
        )) {
            return None;
        }
        let log = store.optimistic_log()?;
        let known = Known::default();
        Some(Self { log, known })
    }
}

/// What became of a group, but for the entries in conversations that were not where they were left.
pub(super) struct Speculated {
    pub(super) settled: Settled,
    pub(super) moved: HashSet<ConversationId>,
}

impl Writing {
    /// Stores a group by what is known, as far as that still holds. Where a key is taken, nothing is stored.
    pub(super) async fn speculate(
        &self,
        log: &mut dyn OptimisticLog,
        entries: &[Entry],
        known: &mut Known,
    ) -> Result<Speculated, Failure> {
        let circumstances = self.look(log, entries, known).await?;
        let people = if entries.iter().all(|entry| entry.calls.names.is_empty()) {
            HashMap::new()
        } else {
            let mut view = self.store.read().await?;
            find_people(view.as_mut(), entries, &circumstances).await?
        };
        let ids: HashSet<_> = entries
            .iter()
            .map(|entry| entry.post.conversation_id)
            .collect();
        let conversations = ids.iter().filter_map(|id| known.conversation(*id).cloned());
        let now = known.now(self.clock.now());
        let mut batch = Batch::new(conversations.collect(), people, now);
        let outcomes = entries.iter().zip(circumstances);
        let outcomes = outcomes
            .map(|(entry, found)| batch.settle(entry, found))
            .collect();
        let (append, events) = batch.into_parts();
        let seen = append.conversations.iter();
        let seen: Vec<_> = seen
            .filter_map(|moved| Some((moved.id, known.conversation(moved.id)?.last_rev)))
            .collect();
        let mut settled = Settled { outcomes, events };
        let mut moved: HashSet<_> = seen.iter().map(|(id, _)| *id).collect();
        if append.messages.is_empty() {
            return Ok(Speculated { settled, moved });
        }
        match log.append_if_unmoved(&seen, &append).await {
            Ok(stored) => {
                for id in stored.conversations {
                    moved.remove(&id);
                }
                known.compare(stored.now, self.clock.now());
                known.move_on(append.conversations);
            }
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(Failure::of_commit(error)),
        }
        for id in &moved {
            known.forget(*id);
        }
        settled.events.retain(|event| match event {
            Event::Conversation(event) => !moved.contains(&event.conversation_id),
            _ => true,
        });
        Ok(Speculated { settled, moved })
    }

    /// What decides about the entries, from memory where that is enough. A conversation is looked at as a whole, so that everything
    /// known of it belongs to one rev.
    async fn look(
        &self,
        log: &mut dyn OptimisticLog,
        entries: &[Entry],
        known: &mut Known,
    ) -> Result<Vec<Circumstances>, Failure> {
        let unknown: HashSet<_> = entries
            .iter()
            .filter(|entry| !known.suffices_for(entry))
            .map(|entry| entry.post.conversation_id)
            .collect();
        let is_unknown = |entry: &&Entry| unknown.contains(&entry.post.conversation_id);
        let keys: Vec<_> = entries.iter().filter(is_unknown).map(Entry::key).collect();
        let mut looked_up = Vec::new();
        if !keys.is_empty() {
            let sighting = log.sight(&keys).await?;
            known.compare(sighting.now, self.clock.now());
            for conversation in sighting.conversations {
                known.see(conversation);
            }
            let asked_for = sighting.circumstances.iter();
            let asked_for = asked_for.filter_map(|found| found.stay.clone());
            for stay in sighting.stays.into_iter().chain(asked_for) {
                known.see_stay(stay);
            }
            looked_up = sighting.circumstances;
        }
        let mut looked_up = looked_up.into_iter();
        let found = entries.iter().map(|entry| {
            if is_unknown(&entry) {
                looked_up.next().unwrap_or_default()
            } else {
                known.circumstances_of(entry)
            }
        });
        Ok(found.collect())
    }
}
