//! How much somebody has not read, as expressions of a statement.
//!
//! Counting stops, and so does looking for what counts, so that it takes no longer in a long conversation than in a short one. What
//! is looked at is a range of one index; what of it counts is said outside of that, so that no database takes another index instead.

/// How many messages of others stand in the conversation `$conversation` from place `$first` on, threads left out: up to 100, among
/// the next 1,000.
macro_rules! unread_messages {
    (in $conversation:literal, of $user:literal, from $first:expr) => {
        concat!(
            "(SELECT COUNT(*) FROM (
                SELECT 1 FROM (
                    SELECT u.sender_id, u.system, u.deleted_at FROM messages u
                    WHERE u.thread_id IS NULL AND u.conversation_id = ",
            $conversation,
            " AND u.seq >= ",
            $first,
            " ORDER BY u.seq LIMIT 1000) AS looked_at
              WHERE looked_at.system IS NULL AND looked_at.deleted_at IS NULL
                AND looked_at.sender_id <> ",
            $user,
            " LIMIT 100) AS counted)"
        )
    };
}
pub(super) use unread_messages;

/// How many of them call the user, by name or with everybody.
macro_rules! unread_mentions {
    (in $conversation:literal, of $user:literal, from $first:expr) => {
        concat!(
            "(SELECT COUNT(*) FROM (
                SELECT by_name.seq FROM (
                    SELECT n.seq FROM mentions n
                    WHERE n.user_id = ",
            $user,
            " AND n.conversation_id = ",
            $conversation,
            " AND n.seq >= ",
            $first,
            " ORDER BY n.seq LIMIT 100) AS by_name
              UNION
              SELECT looked_at.seq FROM (
                    SELECT a.seq, a.sender_id, a.thread_id, a.deleted_at FROM messages a
                    WHERE a.mentions_all AND a.conversation_id = ",
            $conversation,
            " AND a.seq >= ",
            $first,
            " ORDER BY a.seq LIMIT 1000) AS looked_at
              WHERE looked_at.thread_id IS NULL AND looked_at.deleted_at IS NULL
                AND looked_at.sender_id <> ",
            $user,
            " LIMIT 100) AS counted)"
        )
    };
}
pub(super) use unread_mentions;

/// How many replies of others stand in the thread `$root` after place `$after`: up to 100, among the next 1,000.
macro_rules! unread_replies {
    (in $conversation:literal, under $root:literal, of $user:literal, after $after:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM (
                SELECT 1 FROM (
                    SELECT u.sender_id, u.deleted_at FROM messages u
                    WHERE u.conversation_id = ",
            $conversation,
            " AND u.thread_id = ",
            $root,
            " AND u.seq > ",
            $after,
            " ORDER BY u.seq LIMIT 1000) AS looked_at
              WHERE looked_at.deleted_at IS NULL AND looked_at.sender_id <> ",
            $user,
            " LIMIT 100) AS counted)"
        )
    };
}
pub(super) use unread_replies;
