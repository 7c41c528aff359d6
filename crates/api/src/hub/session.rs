use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::timestamp::Timestamp;

/// What a connection knows about the sign-in that opened it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HubSession {
    pub(super) user_id: UserId,
    pub(super) session_id: SessionId,
    /// When the connection ends unless it is renewed.
    pub(super) deadline: Timestamp,
}
