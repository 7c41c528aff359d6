//! People and conversations, as if they had come and been founded one after the other.

use hubbub_domain::ids::{ConversationId, UserId};

use crate::Failure;
use crate::database::Database;

/// How many people write.
pub(crate) const WRITERS: usize = 64;

/// Everybody's groups to write in, and two people who only read: one has 500 short conversations, the other 499 of them and a long one.
const SETTLE: &str = "
    INSERT INTO server (only_row, epoch, created_at) VALUES (1, {uuid}, 1);

    WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 64)
    INSERT INTO users (id, username, display_name, display_key, role, password_hash, user_rev, created_at)
        SELECT {uuid}, 'writer' || n, 'Writer', 'writer', 'member', '', 1000, 1 FROM series
        UNION ALL SELECT {uuid}, 'reader' || n, 'Reader', 'reader', 'member', '', 500, 1 FROM series WHERE n <= 2;

    WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 1000)
    INSERT INTO conversations (id, kind, name, last_seq, last_rev, settings_rev, history, member_count,
                               last_activity_at, created_at)
        SELECT {uuid}, 'group', 'written ' || n, 0, 64, 0, 'all', 64, n, 1 FROM series
        UNION ALL SELECT {uuid}, 'group', 'read ' || n, 200, 202, 0, 'all', 2, n, 1 FROM series WHERE n < 500
        UNION ALL SELECT {uuid}, 'group', 'short', 1000, 1002, 0, 'all', 2, 1, 1
        UNION ALL SELECT {uuid}, 'group', 'long', 0, 2, 0, 'all', 2, 1, 1;

    INSERT INTO memberships (conversation_id, user_id, role, from_rev, visible_from_seq, rev, user_rev, joined_at)
        SELECT c.id, u.id, 'member', u.place, 1, u.place, c.place, 1
        FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM users WHERE username LIKE 'writer%') u,
             (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM conversations WHERE name LIKE 'written%') c
        UNION ALL
        SELECT c.id, u.id, 'member', u.place, 1, u.place, c.place, 1
        FROM (SELECT id, username, ROW_NUMBER() OVER (ORDER BY username) AS place FROM users WHERE username LIKE 'reader%') u,
             (SELECT id, name, ROW_NUMBER() OVER (ORDER BY id) AS place FROM conversations WHERE name NOT LIKE 'written%') c
        WHERE c.name LIKE 'read%' OR (u.username = 'reader1' AND c.name = 'short') OR (u.username = 'reader2' AND c.name = 'long');";

/// Fills an empty database.
pub(crate) async fn settle(database: &Database) -> Result<(), Failure> {
    database.run(SETTLE).await?;
    database.tidy().await
}

/// Those who write.
pub(crate) async fn writers(database: &Database) -> Result<Vec<UserId>, Failure> {
    let ids = database.ids("SELECT id FROM users WHERE username LIKE 'writer%' ORDER BY id");
    Ok(ids.await?.into_iter().map(UserId::from_uuid).collect())
}

/// The one with short conversations, and the one with a long conversation too.
pub(crate) async fn readers(database: &Database) -> Result<Vec<UserId>, Failure> {
    let ids = database.ids("SELECT id FROM users WHERE username LIKE 'reader%' ORDER BY username");
    Ok(ids.await?.into_iter().map(UserId::from_uuid).collect())
}

/// The groups that everybody writes in.
pub(crate) async fn written(database: &Database) -> Result<Vec<ConversationId>, Failure> {
    let ids = database.ids("SELECT id FROM conversations WHERE name LIKE 'written%' ORDER BY id");
    let ids = ids.await?.into_iter();
    Ok(ids.map(ConversationId::from_uuid).collect())
}

/// The short conversation and the long one.
pub(crate) async fn read(database: &Database) -> Result<Vec<ConversationId>, Failure> {
    let ids = database
        .ids("SELECT id FROM conversations WHERE name IN ('short', 'long') ORDER BY name DESC");
    let ids = ids.await?.into_iter();
    Ok(ids.map(ConversationId::from_uuid).collect())
}
