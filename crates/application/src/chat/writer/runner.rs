use std::sync::Arc;
use std::time::Duration;

use hubbub_shared::TRACES;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::Queued;
use super::speculation::ShortWay;
use super::writing::Writing;

/// Sees how messages are written.
pub trait WriterObserver: Send + Sync + 'static {
    /// So many messages were stored together and answered, or failed to be, after this time.
    fn group_written(&self, messages: usize, duration: Duration);
}

/// Drives one writer.
pub struct Runner {
    queue: mpsc::Receiver<Queued>,
    batch_size: usize,
    writing: Arc<Writing>,
    observer: Option<Arc<dyn WriterObserver>>,
}

impl Runner {
    pub(super) fn new(
        queue: mpsc::Receiver<Queued>,
        batch_size: usize,
        writing: Arc<Writing>,
    ) -> Self {
        Self {
            queue,
            batch_size,
            writing,
            observer: None,
        }
    }

    /// Has its work observed.
    pub fn observed_by(mut self, observer: Arc<dyn WriterObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Writes until the last handle is dropped, or closed, and everything that waited is written.
    pub async fn run(mut self) {
        let mut group = Vec::new();
        let mut short = ShortWay::of(self.writing.store.as_ref());
        while self.queue.recv_many(&mut group, self.batch_size).await > 0 {
            let (messages, began) = (group.len(), Instant::now());
            let span = tracing::info_span!(target: TRACES, parent: None, "WriteGroup", messages);
            let writing = self.writing.write(std::mem::take(&mut group), &mut short);
            writing.instrument(span).await;
            if let Some(observer) = &self.observer {
                observer.group_written(messages, began.elapsed());
            }
            // Whoever was answered just now and goes on at once is in the next group, not in the one after it.
            tokio::task::yield_now().await;
        }
    }
}
