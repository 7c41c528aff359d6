//! How far logs have come, whoever may see them: for finding out what a node has not heard of.

use std::time::Duration;

use async_trait::async_trait;

use super::Result;
use crate::ids::{ConversationId, UserId};
use crate::numbers::{Rev, UserRev};

/// Up to where somebody has looked for changes. It means something to the database that gave it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeCursor(pub i64);

/// Where some logs stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogHeads {
    /// Conversations, and the newest change of each.
    pub conversations: Vec<(ConversationId, Rev)>,
    /// Users, and the newest change of each one's own log.
    pub users: Vec<(UserId, UserRev)>,
}

/// Where the logs stand that have moved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSince {
    /// Those logs, and maybe others. More than were asked for are left out.
    pub heads: LogHeads,
    /// From where to look the next time.
    pub next: ChangeCursor,
    /// Whether nothing was left out.
    pub is_whole: bool,
}

/// Positions of logs.
#[async_trait]
pub trait HeadRepository: Send {
    /// The logs that have moved on since the look that gave the cursor. Nothing can be stepped over: what another transaction has
    /// written and not yet committed is found by the first look after its commit. Without a cursor there is nothing to compare
    /// with, so nothing is told and that is not whole; nor is it when some of what there was to tell is forgotten.
    async fn changed_since(
        &mut self,
        cursor: Option<ChangeCursor>,
        limit: i64,
    ) -> Result<ChangedSince>;
    /// Forgets which logs have moved on longer ago than that, by the database's clock. Answers how many changes were forgotten.
    async fn forget_changes(&mut self, older_than: Duration) -> Result<u64>;
    /// Where these logs stand.
    async fn list(
        &mut self,
        conversations: &[ConversationId],
        users: &[UserId],
    ) -> Result<LogHeads>;
}
