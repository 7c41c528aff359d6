//! Reads that take their snapshot at once and answer when they are let.

use hubbub_application::chat::dto::Heads;
use hubbub_application::events::{ConversationEvent, Digest, UserEvent};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::database::Database;
use crate::relay::source::{Reading, Source};

#[derive(Default)]
pub(super) struct SlowSource {
    pub(super) database: Mutex<Database>,
    pub(super) reads: Mutex<Vec<oneshot::Sender<()>>>,
    pub(super) is_prompt: Mutex<bool>,
}

impl SlowSource {
    pub(super) async fn wait(&self) {
        if *self.is_prompt.lock() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        self.reads.lock().push(answer);
        // Dropped senders answer too.
        let _ = answered.await;
    }
}

impl Source for SlowSource {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        let heads = self.database.lock().heads(user);
        Box::pin(async move {
            self.wait().await;
            Ok(heads)
        })
    }

    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        _: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        let steps = self.database.lock().steps_after(id, rev);
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
    }

    fn user_steps_after(&self, user: UserId, rev: UserRev, _: i64) -> Reading<'_, Vec<UserEvent>> {
        let steps = self.database.lock().user_steps_after(user, rev);
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
    }

    fn changed_since(&self, cursor: Option<ChangeCursor>, _: i64) -> Reading<'_, ChangedSince> {
        let changed = self.database.lock().changed_since(cursor);
        Box::pin(async move {
            self.wait().await;
            Ok(changed)
        })
    }

    fn stand_at<'a>(
        &'a self,
        conversations: &'a [ConversationId],
        users: &'a [UserId],
    ) -> Reading<'a, Digest> {
        let heads = self.database.lock().stand_at(conversations, users);
        Box::pin(async move {
            self.wait().await;
            Ok(heads)
        })
    }
}
