-- The conversation log, the people in it and their sign-ins.
-- Times are microseconds since 1970-01-01T00:00:00Z. What is ordered by is COLLATE "C", whatever the locale of the database.

CREATE TABLE server (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    epoch UUID NOT NULL,
    -- until it was used
    setup_code TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE server_keys (
    purpose TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    secret BYTEA NOT NULL
);

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    -- the display name in lower case, for searching
    display_key TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- the newest change of the user's own log
    user_rev BIGINT NOT NULL DEFAULT 0,
    -- whether others are kept from seeing how far the user has read, and where in the user's own log that was last changed
    private_receipts BOOLEAN NOT NULL DEFAULT FALSE,
    receipts_user_rev BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    device_name TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX sessions_of_user ON sessions (user_id, last_used_at);
-- those whose connections must end, whichever node they are on
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- What people say of themselves, and when they were last seen. Who is there is known to nodes alone.
CREATE TABLE presence (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES users (id),
    -- what to be shown as in place of what the connections say
    state TEXT CHECK (state IN ('away', 'do_not_disturb', 'invisible')),
    status_text TEXT,
    emoji TEXT,
    -- when all of that ends
    until BIGINT,
    last_seen_at BIGINT
);

CREATE TABLE conversations (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'channel')),
    -- the two people of a direct conversation, the smaller id first
    direct_low UUID REFERENCES users (id),
    direct_high UUID REFERENCES users (id),
    -- of a group or channel
    name TEXT COLLATE "C",
    topic TEXT,
    -- both counters move only under this row's lock
    last_seq BIGINT NOT NULL,
    last_rev BIGINT NOT NULL,
    -- the newest change of name, topic or visible history
    settings_rev BIGINT NOT NULL,
    -- what those who join may read of what was written before
    history TEXT NOT NULL CHECK (history IN ('joined', 'all')),
    member_count BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((kind = 'direct') = (direct_low IS NOT NULL AND direct_high IS NOT NULL)),
    CHECK ((kind = 'direct') = (name IS NULL))
)
-- Each message moves its conversation's row. Where there is room on its page, the row's new version needs no entry in any index.
WITH (fillfactor = 50);

-- exactly one direct conversation per pair
CREATE UNIQUE INDEX conversations_of_pair ON conversations (direct_low, direct_high);
CREATE INDEX conversations_by_kind ON conversations (kind, name);

-- Which logs each of the last transactions has moved on: how a node finds what it has not heard of. Older ones are forgotten.
-- A mark in the rows of the logs would need an index, and with it every message a new entry in each index of its conversation.
CREATE TABLE moves (
    transaction_id XID8 NOT NULL DEFAULT pg_current_xact_id(),
    -- ids one after the other, of conversations and of users
    conversations BYTEA NOT NULL DEFAULT '',
    users BYTEA NOT NULL DEFAULT '',
    moved_at BIGINT NOT NULL DEFAULT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)
);

-- not unique: rows may come from another server's dump
CREATE INDEX moves_by_transaction ON moves (transaction_id);
-- so that there is always an oldest
INSERT INTO moves DEFAULT VALUES;

CREATE TABLE invitations (
    id UUID NOT NULL PRIMARY KEY,
    -- the group that it leads to; without one, it is for registering
    conversation_id UUID REFERENCES conversations (id),
    code_hash BYTEA NOT NULL UNIQUE,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    max_uses BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX invitations_of_conversation ON invitations (conversation_id, created_at);

-- An append-only list of stays. Who may see a change follows from it alone.
CREATE TABLE memberships (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    from_rev BIGINT NOT NULL,
    to_rev BIGINT,
    visible_from_seq BIGINT NOT NULL,
    -- the newest change of this row, in the conversation's log and in the member's own
    rev BIGINT NOT NULL,
    user_rev BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id, from_rev)
);

CREATE UNIQUE INDEX memberships_open ON memberships (user_id, conversation_id) WHERE to_rev IS NULL;
CREATE INDEX memberships_by_from_rev ON memberships (conversation_id, from_rev);
-- stays that changed after they began
CREATE INDEX memberships_changed ON memberships (conversation_id, rev) WHERE rev > from_rev;
CREATE INDEX memberships_by_user_rev ON memberships (user_id, user_rev);

-- Who may not come back.
CREATE TABLE bans (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    banned_by UUID NOT NULL REFERENCES users (id),
    banned_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

-- Its conversations and senders are those of a stay, which refers to both: nobody else can post. PostgreSQL would look up each
-- reference with a query of its own, which took a good part of the time of a batch.
CREATE TABLE messages (
    conversation_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    id UUID NOT NULL UNIQUE,
    -- the change that created the message, and its newest
    created_rev BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    sender_id UUID NOT NULL,
    client_id UUID NOT NULL,
    -- of the request that carried it, to tell a retry from another message under the same key
    request_hash BYTEA NOT NULL,
    -- a person's words; empty for a note of the system, and once what was deleted is purged
    body TEXT NOT NULL,
    -- what a note of the system tells, as JSON
    system TEXT,
    sent_at BIGINT NOT NULL,
    -- the message that it answers
    reply_to_id UUID,
    reply_to_seq BIGINT,
    reply_to_sender UUID,
    -- the message whose thread it stands in
    thread_id UUID,
    thread_seq BIGINT,
    thread_sender UUID,
    -- the thread that hangs on it
    reply_count BIGINT,
    last_reply_seq BIGINT,
    last_reply_at BIGINT,
    -- whom it calls, as JSON, and whether everybody; the table mentions repeats it for counting
    mentions TEXT,
    mentions_all BOOLEAN NOT NULL DEFAULT FALSE,
    -- what others have put beneath it, as JSON
    reactions TEXT,
    edited_at BIGINT,
    pinned_at BIGINT,
    pinned_by UUID,
    deleted_at BIGINT,
    deleted_by UUID,
    -- whether what a deleted message said is gone for good
    purged BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (conversation_id, seq),
    -- kept as long as the message: a retry never stores it twice
    UNIQUE (sender_id, client_id)
);

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
    message_id UUID NOT NULL REFERENCES messages (id),
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, number)
);

-- Whom messages outside threads call by name, but for their senders, for counting. Rows go with the words.
CREATE TABLE mentions (
    user_id UUID NOT NULL REFERENCES users (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq)
);

CREATE INDEX mentions_of_message ON mentions (conversation_id, seq);

-- What is only one user's about a conversation.
CREATE TABLE personal_states (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    read_seq BIGINT NOT NULL,
    unread_from BIGINT,
    muted_until BIGINT,
    level TEXT NOT NULL,
    user_rev BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX personal_states_by_user_rev ON personal_states (user_id, user_rev);

-- What is only one user's about a thread.
CREATE TABLE thread_states (
    user_id UUID NOT NULL REFERENCES users (id),
    root_id UUID NOT NULL REFERENCES messages (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    root_seq BIGINT NOT NULL,
    is_following BOOLEAN NOT NULL,
    read_seq BIGINT NOT NULL,
    user_rev BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, root_id)
);

CREATE INDEX thread_states_by_user_rev ON thread_states (user_id, user_rev);

-- The node that was the last to begin serving this database alone, which it may while it holds an advisory lock.
CREATE TABLE serving_node (
    only_row BOOLEAN NOT NULL PRIMARY KEY CHECK (only_row),
    id UUID NOT NULL
);
