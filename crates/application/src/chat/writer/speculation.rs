//! The shorter way to disk: deciding by what is known, and storing if it still holds.
//!
//! Under the locks a group costs five trips to the database: begin, lock, read, store, commit. What is known from the last group
//! leaves one. The lock is taken by the statement that stores, which looks whether the conversations stand where they were left;
//! whoever else has written to them, or let somebody in or out, has moved them. Then nothing was stored, and the group takes the
//! longer way.

use std::collections::{HashMap, HashSet};

use hubbub_domain::ids::ConversationId;
use hubbub_domain::repository::{Circumstances, OptimisticLog, Stored};

use super::batch::Batch;
use super::entry::Entry;
use super::known::Known;
use super::writing::{Failure, Settled, Writing, find_people};

impl Writing {
    /// Stores a group by what is known. `None` if that no longer holds, or a key is taken: then nothing is stored.
    pub(super) async fn speculate(
        &self,
        log: &dyn OptimisticLog,
        entries: &[Entry],
        known: &mut Known,
    ) -> Result<Option<Settled>, Failure> {
        let circumstances = self.look(log, entries, known).await?;
        let people = if entries.iter().all(|entry| entry.calls.names.is_empty()) {
            HashMap::new()
        } else {
            let mut view = self.store.read().await?;
            find_people(view.as_mut(), entries, &circumstances).await?
        };
        let ids: HashSet<_> = ids_of(entries).collect();
        let conversations: Vec<_> = ids
            .iter()
            .filter_map(|id| known.conversation(*id).cloned())
            .collect();
        let mut batch = Batch::new(conversations, people, known.now(self.clock.now()));
        let outcomes = entries.iter().zip(circumstances);
        let outcomes = outcomes
            .map(|(entry, found)| batch.settle(entry, found))
            .collect();
        let (append, events) = batch.into_parts();
        if append.messages.is_empty() {
            return Ok(Some(Settled { outcomes, events }));
        }
        let seen = append.conversations.iter();
        let seen: Vec<_> = seen
            .filter_map(|moved| Some((moved.id, known.conversation(moved.id)?.last_rev)))
            .collect();
        match log.append_if_unmoved(&seen, &append).await {
            Ok(Stored::All { now }) => {
                known.compare(now, self.clock.now());
                known.move_on(append.conversations);
                Ok(Some(Settled { outcomes, events }))
            }
            Ok(Stored::Nothing) => {
                ids.into_iter().for_each(|id| known.forget(id));
                Ok(None)
            }
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(Failure::of_commit(error)),
        }
    }

    /// What decides about the entries, from memory where that is enough. A conversation is looked at as a whole, so that everything
    /// known of it belongs to one rev.
    async fn look(
        &self,
        log: &dyn OptimisticLog,
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
            let stays = sighting.circumstances.iter();
            stays
                .filter_map(|found| found.stay.as_ref())
                .for_each(|stay| known.see_stay(stay));
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

fn ids_of(entries: &[Entry]) -> impl Iterator<Item = ConversationId> {
    entries.iter().map(|entry| entry.post.conversation_id)
}
