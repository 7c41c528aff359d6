use async_trait::async_trait;

use super::Result;
use crate::ids::UserId;
use crate::presence::Status;
use crate::timestamp::Timestamp;

/// What is kept of a person's presence: what the person said, and not what connections say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPresence {
    /// What the person says, ended or not; see [`Status::at`].
    pub status: Status,
    /// When the person was last seen to leave.
    pub last_seen_at: Option<Timestamp>,
}

/// What must be known of people's presence when nothing else is: after a restart, and of who is not there.
#[async_trait]
pub trait PresenceRepository: Send {
    /// What is kept of each of these people; of those of whom nothing is kept there is no entry.
    async fn list(&mut self, users: &[UserId]) -> Result<Vec<(UserId, KeptPresence)>>;
    /// Stores what a person says.
    async fn save_status(&mut self, user: UserId, status: &Status) -> Result<()>;
    /// Stores when people were seen to leave. What is stored never goes back.
    async fn save_last_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Result<()>;
}
