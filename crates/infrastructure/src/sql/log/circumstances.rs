//! What decides about messages to be posted.

use hubbub_domain::ids::MessageId;
use hubbub_domain::message::Message;
use hubbub_domain::repository::{Circumstances, PostKey, Result};
use sqlx::FromRow;

use super::super::records::{MessageRecord, Outer, StayColumns, message_columns, stay_columns};
use super::super::rows::Rows;
use super::super::session::missing;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;

/// One row for each post and each message that it is about, or one without a message. `$messages` joins them: by their own keys alone, as
/// a planner that has no statistics yet may take the whole conversation for the shorter list.
macro_rules! circumstances {
    ($messages:literal) => {
        concat!(
            "WITH posts (place, conversation_id, sender_id, client_id, reply_to, thread_root) AS ({rows})
             SELECT posts.place, ",
            stay_columns!(),
            ", ",
            message_columns!(),
            " FROM posts
              LEFT JOIN memberships m
                     ON m.user_id = posts.sender_id AND m.conversation_id = posts.conversation_id
                    AND m.to_rev IS NULL
              LEFT JOIN ",
            $messages
        )
    };
}

/// SQLite looks into one index for each of the alternatives.
const ON_SQLITE: &str = circumstances!(
    "messages x
        ON (x.sender_id = posts.sender_id AND x.client_id = posts.client_id)
        OR x.id = posts.reply_to
        OR x.id = posts.thread_root"
);

const ON_POSTGRES: &str = circumstances!(
    "LATERAL (
        SELECT * FROM messages
        WHERE sender_id = posts.sender_id AND client_id = posts.client_id
        UNION ALL
        SELECT * FROM messages
        WHERE id = posts.reply_to
        UNION ALL
        SELECT * FROM messages
        WHERE id = posts.thread_root) AS x ON TRUE"
);

#[derive(FromRow)]
struct CircumstancesRecord {
    place: i64,
    #[sqlx(flatten)]
    stay: Outer<StayColumns>,
    #[sqlx(flatten)]
    message: Outer<MessageRecord>,
}

impl SqlUnitOfWork {
    pub(super) async fn circumstances(&mut self, posts: &[PostKey]) -> Result<Vec<Circumstances>> {
        let each = || posts.iter();
        let rows = Rows::new()
            .column((0..).take(posts.len()))
            .column(each().map(|post| post.conversation_id.as_uuid()))
            .column(each().map(|post| post.sender_id.as_uuid()))
            .column(each().map(|post| post.client_id.as_uuid()))
            .column(each().map(|post| post.reply_to.map(MessageId::as_uuid)))
            .column(each().map(|post| post.thread_root.map(MessageId::as_uuid)));
        let records = Statement::either(ON_SQLITE, ON_POSTGRES).rows_apart(rows);
        let records = self
            .session
            .fetch_all::<CircumstancesRecord>(records)
            .await?;
        let mut found = vec![Circumstances::default(); posts.len()];
        for record in records {
            let place = usize::try_from(record.place).map_err(|_| missing())?;
            let (post, found) = posts
                .get(place)
                .zip(found.get_mut(place))
                .ok_or_else(missing)?;
            let stay = |stay: StayColumns| stay.stay_of(post.conversation_id, post.sender_id);
            if found.stay.is_none() {
                found.stay = record.stay.map(stay)?;
            }
            if let Some(message) = record.message.map(MessageRecord::with_what_is_kept)? {
                sort_in(message, post, found);
            }
        }
        Ok(found)
    }
}

/// Puts a message where it belongs, which may be several places at once.
fn sort_in(message: Message, post: &PostKey, found: &mut Circumstances) {
    let is_here = message.conversation_id == post.conversation_id;
    if is_here && post.reply_to == Some(message.id) {
        found.reply_to = Some(message.clone());
    }
    if is_here && post.thread_root == Some(message.id) {
        found.thread_root = Some(message.clone());
    }
    if (message.sender_id, message.client_id) == (post.sender_id, post.client_id) {
        found.before = Some(message);
    }
}
