use std::sync::Arc;

use tokio::sync::mpsc;

use super::Queued;
use super::speculation::ShortWay;
use super::writing::Writing;

/// Drives one writer.
pub struct Runner {
    queue: mpsc::Receiver<Queued>,
    batch_size: usize,
    writing: Arc<Writing>,
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
        }
    }

    /// Writes until the last handle is dropped, or closed, and everything that waited is written.
    pub async fn run(mut self) {
        let mut group = Vec::new();
        let mut short = ShortWay::of(self.writing.store.as_ref());
        while self.queue.recv_many(&mut group, self.batch_size).await > 0 {
            self.writing
                .write(std::mem::take(&mut group), &mut short)
                .await;
            // Whoever was answered just now and goes on at once is in the next group, not in the one after it.
            tokio::task::yield_now().await;
        }
    }
}
