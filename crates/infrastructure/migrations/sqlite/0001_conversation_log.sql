-- The conversation log, the people in it and their sign-ins.
-- Ids are UUIDs as 16 bytes; times are microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE server (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    epoch BLOB NOT NULL,
    -- until it was used
    setup_code TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE server_keys (
    purpose TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    -- the display name in lower case, for searching
    display_key TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- the newest change of the user's own log
    user_rev INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    device_name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id, last_used_at);

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL UNIQUE,
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    max_uses INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'channel')),
    -- the two people of a direct conversation, the smaller id first
    direct_low BLOB REFERENCES users (id),
    direct_high BLOB REFERENCES users (id),
    -- of a group or channel
    name TEXT,
    topic TEXT,
    -- both counters move only under this row's lock
    last_seq INTEGER NOT NULL,
    last_rev INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK ((kind = 'direct') = (direct_low IS NOT NULL AND direct_high IS NOT NULL)),
    CHECK ((kind = 'direct') = (name IS NULL))
) STRICT;

-- exactly one direct conversation per pair
CREATE UNIQUE INDEX conversations_of_pair ON conversations (direct_low, direct_high);
CREATE INDEX conversations_by_kind ON conversations (kind, name);

-- An append-only list of stays. Who may see a change follows from it alone.
CREATE TABLE memberships (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    from_rev INTEGER NOT NULL,
    to_rev INTEGER,
    visible_from_seq INTEGER NOT NULL,
    -- the newest change of this row, in the conversation's log and in the member's own
    rev INTEGER NOT NULL,
    user_rev INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id, from_rev)
) STRICT;

CREATE UNIQUE INDEX memberships_open ON memberships (user_id, conversation_id) WHERE to_rev IS NULL;
CREATE INDEX memberships_by_from_rev ON memberships (conversation_id, from_rev);
CREATE INDEX memberships_by_rev ON memberships (conversation_id, rev);
CREATE INDEX memberships_by_user_rev ON memberships (user_id, user_rev);

CREATE TABLE messages (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    seq INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    -- the change that created the message, and its newest
    created_rev INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    sender_id BLOB NOT NULL REFERENCES users (id),
    client_id BLOB NOT NULL,
    -- of the request that carried it, to tell a retry from another message under the same key
    request_hash BLOB NOT NULL,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    -- kept as long as the message: a retry never stores it twice
    UNIQUE (sender_id, client_id)
) STRICT;

CREATE UNIQUE INDEX messages_by_rev ON messages (conversation_id, rev);

CREATE TABLE read_markers (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    seq INTEGER NOT NULL,
    user_rev INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT;

CREATE INDEX read_markers_by_user_rev ON read_markers (user_id, user_rev);
