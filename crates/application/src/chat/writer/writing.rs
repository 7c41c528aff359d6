use std::collections::{BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::repository::Circumstances;
use hubbub_domain::unit_of_work::{Repositories, Store};
use hubbub_domain::user::Username;
use tokio::sync::oneshot;

use super::Queued;
use super::batch::Batch;
use super::entry::Entry;
use super::speculation::{ShortWay, Speculated};
use crate::chat::dto::SendReceipt;
use crate::chat::error::ChatError;
use crate::chat::mentions::people_named;
use crate::events::Event;
use crate::ports::{Clock, EventBus};

/// Turns groups of waiting messages into units of work.
pub(super) struct Writing {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Arc<dyn EventBus>,
}

type Answer = oneshot::Sender<Result<SendReceipt, ChatError>>;

/// What became of a group, in the order of its entries, and what is to be published.
pub(super) struct Settled {
    pub(super) outcomes: Vec<Result<SendReceipt, ChatError>>,
    pub(super) events: Vec<Event>,
}

/// Why a unit of work came to nothing, as far as is known.
#[derive(Clone)]
pub(super) enum Failure {
    /// It was dropped: nothing of it is stored.
    Dropped(Arc<RepositoryError>),
    /// Its commit failed, and may have happened nevertheless.
    Unconfirmed(Arc<RepositoryError>),
    /// It hit a defect.
    Defect,
}

impl Writing {
    /// Writes a group and answers everybody in it.
    pub(super) async fn write(&self, group: Vec<Queued>, short: &mut Option<ShortWay>) {
        let (entries, answers): (Vec<Entry>, Vec<Answer>) = group
            .into_iter()
            .map(|Queued { entry, answer }| (entry, answer))
            .unzip();
        let short = short.as_mut().filter(|_| !share_a_key(&entries));
        let Some(ShortWay { log, known }) = short else {
            let first = self.attempt(&entries).await;
            return self.finish(entries, answers, first).await;
        };
        let speculated = AssertUnwindSafe(self.speculate(log.as_mut(), &entries, known));
        let speculated = speculated.catch_unwind().await;
        match speculated.unwrap_or(Err(Failure::Defect)) {
            Ok(Speculated { settled, moved }) if moved.is_empty() => {
                self.tell(Ok(settled), answers);
            }
            Ok(Speculated { settled, moved }) => {
                let (entries, answers) = self.tell_unmoved(settled, &moved, entries, answers);
                let first = self.attempt(&entries).await;
                self.finish(entries, answers, first).await;
            }
            Err(failure) => {
                known.forget_everything();
                self.finish(entries, answers, Err(failure)).await;
            }
        }
    }

    /// Answers what was stored, and leaves the entries whose conversations had moved.
    fn tell_unmoved(
        &self,
        settled: Settled,
        moved: &HashSet<ConversationId>,
        entries: Vec<Entry>,
        answers: Vec<Answer>,
    ) -> (Vec<Entry>, Vec<Answer>) {
        let is_moved = |entry: &Entry| moved.contains(&entry.post.conversation_id);
        let mut left = (Vec::new(), Vec::new());
        let (mut told, mut outcomes) = (Vec::new(), Vec::new());
        for ((entry, answer), outcome) in entries.into_iter().zip(answers).zip(settled.outcomes) {
            if is_moved(&entry) {
                left.0.push(entry);
                left.1.push(answer);
            } else {
                told.push(answer);
                outcomes.push(outcome);
            }
        }
        let events = settled.events;
        self.tell(Ok(Settled { outcomes, events }), told);
        left
    }

    /// Answers everybody after a first attempt, and takes care of those for whom it failed.
    async fn finish(
        &self,
        entries: Vec<Entry>,
        answers: Vec<Answer>,
        first: Result<Settled, Failure>,
    ) {
        match first {
            first if entries.len() == 1 => {
                let result = self.finish_alone(&entries, first, false).await;
                self.tell(result, answers);
            }
            Ok(settled) => self.tell(Ok(settled), answers),
            Err(failure) => {
                failure.log(entries.len());
                self.write_singly(&entries, answers, failure).await;
            }
        }
    }

    /// Writes what failed together one by one. A database that is away is not asked again for each of them.
    async fn write_singly(&self, entries: &[Entry], answers: Vec<Answer>, failure: Failure) {
        let is_unconfirmed = failure.is_unconfirmed();
        let mut away = None;
        for (entry, answer) in entries.iter().zip(answers) {
            let result = if let Some(error) = &away {
                Err(Failure::Dropped(Arc::clone(error)).after(is_unconfirmed))
            } else {
                let entry = std::slice::from_ref(entry);
                let first = self.attempt(entry).await;
                self.finish_alone(entry, first, is_unconfirmed).await
            };
            if let Err(failure) = &result
                && failure.is_away()
            {
                away = failure.error().cloned();
            }
            self.tell(result, vec![answer]);
        }
    }

    /// What becomes of one entry after a first attempt. Where its key was taken at the same time under another conversation's lock, or
    /// its commit was not confirmed, a second attempt reads what is there.
    async fn finish_alone(
        &self,
        entry: &[Entry],
        first: Result<Settled, Failure>,
        is_unconfirmed: bool,
    ) -> Result<Settled, Failure> {
        let first = match first {
            Err(failure) if failure.is_worth_another_look() => failure,
            Err(failure) => return Err(failure.after(is_unconfirmed)),
            settled => return settled,
        };
        let is_unconfirmed = is_unconfirmed || first.is_unconfirmed();
        let again = self.attempt(entry).await;
        again.map_err(|failure| failure.after(is_unconfirmed))
    }

    /// One unit of work. A panic within ends it, and not the writer: the next group has nothing to do with it.
    async fn attempt(&self, entries: &[Entry]) -> Result<Settled, Failure> {
        let unit = AssertUnwindSafe(self.unit(entries));
        unit.catch_unwind().await.unwrap_or(Err(Failure::Defect))
    }

    async fn unit(&self, entries: &[Entry]) -> Result<Settled, Failure> {
        let mut unit = self.store.begin().await?;
        let ids: BTreeSet<_> = entries
            .iter()
            .map(|entry| entry.post.conversation_id)
            .collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let keys: Vec<_> = entries.iter().map(Entry::key).collect();
        #[cfg(feature = "broken-membership-outside-lock")]
        let circumstances = unit.log().find_circumstances(&keys).await?;
        let locked = unit.log().lock(&ids).await?;
        #[cfg(not(feature = "broken-membership-outside-lock"))]
        let circumstances = unit.log().find_circumstances(&keys).await?;
        let now = locked.now.unwrap_or_else(|| self.clock.now());
        let people = find_people(unit.as_mut(), entries, &circumstances).await?;
        let mut batch = Batch::new(locked.conversations, people, now);
        let outcomes = entries.iter().zip(circumstances);
        let outcomes = outcomes
            .map(|(entry, found)| batch.settle(entry, found))
            .collect();
        let (append, events) = batch.into_parts();
        if !append.messages.is_empty() {
            unit.log().append(&append).await?;
            let committing = unit.commit();
            #[cfg(feature = "broken-ack-before-commit")]
            let committing = broken::begun_and_not_awaited(committing);
            committing.await.map_err(Failure::of_commit)?;
        }
        Ok(Settled { outcomes, events })
    }

    /// Publishes what was stored and answers. Whoever no longer waits has the message stored all the same.
    fn tell(&self, result: Result<Settled, Failure>, answers: Vec<Answer>) {
        match result {
            Ok(settled) => {
                for event in settled.events {
                    self.events.publish(event);
                }
                for (answer, outcome) in answers.into_iter().zip(settled.outcomes) {
                    let _ = answer.send(outcome);
                }
            }
            Err(failure) => {
                for answer in answers {
                    let _ = answer.send(Err(failure.clone().into()));
                }
            }
        }
    }
}

/// Whether a sender's key stands for messages to several conversations. Whose it is shows when one of them is stored, which decides about
/// the others: they cannot be stored or refused apart.
fn share_a_key(entries: &[Entry]) -> bool {
    let mut places = HashMap::with_capacity(entries.len());
    entries.iter().any(|entry| {
        let post = &entry.post;
        let key = (post.sender_id, post.client_id);
        let place = places.entry(key).or_insert(post.conversation_id);
        *place != post.conversation_id
    })
}

/// The members whom new messages call by name, with one statement for each conversation in which that happens.
pub(super) async fn find_people(
    view: &mut dyn Repositories,
    entries: &[Entry],
    circumstances: &[Circumstances],
) -> Result<HashMap<ConversationId, Vec<(Username, UserId)>>, RepositoryError> {
    let mut called: HashMap<ConversationId, BTreeSet<&Username>> = HashMap::new();
    for (entry, found) in entries.iter().zip(circumstances) {
        if found.before.is_none() && found.stay.is_some() {
            let names = called.entry(entry.post.conversation_id).or_default();
            names.extend(&entry.calls.names);
        }
    }
    let mut people = HashMap::new();
    for (id, names) in called {
        let names: Vec<_> = names.into_iter().cloned().collect();
        people.insert(id, people_named(view, id, &names).await?);
    }
    Ok(people)
}

impl Failure {
    /// A refusal by the database is clear; of everything else it cannot be known what the database has done before.
    pub(super) fn of_commit(error: RepositoryError) -> Self {
        if error.is_conflict() {
            Self::from(error)
        } else {
            Self::Unconfirmed(Arc::new(error))
        }
    }

    fn error(&self) -> Option<&Arc<RepositoryError>> {
        match self {
            Self::Dropped(error) | Self::Unconfirmed(error) => Some(error),
            Self::Defect => None,
        }
    }

    fn is_away(&self) -> bool {
        let kind = self.error().map(|error| error.kind());
        kind == Some(RepositoryErrorKind::Unavailable)
    }

    fn is_unconfirmed(&self) -> bool {
        matches!(self, Self::Unconfirmed(_))
    }

    fn is_worth_another_look(&self) -> bool {
        match self {
            Self::Dropped(error) => error.is_conflict(),
            Self::Unconfirmed(_) => true,
            Self::Defect => false,
        }
    }

    /// The same, for an entry of which an earlier attempt may have been stored.
    fn after(self, is_unconfirmed: bool) -> Self {
        match self {
            Self::Dropped(error) if is_unconfirmed => Self::Unconfirmed(error),
            failure => failure,
        }
    }

    fn log(&self, entries: usize) {
        let error = self
            .error()
            .map(|error| error.as_ref() as &(dyn Error + 'static));
        tracing::warn!(entries, error, "a group of messages is written one by one");
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        Self::Dropped(Arc::new(error))
    }
}

impl From<Failure> for ChatError {
    fn from(failure: Failure) -> Self {
        let shared = |error: Arc<RepositoryError>| RepositoryError::new(error.kind(), error);
        match failure {
            Failure::Dropped(error) => shared(error).into(),
            Failure::Unconfirmed(error) => Self::OutcomeUnknown(Some(shared(error))),
            Failure::Defect => Self::Defect,
        }
    }
}

#[cfg(feature = "broken-ack-before-commit")]
mod broken {
    use std::future::{Ready, ready};

    use super::RepositoryError;

    /// A negative control: the commit goes its way, and everybody is answered as if it were done.
    pub(super) fn begun_and_not_awaited(
        committing: impl Future<Output = Result<(), RepositoryError>> + Send + 'static,
    ) -> Ready<Result<(), RepositoryError>> {
        #[expect(clippy::disallowed_methods, reason = "nobody cares what becomes of it")]
        drop(tokio::spawn(committing));
        ready(Ok(()))
    }
}
