//! Whether what happened at once can have happened one after the other.

use std::collections::{BTreeSet, HashMap, HashSet};

use hubbub_domain::ids::{ConversationId, UserId};

use super::request::{Answer, Post, Request, What};
use super::rules::{Judgement, Names, judge};
use super::state::Log;
use super::tally::Tally;

/// The requests of one step are judged by what the logs say of it.
pub(crate) struct Trial<'a> {
    pub(crate) logs: &'a HashMap<ConversationId, Log>,
    /// How far each log had come before.
    pub(crate) starts: &'a HashMap<ConversationId, i64>,
    pub(crate) names: &'a Names,
    pub(crate) tally: &'a Tally,
}

impl Trial<'_> {
    /// Insists that every change of the step is what the rules make of one granted request, each of which makes one, and that what
    /// else was answered is what the rules answer at some moment of the step.
    pub(crate) fn judge(&self, answers: Vec<(Request, Answer)>) {
        let mut rooms: HashMap<ConversationId, Vec<(Request, Answer)>> = HashMap::new();
        for (request, answer) in answers {
            if !request.what.is_personal() {
                rooms
                    .entry(request.room)
                    .or_default()
                    .push((request, answer));
            }
        }
        for id in self.logs.keys() {
            self.judge_room(*id, rooms.remove(id).unwrap_or_default());
        }
    }

    fn judge_room(&self, id: ConversationId, mut answers: Vec<(Request, Answer)>) {
        let (log, start) = (&self.logs[&id], self.starts[&id]);
        // Who was told a place comes first: nobody else can have made that change.
        answers.sort_by_key(|(_, answer)| answer.rev().is_none());
        let mut explained = BTreeSet::new();
        for (request, answer) in &answers {
            let places = match answer {
                Answer::Refused(_) => start..start,
                Answer::Done => start..log.head(),
                Answer::Receipt(_) | Answer::Rev(_) => {
                    let before = answer.rev().unwrap() - 1;
                    before.max(start)..before + 1
                }
            };
            let made = places
                .filter_map(|before| self.change(request, answer, log, before))
                .find(|revs| revs.clone().all(|rev| !explained.contains(&rev)));
            if let Some(revs) = made {
                self.tally.count(request.what.name());
                explained.extend(revs);
                continue;
            }
            self.insist_answered(request, answer, log, start);
            self.tally.count(match answer {
                Answer::Refused(code) => code,
                _ => "unchanged",
            });
        }
        let unexplained: Vec<_> = (start + 1..=log.head())
            .filter(|rev| !explained.contains(rev))
            .map(|rev| log.at(rev))
            .collect();
        assert!(
            unexplained.is_empty(),
            "nobody asked for this: {unexplained:#?}\n{answers:#?}"
        );
    }

    /// The changes that the request makes of the state at `before`, if the log says that these came.
    fn change(
        &self,
        request: &Request,
        answer: &Answer,
        log: &Log,
        before: i64,
    ) -> Option<std::ops::RangeInclusive<i64>> {
        let state = log.at(before);
        let Judgement::Becomes(after) = judge(state, request.actor, &request.what, self.names)
        else {
            return None;
        };
        if let (What::Send(_), Answer::Receipt(receipt)) = (&request.what, answer) {
            let seq = i64::try_from(state.messages.len()).unwrap() + 1;
            assert_eq!(receipt.seq.get(), seq, "{receipt:?}");
        }
        let came = after.rev <= log.head() && log.at(after.rev) == &*after;
        came.then(|| before + 1..=after.rev)
    }

    /// Insists that the answer is right at some moment of the step, though nothing changed.
    fn insist_answered(&self, request: &Request, answer: &Answer, log: &Log, start: i64) {
        if let What::Send(post) = &request.what {
            let is_mismatch = matches!(answer, Answer::Refused("idempotency_mismatch"));
            if is_mismatch && self.is_used_elsewhere(request, post, |_, log| log.head()) {
                return;
            }
            let was_used = self.is_used_elsewhere(request, post, |id, _| self.starts[&id]);
            assert!(!was_used, "{request:?} was answered {answer:?}");
        }
        let is_right = |rev: i64| {
            let judgement = judge(log.at(rev), request.actor, &request.what, self.names);
            match (judgement, answer) {
                (Judgement::Refused(code), Answer::Refused(answer)) => code == *answer,
                (Judgement::Unchanged(None), Answer::Done) => true,
                (Judgement::Unchanged(Some(rev)), answer) => answer.rev() == Some(rev),
                _ => false,
            }
        };
        assert!(
            (start..=log.head()).any(is_right),
            "{request:?} was answered {answer:?} from rev {start} to {}, at first {:?}",
            log.head(),
            judge(log.at(start), request.actor, &request.what, self.names),
        );
    }

    /// Whether the key stands in the log of another conversation up to a rev.
    fn is_used_elsewhere(
        &self,
        request: &Request,
        post: &Post,
        up_to: impl Fn(ConversationId, &Log) -> i64,
    ) -> bool {
        let mut others = self.logs.iter().filter(|(id, _)| **id != request.room);
        others.any(|(id, log)| {
            let state = log.at(up_to(*id, log));
            state.sent(request.actor, post.key).is_some()
        })
    }
}

/// No key of one sender is in any log twice.
pub(crate) fn insist_one_message_per_key<'a>(logs: impl Iterator<Item = &'a Log>) {
    let mut keys: HashSet<(UserId, _)> = HashSet::new();
    for entry in logs.flat_map(|log| &log.now().messages) {
        if let Some(words) = entry.words() {
            assert!(
                keys.insert((entry.sender, words.key)),
                "{entry:?} is there twice"
            );
        }
    }
}
