use async_trait::async_trait;
use hubbub_domain::change::ConversationChange;
use hubbub_domain::conversation::{Conversation, ConversationOverview, DirectPair, Subject, Topic};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{ConversationRepository, Result};
use uuid::Uuid;

use super::messages::messages;
use super::records::{ConversationRecord, MembershipRecord, MessageRecord, OverviewRecord};
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

/// Conversations as the user `$1` sees them, narrowed by what is appended.
macro_rules! overviews {
    ($narrowed:literal) => {
        concat!(
            "SELECT c.id, c.kind, c.direct_low, c.direct_high, c.name, c.topic, c.last_seq, c.last_rev,
                    c.member_count, c.last_activity_at, c.created_at,
                    m.role AS stay_role, m.from_rev AS stay_from_rev,
                    m.visible_from_seq AS stay_visible_from_seq, m.rev AS stay_rev,
                    m.joined_at AS stay_joined_at,
                    p.id AS peer_id, p.username AS peer_username,
                    p.display_name AS peer_display_name, p.role AS peer_role,
                    p.created_at AS peer_created_at,
                    l.id AS last_message_id, l.created_rev AS last_message_created_rev,
                    l.rev AS last_message_rev, l.sender_id AS last_message_sender_id,
                    l.client_id AS last_message_client_id,
                    l.request_hash AS last_message_request_hash, l.body AS last_message_body,
                    l.sent_at AS last_message_sent_at,
                    COALESCE(r.seq, 0) AS last_read_seq,
                    (SELECT COUNT(*) FROM (
                        SELECT 1 FROM messages u
                        WHERE u.conversation_id = c.id AND u.seq > COALESCE(r.seq, 0)
                          AND u.seq >= m.visible_from_seq AND u.sender_id <> $1
                        LIMIT 100) AS unread) AS unread_count
             FROM conversations c
             LEFT JOIN memberships m
                    ON m.conversation_id = c.id AND m.user_id = $1 AND m.to_rev IS NULL
             LEFT JOIN read_markers r ON r.conversation_id = c.id AND r.user_id = $1
             LEFT JOIN messages l ON l.conversation_id = c.id AND l.seq = c.last_seq
                    AND l.seq >= m.visible_from_seq
             LEFT JOIN users p
                    ON p.id = CASE $1 WHEN c.direct_low THEN c.direct_high
                                      WHEN c.direct_high THEN c.direct_low END ",
            $narrowed
        )
    };
}

/// One conversation by its id.
const FOUND: &str =
    "SELECT id, kind, direct_low, direct_high, name, topic, last_seq, last_rev, member_count,
                            last_activity_at, created_at
                     FROM conversations WHERE id = $1";

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
            "INSERT INTO conversations (id, kind, direct_low, direct_high, name, topic, last_seq,
                                        last_rev, member_count, last_activity_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT DO NOTHING",
        )
        .bind(conversation.id.as_uuid())
        .bind(conversation.kind().as_str())
        .bind(pair.map(|[low, _]| low.as_uuid()))
        .bind(pair.map(|[_, high]| high.as_uuid()))
        .bind(title.map(|title| title.name.as_str()))
        .bind(title.and_then(|title| title.topic.as_ref().map(Topic::as_str)))
        .bind(conversation.last_seq.get())
        .bind(conversation.last_rev.get())
        .bind(conversation.member_count)
        .bind(conversation.last_activity_at.unix_micros())
        .bind(conversation.created_at.unix_micros());
        self.session.insert(added).await
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
        let updated = Statement::new(
            "UPDATE conversations
             SET last_seq = $2, last_rev = $3, member_count = $4, last_activity_at = $5
             WHERE id = $1",
        )
        .bind(conversation.id.as_uuid())
        .bind(conversation.last_seq.get())
        .bind(conversation.last_rev.get())
        .bind(conversation.member_count)
        .bind(conversation.last_activity_at.unix_micros());
        self.session.execute(updated).await?;
        Ok(())
    }

    async fn find_overview(
        &mut self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationOverview>> {
        let found = Statement::new(overviews!("WHERE c.id = $2"))
            .bind(user.as_uuid())
            .bind(id.as_uuid());
        let record = self.session.fetch_optional::<OverviewRecord>(found);
        let record = record.await?;
        record.map(|record| record.overview_of(user)).transpose()
    }

    async fn list_overviews(&mut self, member: UserId) -> Result<Vec<ConversationOverview>> {
        let all = Statement::new(overviews!(
            "WHERE m.user_id = $1 ORDER BY c.last_activity_at DESC, c.id DESC"
        ))
        .bind(member.as_uuid());
        let records = self.session.fetch_all::<OverviewRecord>(all).await?;
        records
            .into_iter()
            .map(|record| record.overview_of(member))
            .collect()
    }

    async fn list_channels(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<ConversationOverview>> {
        let channels = Statement::new(overviews!(
            "WHERE c.kind = 'channel' ORDER BY c.name, c.id LIMIT $2"
        ))
        .bind(user.as_uuid())
        .bind(limit);
        let records = self.session.fetch_all::<OverviewRecord>(channels).await?;
        records
            .into_iter()
            .map(|record| record.overview_of(user))
            .collect()
    }

    async fn list_heads(&mut self, member: UserId) -> Result<Vec<(ConversationId, Rev)>> {
        let heads = Statement::new(
            "SELECT c.id, c.last_rev FROM memberships m
             JOIN conversations c ON c.id = m.conversation_id
             WHERE m.user_id = $1 AND m.to_rev IS NULL",
        )
        .bind(member.as_uuid());
        let heads = self.session.fetch_all::<(Uuid, i64)>(heads).await?;
        Ok(heads
            .into_iter()
            .map(|(id, rev)| (ConversationId::from_uuid(id), Rev::new(rev)))
            .collect())
    }

    async fn list_changes(
        &mut self,
        id: ConversationId,
        after: Rev,
        limit: i64,
    ) -> Result<Vec<ConversationChange>> {
        let since = |text| {
            Statement::new(text)
                .bind(id.as_uuid())
                .bind(after.get())
                .bind(limit)
        };
        let messages = since(messages!(
            "WHERE conversation_id = $1 AND rev > $2 ORDER BY rev LIMIT $3"
        ));
        let messages = self.session.fetch_all::<MessageRecord>(messages).await?;
        let joins = since(
            "SELECT conversation_id, user_id, role, from_rev, CAST(NULL AS BIGINT) AS to_rev,
                    visible_from_seq, from_rev AS rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND from_rev > $2
             ORDER BY from_rev LIMIT $3",
        );
        let joins = self.session.fetch_all::<MembershipRecord>(joins).await?;
        let later = since(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND rev > $2 AND rev > from_rev
             ORDER BY rev LIMIT $3",
        );
        let later = self.session.fetch_all::<MembershipRecord>(later).await?;
        let mut changes = Vec::with_capacity(messages.len());
        for record in messages {
            let message = Message::try_from(record)?;
            changes.push(ConversationChange::MessagePosted(message));
        }
        for record in joins.into_iter().chain(later) {
            let stay = Membership::try_from(record)?;
            changes.push(ConversationChange::MembershipChanged(stay));
        }
        changes.sort_by_key(ConversationChange::rev);
        changes.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(changes)
    }
}
