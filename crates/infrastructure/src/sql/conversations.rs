use async_trait::async_trait;
use hubbub_domain::change::ChangesAfter;
use hubbub_domain::conversation::{Conversation, ConversationOverview, DirectPair, Subject, Topic};
use hubbub_domain::ids::{ConversationId, Epoch, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::{ConversationHead, ConversationRepository, Result, UserHeads};
use sqlx::FromRow;
use uuid::Uuid;

use super::records::{ConversationRecord, Joined, Outer, conversation_columns};
use super::session::missing;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

mod changes;
mod overviews;

/// One conversation by its id.
const FOUND: &str = concat!(
    "SELECT ",
    conversation_columns!(),
    " FROM conversations c WHERE c.id = $1"
);

#[derive(FromRow)]
struct HeadRecord {
    epoch: Uuid,
    user_rev: i64,
    private_receipts: bool,
    #[sqlx(flatten)]
    conversation: Outer<ConversationHeadColumns>,
}

#[derive(FromRow)]
struct ConversationHeadColumns {
    conversation_id: Uuid,
    last_rev: i64,
    from_rev: i64,
    visible_from_seq: i64,
}

impl Joined for ConversationHeadColumns {
    const NEVER_NULL: &'static str = "conversation_id";
}

#[async_trait]
impl ConversationRepository for SqlUnitOfWork {
    /// After a conflict the unit of work goes on.
    async fn add(&mut self, conversation: &Conversation) -> Result<()> {
        let pair = match conversation.subject {
            Subject::Direct(pair) => Some(pair.members()),
            Subject::Group(_) | Subject::Channel(_) => None,
        };
        let title = conversation.title();
        let added = Statement::new(
            "INSERT INTO conversations (id, kind, direct_low, direct_high, name, topic, last_seq, last_rev, settings_rev,
                                        history, member_count, last_activity_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        )
        .bind(conversation.id.as_uuid())
            .bind(conversation.kind().as_str())
            .bind(pair.map(|[low, _]| low.as_uuid()))
            .bind(pair.map(|[_, high]| high.as_uuid()))
            .bind(title.map(|title| title.name.as_str()))
            .bind(title.and_then(|title| title.topic.as_ref().map(Topic::as_str)))
            .bind(conversation.last_seq.get())
            .bind(conversation.last_rev.get())
            .bind(conversation.settings_rev.get())
            .bind(conversation.history.as_str())
            .bind(conversation.member_count)
            .bind(conversation.last_activity_at.unix_micros())
            .bind(conversation.created_at.unix_micros());
        self.session.insert(added).await?;
        self.moves.conversations([conversation.id]);
        Ok(())
    }

    async fn lock(&mut self, id: ConversationId) -> Result<Option<Conversation>> {
        let found = Statement::new(FOUND).bind(id.as_uuid()).locking();
        let record = self.session.fetch_optional::<ConversationRecord>(found);
        record.await?.map(Conversation::try_from).transpose()
    }

    async fn find(&mut self, id: ConversationId) -> Result<Option<Conversation>> {
        let found = Statement::new(FOUND).bind(id.as_uuid());
        let record = self.session.fetch_optional::<ConversationRecord>(found);
        record.await?.map(Conversation::try_from).transpose()
    }

    /// Where a unit of work finds none, no other adds the pair's conversation before this one ends.
    async fn find_direct(&mut self, pair: DirectPair) -> Result<Option<ConversationId>> {
        let [low, high] = pair.members();
        let found = || {
            Statement::new(
                "SELECT id FROM conversations WHERE direct_low = $1 AND direct_high = $2",
            )
            .bind(low.as_uuid())
            .bind(high.as_uuid())
        };
        let mut row = self.session.fetch_optional::<(Uuid,)>(found()).await?;
        if row.is_none() && self.session.must_lock() {
            // There is no row to lock, so it is the pair itself. Pairs that share a hash wait for each other a little.
            let lock = Statement::new(
                "SELECT pg_advisory_xact_lock(1, hashtext(CAST($1 AS TEXT) || CAST($2 AS TEXT)))",
            )
            .bind(low.as_uuid())
            .bind(high.as_uuid());
            self.session.execute(lock).await?;
            row = self.session.fetch_optional::<(Uuid,)>(found()).await?;
        }
        Ok(row.map(|(id,)| ConversationId::from_uuid(id)))
    }

    async fn update(&mut self, conversation: &Conversation) -> Result<()> {
        let title = conversation.title();
        let updated = Statement::new(
            "UPDATE conversations
             SET last_seq = $2, last_rev = $3, member_count = $4, last_activity_at = $5, name = $6, topic = $7, history = $8,
                 settings_rev = $9
             WHERE id = $1",
        )
        .bind(conversation.id.as_uuid())
                .bind(conversation.last_seq.get())
                .bind(conversation.last_rev.get())
                .bind(conversation.member_count)
                .bind(conversation.last_activity_at.unix_micros())
                .bind(title.map(|title| title.name.as_str()))
                .bind(title.and_then(|title| title.topic.as_ref().map(Topic::as_str)))
                .bind(conversation.history.as_str())
                .bind(conversation.settings_rev.get());
        self.session.execute(updated).await?;
        self.moves.conversations([conversation.id]);
        Ok(())
    }

    async fn find_overview(
        &mut self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationOverview>> {
        self.overview(id, user).await
    }

    async fn list_overviews(&mut self, member: UserId) -> Result<Vec<ConversationOverview>> {
        self.overviews_of(member).await
    }

    async fn list_channels(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<ConversationOverview>> {
        self.channels(user, limit).await
    }

    async fn find_heads(&mut self, user: UserId) -> Result<UserHeads> {
        let heads = Statement::new(
            "SELECT server.epoch, u.user_rev, u.private_receipts,
                    c.id AS conversation_id, c.last_rev, m.from_rev, m.visible_from_seq
             FROM users u
             CROSS JOIN server
             LEFT JOIN memberships m ON m.user_id = u.id AND m.to_rev IS NULL
             LEFT JOIN conversations c ON c.id = m.conversation_id
             WHERE u.id = $1",
        )
        .bind(user.as_uuid());
        let heads = self.session.fetch_all::<HeadRecord>(heads).await?;
        let first = heads.first().ok_or_else(missing)?;
        Ok(UserHeads {
            epoch: Epoch::from_uuid(first.epoch),
            user_rev: UserRev::new(first.user_rev),
            has_private_receipts: first.private_receipts,
            conversations: heads
                .into_iter()
                .filter_map(|head| head.conversation.0)
                .map(|head| ConversationHead {
                    conversation_id: ConversationId::from_uuid(head.conversation_id),
                    rev: Rev::new(head.last_rev),
                    from_rev: Rev::new(head.from_rev),
                    visible_from_seq: Seq::new(head.visible_from_seq),
                })
                .collect(),
        })
    }

    async fn list_changes(
        &mut self,
        id: ConversationId,
        after: Rev,
        limit: i64,
    ) -> Result<ChangesAfter> {
        self.changes(id, after, limit).await
    }
}
