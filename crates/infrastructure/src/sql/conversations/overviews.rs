//! Conversations as one user sees them.

use hubbub_domain::conversation::ConversationOverview;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::repository::Result;

use super::super::records::{OverviewRecord, conversation_columns, message_columns, stay_columns};
use super::super::rows::Rows;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;
use super::super::unread::{unread_mentions, unread_messages};

/// The place of the first message that counts as unread, by the stay `m` and the personal state `p`.
macro_rules! first_unread {
    () => {
        "CASE WHEN m.visible_from_seq > COALESCE(p.read_seq, 0) THEN m.visible_from_seq
              WHEN p.unread_from <= m.visible_from_seq THEN m.visible_from_seq
              WHEN p.unread_from <= p.read_seq THEN p.unread_from
              ELSE COALESCE(p.read_seq, 0) + 1 END"
    };
}

/// Conversations as the user `$1` sees them, narrowed by what is appended.
macro_rules! overviews {
    ($narrowed:literal) => {
        concat!(
            "SELECT ", conversation_columns!(), ", ", stay_columns!(), ", ", message_columns!(), ",
                    o.id AS peer_id, o.username AS peer_username, o.display_name AS peer_display_name,
                    o.role AS peer_role, o.created_at AS peer_created_at,
                    p.read_seq, p.unread_from, p.muted_until, p.level,
                    CASE WHEN m.from_rev IS NULL THEN 0 ELSE ",
                        unread_messages!(in "c.id", of "$1", from first_unread!()), " END AS unread_count,
                    CASE WHEN m.from_rev IS NULL THEN 0 ELSE ",
                        unread_mentions!(in "c.id", of "$1", from first_unread!()), " END AS mention_count
             FROM conversations c
             LEFT JOIN memberships m
                    ON m.conversation_id = c.id AND m.user_id = $1 AND m.to_rev IS NULL
             LEFT JOIN personal_states p ON p.conversation_id = c.id AND p.user_id = $1
             LEFT JOIN messages x ON x.conversation_id = c.id AND x.seq = (
                        SELECT l.seq FROM messages l
                        WHERE l.conversation_id = c.id AND l.thread_id IS NULL
                          AND l.seq >= m.visible_from_seq
                        ORDER BY l.seq DESC LIMIT 1)
             LEFT JOIN users o
                    ON o.id = CASE $1 WHEN c.direct_low THEN c.direct_high
                                      WHEN c.direct_high THEN c.direct_low END ",
            $narrowed
        )
    };
}

impl SqlUnitOfWork {
    /// One conversation.
    pub(in crate::sql) async fn overview(
        &mut self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationOverview>> {
        let one = Statement::new(overviews!("WHERE c.id = $2"))
            .bind(user.as_uuid())
            .bind(id.as_uuid());
        let record = self.session.fetch_optional::<OverviewRecord>(one).await?;
        record.map(|record| record.overview_of(user)).transpose()
    }

    /// Those conversations, in no order.
    pub(in crate::sql) async fn overviews_among(
        &mut self,
        ids: impl IntoIterator<Item = ConversationId>,
        user: UserId,
    ) -> Result<Vec<ConversationOverview>> {
        let ids = Rows::new().column(ids.into_iter().map(ConversationId::as_uuid));
        let some = Statement::new(overviews!("WHERE c.id IN ({rows})"))
            .bind(user.as_uuid())
            .rows(ids);
        self.overviews_by(some, user).await
    }

    /// The conversations of a member, the latest activity first.
    pub(super) async fn overviews_of(
        &mut self,
        member: UserId,
    ) -> Result<Vec<ConversationOverview>> {
        let all = Statement::new(overviews!(
            "WHERE m.user_id = $1 ORDER BY c.last_activity_at DESC, c.id DESC"
        ))
        .bind(member.as_uuid());
        self.overviews_by(all, member).await
    }

    /// The channels, by name.
    pub(super) async fn channels(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<ConversationOverview>> {
        let channels = Statement::new(overviews!(
            "WHERE c.kind = 'channel' ORDER BY c.name, c.id LIMIT $2"
        ))
        .bind(user.as_uuid())
        .bind(limit);
        self.overviews_by(channels, user).await
    }

    async fn overviews_by(
        &mut self,
        statement: Statement,
        user: UserId,
    ) -> Result<Vec<ConversationOverview>> {
        let records = self.session.fetch_all::<OverviewRecord>(statement).await?;
        records
            .into_iter()
            .map(|record| record.overview_of(user))
            .collect()
    }
}
