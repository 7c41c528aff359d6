//! The table of all routes.

/// Whom a route serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody, signed in or not.
    Everybody,
    /// Whoever is signed in.
    SignedIn,
    /// Only who is in the conversation, or whose own it is: for others it does not exist.
    Insiders,
    /// Only who administers the server.
    Administrators,
}

use Access::{Administrators, Everybody, Insiders, SignedIn};

const CREDENTIALS: &str = r#"{ "username": "nobody", "password": "a long password" }"#;
const MESSAGE: &str = r#"{ "body": "let me in" }"#;

/// Every route with a body that it takes. A route that is not here fails a test.
pub(super) const ROUTES: &[(&str, Access, &str)] = &[
    ("GET /api/server", Everybody, ""),
    ("POST /api/auth/register", Everybody, CREDENTIALS),
    ("POST /api/auth/login", Everybody, CREDENTIALS),
    (
        "POST /api/auth/refresh",
        Everybody,
        r#"{ "refreshToken": "none of ours" }"#,
    ),
    (
        "POST /api/auth/logout",
        Everybody,
        r#"{ "refreshToken": "none of ours" }"#,
    ),
    ("GET /api/invitations/{code}/preview", Everybody, ""),
    ("POST /api/auth/hub-ticket", SignedIn, ""),
    ("GET /api/users", SignedIn, ""),
    ("GET /api/users/{id}", SignedIn, ""),
    ("GET /api/users/me", SignedIn, ""),
    (
        "PATCH /api/users/me",
        SignedIn,
        r#"{ "displayName": "Somebody" }"#,
    ),
    ("GET /api/users/me/status", SignedIn, ""),
    (
        "PUT /api/users/me/status",
        SignedIn,
        r#"{ "text": "here" }"#,
    ),
    ("GET /api/users/me/sessions", SignedIn, ""),
    ("DELETE /api/users/me/sessions/{id}", Insiders, ""),
    ("POST /api/users/{id}/messages", SignedIn, MESSAGE),
    ("GET /api/invitations", Administrators, ""),
    ("POST /api/invitations", Administrators, "{}"),
    ("DELETE /api/invitations/{id}", Administrators, ""),
    ("GET /api/conversations", SignedIn, ""),
    (
        "POST /api/conversations/direct",
        SignedIn,
        r#"{ "userId": "{userId}" }"#,
    ),
    ("GET /api/conversations/{id}", Insiders, ""),
    (
        "POST /api/conversations/{id}/typing",
        Insiders,
        r#"{ "isTyping": true }"#,
    ),
    ("GET /api/conversations/{id}/messages", Insiders, ""),
    ("POST /api/conversations/{id}/messages", Insiders, MESSAGE),
    (
        "GET /api/conversations/{id}/messages/{messageId}",
        Insiders,
        "",
    ),
    (
        "PATCH /api/conversations/{id}/messages/{messageId}",
        Insiders,
        MESSAGE,
    ),
    (
        "DELETE /api/conversations/{id}/messages/{messageId}",
        Insiders,
        "",
    ),
    (
        "POST /api/conversations/{id}/messages/{messageId}/restore",
        Insiders,
        "",
    ),
    (
        "GET /api/conversations/{id}/messages/{messageId}/revisions",
        Insiders,
        "",
    ),
    (
        "PUT /api/conversations/{id}/messages/{messageId}/reactions/{emoji}",
        Insiders,
        "",
    ),
    (
        "DELETE /api/conversations/{id}/messages/{messageId}/reactions/{emoji}",
        Insiders,
        "",
    ),
    (
        "PUT /api/conversations/{id}/messages/{messageId}/pin",
        Insiders,
        "",
    ),
    (
        "DELETE /api/conversations/{id}/messages/{messageId}/pin",
        Insiders,
        "",
    ),
    ("GET /api/conversations/{id}/pins", Insiders, ""),
    // Who was removed may read what happened up to then; nothing did after this.
    (
        "GET /api/conversations/{id}/changes?afterRev=1000",
        Insiders,
        "",
    ),
    (
        "PUT /api/conversations/{id}/read",
        Insiders,
        r#"{ "seq": 1 }"#,
    ),
    (
        "PUT /api/conversations/{id}/unread",
        Insiders,
        r#"{ "seq": 1 }"#,
    ),
    (
        "PATCH /api/conversations/{id}/preferences",
        Insiders,
        r#"{ "level": "none" }"#,
    ),
    ("GET /api/conversations/{id}/receipts", Insiders, ""),
    (
        "PUT /api/conversations/{id}/threads/{rootId}/following",
        Insiders,
        r#"{ "following": true }"#,
    ),
    ("GET /api/threads", SignedIn, ""),
    (
        "POST /api/sync",
        SignedIn,
        r#"{ "positions": [{ "conversationId": "{id}", "rev": 0 }] }"#,
    ),
    ("GET /api/groups", SignedIn, ""),
    ("POST /api/groups", SignedIn, r#"{ "name": "Mine" }"#),
    ("PATCH /api/groups/{id}", Insiders, r#"{ "name": "Ours" }"#),
    ("POST /api/groups/{id}/join", Insiders, ""),
    ("POST /api/groups/{id}/leave", Insiders, ""),
    ("GET /api/groups/{id}/members", Insiders, ""),
    (
        "POST /api/groups/{id}/members",
        Insiders,
        r#"{ "userId": "{userId}" }"#,
    ),
    (
        "PUT /api/groups/{id}/members/{userId}",
        Insiders,
        r#"{ "role": "admin" }"#,
    ),
    ("DELETE /api/groups/{id}/members/{userId}", Insiders, ""),
    ("GET /api/groups/{id}/bans", Insiders, ""),
    ("PUT /api/groups/{id}/bans/{userId}", Insiders, ""),
    ("DELETE /api/groups/{id}/bans/{userId}", Insiders, ""),
    ("GET /api/groups/{id}/invitations", Insiders, ""),
    ("POST /api/groups/{id}/invitations", Insiders, "{}"),
    (
        "DELETE /api/groups/{id}/invitations/{invitationId}",
        Insiders,
        "",
    ),
    // Who holds the code of a link may see and use it; nobody here does.
    ("GET /api/group-invitations/{code}", Insiders, ""),
    ("POST /api/group-invitations/{code}/accept", Insiders, ""),
];
