//! What only one user must learn, in the order of that user's own log.

use std::collections::HashMap;

use hubbub_domain::change::{UserChange, UserChangeKind};
use hubbub_domain::conversation::ConversationOverview;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::UserRev;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::{Result, UserRepository};
use sqlx::FromRow;
use uuid::Uuid;

use super::super::records::corrupt;
use super::super::session::missing;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;

/// What has changed, and where, but not yet how it stands now.
const CHANGED: &str = "
    SELECT user_rev, what, conversation_id, root_id FROM (
        SELECT * FROM (
            SELECT user_rev, CASE WHEN to_rev IS NULL THEN 'gained' ELSE 'lost' END AS what,
                   conversation_id, CAST(NULL AS UUID) AS root_id
            FROM memberships WHERE user_id = $1 AND user_rev > $2
            ORDER BY user_rev LIMIT $3) AS stays
        UNION ALL
        SELECT * FROM (
            SELECT user_rev, 'state' AS what, conversation_id, CAST(NULL AS UUID) AS root_id
            FROM personal_states WHERE user_id = $1 AND user_rev > $2
            ORDER BY user_rev LIMIT $3) AS states
        UNION ALL
        SELECT * FROM (
            SELECT user_rev, 'thread' AS what, conversation_id, root_id
            FROM thread_states WHERE user_id = $1 AND user_rev > $2
            ORDER BY user_rev LIMIT $3) AS threads
        UNION ALL
        SELECT receipts_user_rev AS user_rev, 'receipts' AS what, CAST(NULL AS UUID) AS conversation_id,
               CAST(NULL AS UUID) AS root_id
        FROM users WHERE id = $1 AND receipts_user_rev > $2) AS changed
    ORDER BY user_rev LIMIT $3";

#[derive(FromRow)]
struct ChangedRecord {
    user_rev: i64,
    what: String,
    conversation_id: Option<Uuid>,
    root_id: Option<Uuid>,
}

#[derive(Clone, Copy)]
enum Changed {
    Gained(ConversationId),
    Lost(ConversationId),
    State(ConversationId),
    Thread(MessageId),
    Receipts,
}

impl TryFrom<&ChangedRecord> for Changed {
    type Error = hubbub_domain::error::RepositoryError;

    fn try_from(record: &ChangedRecord) -> Result<Self> {
        let conversation = record.conversation_id.map(ConversationId::from_uuid);
        let root = record.root_id.map(MessageId::from_uuid);
        match (record.what.as_str(), conversation, root) {
            ("gained", Some(conversation), None) => Ok(Self::Gained(conversation)),
            ("lost", Some(conversation), None) => Ok(Self::Lost(conversation)),
            ("state", Some(conversation), None) => Ok(Self::State(conversation)),
            ("thread", Some(_), Some(root)) => Ok(Self::Thread(root)),
            ("receipts", None, None) => Ok(Self::Receipts),
            _ => Err(corrupt("change of a user's own log")),
        }
    }
}

impl Changed {
    fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Gained(conversation) | Self::State(conversation) => Some(conversation),
            Self::Lost(_) | Self::Thread(_) | Self::Receipts => None,
        }
    }

    fn root(self) -> Option<MessageId> {
        match self {
            Self::Thread(root) => Some(root),
            Self::Gained(_) | Self::Lost(_) | Self::State(_) | Self::Receipts => None,
        }
    }
}

/// How what has changed stands now.
#[derive(Default)]
struct Present {
    overviews: HashMap<ConversationId, ConversationOverview>,
    threads: HashMap<MessageId, (ThreadState, i64)>,
    has_private_receipts: bool,
}

impl Present {
    fn kind(&self, changed: Changed) -> Result<UserChangeKind> {
        let overview = |id| self.overviews.get(&id).ok_or_else(missing);
        Ok(match changed {
            Changed::Gained(id) => {
                UserChangeKind::ConversationGained(Box::new(overview(id)?.clone()))
            }
            Changed::Lost(id) => UserChangeKind::ConversationLost(id),
            Changed::State(id) => {
                let overview = overview(id)?;
                UserChangeKind::StateChanged {
                    conversation_id: id,
                    state: overview.personal,
                    unread: overview.unread,
                }
            }
            Changed::Thread(root) => {
                let &(state, unread) = self.threads.get(&root).ok_or_else(missing)?;
                UserChangeKind::ThreadStateChanged { state, unread }
            }
            Changed::Receipts => UserChangeKind::ReceiptsChanged {
                is_private: self.has_private_receipts,
            },
        })
    }
}

impl SqlUnitOfWork {
    pub(super) async fn user_changes(
        &mut self,
        user: UserId,
        after: UserRev,
        limit: i64,
    ) -> Result<Vec<UserChange>> {
        let changed = Statement::new(CHANGED)
            .bind(user.as_uuid())
            .bind(after.get())
            .bind(limit);
        let changed = self.session.fetch_all::<ChangedRecord>(changed).await?;
        let changed = changed
            .iter()
            .map(|record| Ok((UserRev::new(record.user_rev), Changed::try_from(record)?)))
            .collect::<Result<Vec<_>>>()?;
        let present = self.present(user, &changed).await?;
        changed
            .into_iter()
            .map(|(rev, changed)| {
                Ok(UserChange {
                    user_id: user,
                    rev,
                    kind: present.kind(changed)?,
                })
            })
            .collect()
    }

    /// How everything stands now that has changed.
    async fn present(&mut self, user: UserId, changed: &[(UserRev, Changed)]) -> Result<Present> {
        let mut present = Present::default();
        let conversations: Vec<_> = changed
            .iter()
            .filter_map(|(_, changed)| changed.conversation())
            .collect();
        if !conversations.is_empty() {
            let overviews = self.overviews_among(conversations, user).await?;
            let by_id = |overview: ConversationOverview| (overview.conversation.id, overview);
            present.overviews = overviews.into_iter().map(by_id).collect();
        }
        let roots: Vec<_> = changed
            .iter()
            .filter_map(|(_, changed)| changed.root())
            .collect();
        if !roots.is_empty() {
            let threads = self.counted_threads(user, roots).await?;
            let by_root = |(state, unread): (ThreadState, i64)| (state.root_id, (state, unread));
            present.threads = threads.into_iter().map(by_root).collect();
        }
        if changed
            .iter()
            .any(|(_, changed)| matches!(changed, Changed::Receipts))
        {
            present.has_private_receipts = self.has_private_receipts(user).await?;
        }
        Ok(present)
    }
}
