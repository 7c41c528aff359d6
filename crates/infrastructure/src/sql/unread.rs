//! How much somebody has not read, as expressions of a statement. What is counted stops, and so does what is looked at for it, so that
//! counting takes no longer in a long conversation than in a short one.

/// How many messages of others stand in the conversation `$conversation` from place `$first` on, threads left out: up to 100, among the
/// next 1,000.
macro_rules! unread_messages {
    (in $conversation:literal, of $user:literal, from $first:expr) => {
        concat!(
            "(SELECT COUNT(*) FROM (
                SELECT 1 FROM (
                    SELECT u.sender_id FROM messages u
                    WHERE u.conversation_id = ",
            $conversation,
            " AND u.seq >= ",
            $first,
            "
                      AND u.thread_id IS NULL AND u.system IS NULL AND u.deleted_at IS NULL
                    ORDER BY u.seq LIMIT 1000) AS looked_at
                WHERE looked_at.sender_id <> ",
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
            "
                      AND n.seq >= ",
            $first,
            "
                    ORDER BY n.seq LIMIT 100) AS by_name
                UNION
                SELECT looked_at.seq FROM (
                    SELECT a.seq, a.sender_id FROM messages a
                    WHERE a.conversation_id = ",
            $conversation,
            " AND a.seq >= ",
            $first,
            "
                      AND a.mentions_all AND a.thread_id IS NULL AND a.deleted_at IS NULL
                    ORDER BY a.seq LIMIT 1000) AS looked_at
                WHERE looked_at.sender_id <> ",
            $user,
            "
                LIMIT 100) AS counted)"
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
            "
                      AND u.seq > ",
            $after,
            "
                    ORDER BY u.seq LIMIT 1000) AS looked_at
                WHERE looked_at.sender_id <> ",
            $user,
            " AND looked_at.deleted_at IS NULL
                LIMIT 100) AS counted)"
        )
    };
}
pub(super) use unread_replies;
