//! What has been read, and by whom, as clients see it.

use hubbub_domain::ids::UserId;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::FollowedThread;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MessageDto, ThreadStateDto};

/// How far a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Receipt)]
pub struct ReceiptDto {
    /// Who.
    pub user_id: UserId,
    /// Up to which message.
    pub seq: Seq,
}

/// A thread that one follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FollowedThread)]
pub struct FollowedThreadDto {
    /// One's own view of it.
    #[serde(flatten)]
    pub state: ThreadStateDto,
    /// The message that it hangs on.
    pub root: MessageDto,
}

impl From<&FollowedThread> for FollowedThreadDto {
    fn from(thread: &FollowedThread) -> Self {
        Self {
            state: ThreadStateDto::new(&thread.state, thread.unread),
            root: MessageDto::from(&thread.root),
        }
    }
}
