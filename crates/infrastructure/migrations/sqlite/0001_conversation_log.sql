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
    -- whether others are kept from seeing how far the user has read, and where in the user's own log that was last changed
    private_receipts INTEGER NOT NULL DEFAULT 0,
    receipts_user_rev INTEGER NOT NULL DEFAULT 0,
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
-- those whose connections must end, whichever node they are on
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- What people say of themselves, and when they were last seen. Who is there is known to nodes alone.
CREATE TABLE presence (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    -- what to be shown as in place of what the connections say
    state TEXT CHECK (state IN ('away', 'do_not_disturb', 'invisible')),
    status_text TEXT,
    emoji TEXT,
    -- when all of that ends
    until INTEGER,
    last_seen_at INTEGER
) STRICT, WITHOUT ROWID;

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
    -- the newest change of name, topic or visible history
    settings_rev INTEGER NOT NULL,
    -- what those who join may read of what was written before
    history TEXT NOT NULL CHECK (history IN ('joined', 'all')),
    member_count INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK ((kind = 'direct') = (direct_low IS NOT NULL AND direct_high IS NOT NULL)),
    CHECK ((kind = 'direct') = (name IS NULL))
) STRICT;

-- exactly one direct conversation per pair
CREATE UNIQUE INDEX conversations_of_pair ON conversations (direct_low, direct_high);
CREATE INDEX conversations_by_kind ON conversations (kind, name);

-- Which logs each of the last transactions has moved on: how a node finds what it has not heard of. Older ones are forgotten.
CREATE TABLE moves (
    -- counts up, as transactions are written one after the other
    transaction_id INTEGER PRIMARY KEY,
    -- ids one after the other, of conversations and of users
    conversations BLOB NOT NULL DEFAULT x'',
    users BLOB NOT NULL DEFAULT x'',
    moved_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;

-- so that there is always an oldest
INSERT INTO moves DEFAULT VALUES;

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    -- the group that it leads to; without one, it is for registering
    conversation_id BLOB REFERENCES conversations (id),
    code_hash BLOB NOT NULL UNIQUE,
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    max_uses INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE INDEX invitations_of_conversation ON invitations (conversation_id, created_at);

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
-- stays that changed after they began
CREATE INDEX memberships_changed ON memberships (conversation_id, rev) WHERE rev > from_rev;
CREATE INDEX memberships_by_user_rev ON memberships (user_id, user_rev);

-- Who may not come back.
CREATE TABLE bans (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    banned_by BLOB NOT NULL REFERENCES users (id),
    banned_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT;

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
    -- a person's words; empty for a note of the system, and once what was deleted is purged
    body TEXT NOT NULL,
    -- what a note of the system tells, as JSON
    system TEXT,
    sent_at INTEGER NOT NULL,
    -- the message that it answers
    reply_to_id BLOB,
    reply_to_seq INTEGER,
    reply_to_sender BLOB,
    -- the message whose thread it stands in
    thread_id BLOB,
    thread_seq INTEGER,
    thread_sender BLOB,
    -- the thread that hangs on it
    reply_count INTEGER,
    last_reply_seq INTEGER,
    last_reply_at INTEGER,
    -- whom it calls, as JSON, and whether everybody; the table mentions repeats it for counting
    mentions TEXT,
    mentions_all INTEGER NOT NULL DEFAULT 0,
    -- what others have put beneath it, as JSON
    reactions TEXT,
    edited_at INTEGER,
    pinned_at INTEGER,
    pinned_by BLOB,
    deleted_at INTEGER,
    deleted_by BLOB,
    -- whether what a deleted message said is gone for good
    purged INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, seq),
    -- kept as long as the message: a retry never stores it twice
    UNIQUE (sender_id, client_id)
) STRICT;

CREATE UNIQUE INDEX messages_by_created_rev ON messages (conversation_id, created_rev);
-- messages that changed after they came
CREATE UNIQUE INDEX messages_changed ON messages (conversation_id, rev) WHERE rev > created_rev;
-- what a list shows as the newest, and what may count as unread
CREATE INDEX messages_outside_threads ON messages (conversation_id, seq) WHERE thread_id IS NULL;
CREATE INDEX messages_of_thread ON messages (conversation_id, thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX messages_calling_all ON messages (conversation_id, seq) WHERE mentions_all;
CREATE INDEX messages_pinned ON messages (conversation_id, pinned_at, seq) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_to_purge ON messages (deleted_at) WHERE deleted_at IS NOT NULL AND NOT purged;

-- The texts that messages had before they were edited.
CREATE TABLE revisions (
    message_id BLOB NOT NULL REFERENCES messages (id),
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, number)
) STRICT;

-- Whom messages outside threads call by name, but for their senders, for counting. Rows go with the words.
CREATE TABLE mentions (
    user_id BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_of_message ON mentions (conversation_id, seq);

-- What is only one user's about a conversation.
CREATE TABLE personal_states (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    read_seq INTEGER NOT NULL,
    unread_from INTEGER,
    muted_until INTEGER,
    level TEXT NOT NULL,
    user_rev INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT;

CREATE INDEX personal_states_by_user_rev ON personal_states (user_id, user_rev);

-- What is only one user's about a thread.
CREATE TABLE thread_states (
    user_id BLOB NOT NULL REFERENCES users (id),
    root_id BLOB NOT NULL REFERENCES messages (id),
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    root_seq INTEGER NOT NULL,
    is_following INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    user_rev INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, root_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX thread_states_by_user_rev ON thread_states (user_id, user_rev);
