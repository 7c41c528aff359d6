//! Writing in groups: the one way in which people's messages get into the logs of conversations.
//!
//! A commit costs a flush to disk, whatever it holds. So what is posted while one is on its way waits in a queue, and goes into the
//! next one together. There is no timer: a lonely message waits for nobody, and the busier it gets, the larger the groups become.
//!
//! Each conversation belongs to one writer, so that its messages keep the order in which they were posted. A writer takes the locks,
//! reads what decides about each entry, gives numbers only to what will be inserted, commits, and answers and publishes only then.
//! Where the group fails, its entries are written one by one, and a bad one fails alone.

mod batch;
mod entry;
mod known;
mod runner;
mod speculation;
mod writing;

use std::sync::{Arc, PoisonError, RwLock};

use hubbub_domain::unit_of_work::Store;
use tokio::sync::{mpsc, oneshot};

use super::dto::SendReceipt;
use super::error::ChatError;
use crate::ports::{Clock, EventBus};
use entry::Entry;
pub(super) use entry::Post;
pub use runner::{Runner, WriterObserver};
use writing::Writing;

/// How writing is done.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// How many groups may be on their way to disk at once. More than one helps only where the database commits them side by side.
    pub writers: usize,
    /// How many messages may wait for each writer; beyond that they are refused.
    pub queue_length: usize,
    /// How many messages one group has at most.
    pub batch_size: usize,
}

impl Default for WriterOptions {
    /// 2 writers, 10,000 waiting messages each, groups of up to 200. More writers would make smaller groups: on two cores, 64 people who
    /// wait for each other's groups are served best by two (`make bench-store ARGS="--writers 4"` compares).
    fn default() -> Self {
        Self {
            writers: 2,
            queue_length: 10_000,
            batch_size: 200,
        }
    }
}

/// Takes messages to be stored. Clones are handles of the same writers.
#[derive(Clone)]
pub struct LogWriter(Arc<RwLock<Vec<mpsc::Sender<Queued>>>>);

/// A message that waits for its writer, and who waits for its receipt.
struct Queued {
    entry: Entry,
    answer: oneshot::Sender<Result<SendReceipt, ChatError>>,
}

impl LogWriter {
    /// The writers, and what drives them: nothing is written until every [`Runner::run`] is spawned.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        events: Arc<dyn EventBus>,
        options: WriterOptions,
    ) -> (Self, Vec<Runner>) {
        let writing = Arc::new(Writing {
            store,
            clock,
            events,
        });
        let writers = (0..options.writers.max(1)).map(|_| {
            // A full queue refuses: what has waited for 10,000 others would not be answered before its sender gives up.
            let (sender, queue) = mpsc::channel(options.queue_length.max(1));
            let runner = Runner::new(queue, options.batch_size.max(1), writing.clone());
            (sender, runner)
        });
        let (senders, runners) = writers.unzip();
        (Self(Arc::new(RwLock::new(senders))), runners)
    }

    /// Takes no more messages. The runners end when they have written those that wait.
    pub fn close(&self) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Stores a message and answers its place when it is on disk. The message is stored even if nobody waits for the answer any
    /// more; who wants to know then repeats it under its key.
    pub(super) async fn post(&self, post: Post) -> Result<SendReceipt, ChatError> {
        let (answer, receipt) = oneshot::channel();
        let entry = Entry::from(post);
        self.enqueue(Queued { entry, answer })?;
        receipt
            .await
            .unwrap_or(Err(ChatError::OutcomeUnknown(None)))
    }

    fn enqueue(&self, queued: Queued) -> Result<(), ChatError> {
        let writers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // Ids are random in their low bits, and where one leads does not change while the program runs.
        let place = queued.entry.post.conversation_id.as_uuid().as_u128();
        let writer = u128::try_from(writers.len())
            .ok()
            .and_then(|count| place.checked_rem(count))
            .and_then(|index| writers.get(usize::try_from(index).ok()?))
            .ok_or(ChatError::Busy)?;
        writer.try_send(queued).map_err(|_| ChatError::Busy)
    }
}
