//! What happened in a conversation, in the order in which it is told.

use hubbub_domain::change::{ChangesAfter, ConversationChange, PlacedChange};
use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{ConversationRepository, Result};
use sqlx::FromRow;

use super::super::records::{MembershipRecord, MessageRecord, message_columns};
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;

/// Messages at the place where they came, and at the place of their latest change if that was later.
const MESSAGES: &str = concat!(
    "SELECT x.place, ",
    message_columns!(),
    " FROM (
        SELECT * FROM (
            SELECT created_rev AS place, messages.* FROM messages
            WHERE conversation_id = $1 AND created_rev > $2
            ORDER BY created_rev LIMIT $3) AS posted
        UNION ALL
        SELECT * FROM (
            SELECT rev AS place, messages.* FROM messages
            WHERE conversation_id = $1 AND rev > $2 AND rev > created_rev
            ORDER BY rev LIMIT $3) AS changed) AS x
      ORDER BY x.place LIMIT $3"
);

/// Stays as they began, and as they are if they changed later.
const STAYS: &str = "
    SELECT * FROM (
        SELECT conversation_id, user_id, role, from_rev, CAST(NULL AS BIGINT) AS to_rev, visible_from_seq,
               from_rev AS rev, joined_at
        FROM memberships
        WHERE conversation_id = $1 AND from_rev > $2
        ORDER BY from_rev LIMIT $3) AS begun
    UNION ALL
    SELECT * FROM (
        SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
        FROM memberships
        WHERE conversation_id = $1 AND rev > $2 AND rev > from_rev
        ORDER BY rev LIMIT $3) AS changed";

#[derive(FromRow)]
struct PlacedMessageRecord {
    place: i64,
    #[sqlx(flatten)]
    message: MessageRecord,
}

impl SqlUnitOfWork {
    pub(super) async fn changes(
        &mut self,
        id: ConversationId,
        after: Rev,
        limit: i64,
    ) -> Result<ChangesAfter> {
        // The head first: what happens meanwhile is told next time.
        let Some(conversation) = ConversationRepository::find(self, id).await? else {
            return Ok(ChangesAfter {
                head: Rev::ZERO,
                changes: Vec::new(),
            });
        };
        let since = |text| {
            Statement::new(text)
                .bind(id.as_uuid())
                .bind(after.get())
                .bind(limit)
        };
        let messages = self
            .session
            .fetch_all::<PlacedMessageRecord>(since(MESSAGES));
        let messages = messages.await?.into_iter().map(placed_message);
        let mut changes = messages.collect::<Result<Vec<_>>>()?;
        for stay in self
            .session
            .fetch_all::<MembershipRecord>(since(STAYS))
            .await?
        {
            let stay = Membership::try_from(stay)?;
            changes.push(PlacedChange {
                rev: stay.rev,
                change: ConversationChange::MembershipChanged(stay),
            });
        }
        let head = conversation.last_rev;
        changes.extend(settings(conversation).filter(|change| change.rev > after));
        changes.sort_by_key(|change| change.rev);
        changes.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(ChangesAfter { head, changes })
    }
}

fn placed_message(record: PlacedMessageRecord) -> Result<PlacedChange> {
    let message = record.message.message()?;
    let rev = Rev::new(record.place);
    Ok(PlacedChange {
        rev,
        change: if rev == message.created_rev {
            ConversationChange::MessagePosted(message)
        } else {
            ConversationChange::MessageChanged(message)
        },
    })
}

/// The latest change of name, topic or visible history. There is none at zero, which is after nothing.
fn settings(conversation: Conversation) -> impl Iterator<Item = PlacedChange> {
    std::iter::once(PlacedChange {
        rev: conversation.settings_rev,
        change: ConversationChange::SettingsChanged(conversation),
    })
}
