//! Messages as rows to be stored.

use std::mem::take;

use hubbub_domain::message::{Mentions, Message, Text};
use hubbub_domain::repository::Result;

use super::super::records::ContentColumns;
use super::super::rows::Rows;

/// Adds rows like those of [`rows_of`], which are appended.
macro_rules! messages_into {
    () => {
        "INSERT INTO messages (
            conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, sent_at,
            reply_to_id, reply_to_seq, reply_to_sender, thread_id, thread_seq, thread_sender,
            reply_count, last_reply_seq, last_reply_at, body, system, mentions, mentions_all,
            reactions, edited_at, pinned_at, pinned_by, deleted_at, deleted_by, purged) "
    };
}
pub(in crate::sql) use messages_into;

/// Adds the rows of [`rows_of`], but for those whose keys are taken.
macro_rules! insert_messages {
    () => {
        concat!(messages_into!(), "{rows} ON CONFLICT DO NOTHING")
    };
}
pub(in crate::sql) use insert_messages;

/// Adds rows like those of [`plain_rows_of`], which are appended.
macro_rules! plain_messages_into {
    () => {
        "INSERT INTO messages (
            conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, sent_at, body) "
    };
}
pub(in crate::sql) use plain_messages_into;

/// Adds rows like those of [`mentions_of`], which are appended.
macro_rules! mentions_into {
    () => {
        "INSERT INTO mentions (user_id, conversation_id, seq) "
    };
}
pub(in crate::sql) use mentions_into;

/// Adds the rows of [`mentions_of`].
macro_rules! insert_mentions {
    () => {
        concat!(mentions_into!(), "{rows} ON CONFLICT DO NOTHING")
    };
}
pub(in crate::sql) use insert_mentions;

/// Messages as they are stored first.
pub(in crate::sql) fn rows_of(messages: &[Message]) -> Result<Rows> {
    let mut contents = messages
        .iter()
        .map(|message| ContentColumns::of(&message.content))
        .collect::<Result<Vec<_>>>()?;
    let each = || messages.iter();
    let reply_to = || each().map(|message| message.reply_to);
    let root = || each().map(|message| message.thread_root);
    let thread = || each().map(|message| message.thread);
    let rows = Rows::new()
        .column(each().map(|message| message.conversation_id.as_uuid()))
        .column(each().map(|message| message.seq.get()))
        .column(each().map(|message| message.id.as_uuid()))
        .column(each().map(|message| message.created_rev.get()))
        .column(each().map(|message| message.rev.get()))
        .column(each().map(|message| message.sender_id.as_uuid()))
        .column(each().map(|message| message.client_id.as_uuid()))
        .column(each().map(|message| message.request_hash.0.to_vec()))
        .column(each().map(|message| message.sent_at.unix_micros()))
        .column(reply_to().map(|to| to.map(|to| to.id.as_uuid())))
        .column(reply_to().map(|to| to.map(|to| to.seq.get())))
        .column(reply_to().map(|to| to.map(|to| to.sender_id.as_uuid())))
        .column(root().map(|root| root.map(|root| root.id.as_uuid())))
        .column(root().map(|root| root.map(|root| root.seq.get())))
        .column(root().map(|root| root.map(|root| root.sender_id.as_uuid())))
        .column(thread().map(|thread| thread.map(|thread| thread.reply_count)))
        .column(thread().map(|thread| thread.map(|thread| thread.last_reply_seq.get())))
        .column(thread().map(|thread| thread.map(|thread| thread.last_reply_at.unix_micros())))
        .column(contents.iter_mut().map(|content| take(&mut content.body)))
        .column(contents.iter_mut().map(|content| content.system.take()))
        .column(contents.iter_mut().map(|content| content.mentions.take()))
        .column(contents.iter().map(|content| content.mentions_all))
        .column(contents.iter_mut().map(|content| content.reactions.take()))
        .column(contents.iter().map(|content| content.edited_at))
        .column(contents.iter().map(|content| content.pinned_at))
        .column(contents.iter().map(|content| content.pinned_by))
        .column(contents.iter().map(|content| content.deleted_at))
        .column(contents.iter().map(|content| content.deleted_by))
        .column(contents.iter().map(|content| content.purged));
    Ok(rows)
}

/// Messages that are words and nothing else, in the columns that those have; `None` if one of them is more.
pub(in crate::sql) fn plain_rows_of(messages: &[Message]) -> Option<Rows> {
    let bodies: Vec<_> = messages.iter().map(plain_words).collect::<Option<_>>()?;
    let each = || messages.iter();
    let rows = Rows::new()
        .column(each().map(|message| message.conversation_id.as_uuid()))
        .column(each().map(|message| message.seq.get()))
        .column(each().map(|message| message.id.as_uuid()))
        .column(each().map(|message| message.created_rev.get()))
        .column(each().map(|message| message.rev.get()))
        .column(each().map(|message| message.sender_id.as_uuid()))
        .column(each().map(|message| message.client_id.as_uuid()))
        .column(each().map(|message| message.request_hash.0.to_vec()))
        .column(each().map(|message| message.sent_at.unix_micros()))
        .column(bodies.into_iter().map(str::to_owned));
    Some(rows)
}

fn plain_words(message: &Message) -> Option<&str> {
    let text = message.text()?;
    let is_plain = message.reply_to.is_none()
        && message.thread_root.is_none()
        && message.thread.is_none()
        && *text == Text::new(text.body.clone(), Mentions::default());
    is_plain.then(|| text.body.as_str())
}

/// Whom messages outside threads call by name, as rows of user, conversation and seq. Nobody calls oneself.
pub(in crate::sql) fn mentions_of(messages: &[Message]) -> Rows {
    let called: Vec<_> = messages
        .iter()
        .filter(|message| message.thread_root.is_none())
        .filter_map(|message| Some((message, message.text()?)))
        .flat_map(|(message, text)| {
            let others = text.mentions.user_ids.iter();
            others
                .filter(|&&user| user != message.sender_id)
                .map(move |user| (user.as_uuid(), message))
        })
        .collect();
    let place = || called.iter().map(|(_, message)| message);
    Rows::new()
        .column(called.iter().map(|&(user, _)| user))
        .column(place().map(|message| message.conversation_id.as_uuid()))
        .column(place().map(|message| message.seq.get()))
}
