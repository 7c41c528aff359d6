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

CREATE TABLE invitations (
    id UUID NOT NULL PRIMARY KEY,
    code_hash BYTEA NOT NULL UNIQUE,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    max_uses BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    revoked_at BIGINT
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
    member_count BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((kind = 'direct') = (direct_low IS NOT NULL AND direct_high IS NOT NULL)),
    CHECK ((kind = 'direct') = (name IS NULL))
);

-- exactly one direct conversation per pair
CREATE UNIQUE INDEX conversations_of_pair ON conversations (direct_low, direct_high);
CREATE INDEX conversations_by_kind ON conversations (kind, name);

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
CREATE INDEX memberships_by_rev ON memberships (conversation_id, rev);
CREATE INDEX memberships_by_user_rev ON memberships (user_id, user_rev);

CREATE TABLE messages (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    id UUID NOT NULL UNIQUE,
    -- the change that created the message, and its newest
    created_rev BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    sender_id UUID NOT NULL REFERENCES users (id),
    client_id UUID NOT NULL,
    -- of the request that carried it, to tell a retry from another message under the same key
    request_hash BYTEA NOT NULL,
    body TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    -- kept as long as the message: a retry never stores it twice
    UNIQUE (sender_id, client_id)
);

CREATE UNIQUE INDEX messages_by_rev ON messages (conversation_id, rev);

CREATE TABLE read_markers (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    seq BIGINT NOT NULL,
    user_rev BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX read_markers_by_user_rev ON read_markers (user_id, user_rev);

-- The node that was the last to begin serving this database alone, which it may while it holds an advisory lock.
CREATE TABLE serving_node (
    only_row BOOLEAN NOT NULL PRIMARY KEY CHECK (only_row),
    id UUID NOT NULL
);
