//! What the server says to a device.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::row::{MemberRow, MessageRow, Row, field};
use crate::ids::{ConversationId, Epoch};

/// How far the log of a conversation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its latest change.
    pub rev: u64,
}

/// What only one user learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum UserChange {
    /// A conversation may be read from now on.
    Gained {
        /// Which.
        conversation: ConversationId,
    },
    /// A conversation may no longer be read.
    Lost {
        /// Which.
        conversation: ConversationId,
    },
    /// Anything that no message depends on.
    Other,
}

/// One event, or one page of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "frame",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(
    missing_docs,
    reason = "the fields are those of the wire, where the contract explains them"
)]
pub enum Frame {
    /// Live from here.
    Heads {
        epoch: Epoch,
        user_rev: u64,
        heads: Vec<Head>,
    },
    /// Changes of a conversation: a live event, or a page of changes.
    Range {
        event: String,
        conversation: ConversationId,
        from: u64,
        to: u64,
        rows: Vec<Row>,
    },
    /// Changes that only this user learns.
    User {
        from: u64,
        to: u64,
        changes: Vec<UserChange>,
    },
    /// The database has another history than the one known.
    Epoch { epoch: Epoch },
    /// All conversations that the user has.
    Conversations {
        user_rev: u64,
        conversations: Vec<ConversationId>,
    },
    /// The newest messages, instead of many changes.
    Reset {
        conversation: ConversationId,
        rev: u64,
        rows: Vec<Row>,
        has_before: bool,
    },
    /// Messages before those already loaded.
    Older {
        conversation: ConversationId,
        rev: u64,
        rows: Vec<Row>,
        has_before: bool,
    },
    /// A conversation that cannot be read.
    Lost { conversation: ConversationId },
    /// The end of a synchronisation.
    Done {
        epoch: Epoch,
        user_rev: u64,
        heads: Vec<Head>,
    },
}

impl Frame {
    /// An event of the hub, or nothing when no log is concerned (typing, presence).
    pub fn parse_event(target: &str, event: &Value) -> anyhow::Result<Option<Self>> {
        let rows = match target {
            "Heads" => {
                return Ok(Some(Self::Heads {
                    epoch: field(event, "epoch")?,
                    user_rev: field(event, "userRev")?,
                    heads: field(event, "conversations").or_else(|_| field(event, "heads"))?,
                }));
            }
            "UserChanged" => {
                return Ok(Some(Self::User {
                    from: field(event, "fromRev")?,
                    to: field(event, "toRev")?,
                    changes: vec![user_change(&event["change"])?],
                }));
            }
            "ReceiveMessage" | "MessageChanged" => vec![Row::Message(MessageRow::parse(event)?)],
            "MemberChanged" => vec![Row::Member(MemberRow::parse(event)?)],
            "ConversationChanged" => vec![Row::Settings {
                rev: field(event, "rev")?,
            }],
            "Advanced" => Vec::new(),
            _ => return Ok(None),
        };
        Ok(Some(Self::Range {
            event: target.to_owned(),
            conversation: field(event, "conversationId")?,
            from: field(event, "fromRev")?,
            to: field(event, "toRev")?,
            rows,
        }))
    }

    /// A page of a synchronisation.
    pub fn parse_page(page: &Value) -> anyhow::Result<Self> {
        Ok(match page["type"].as_str() {
            Some("epoch") => Self::Epoch {
                epoch: field(page, "epoch")?,
            },
            Some("user") => Self::User {
                from: field(page, "fromRev")?,
                to: field(page, "toRev")?,
                changes: list(page, "changes")?
                    .iter()
                    .map(user_change)
                    .collect::<Result<_, _>>()?,
            },
            Some("conversations") => Self::Conversations {
                user_rev: field(page, "userRev")?,
                conversations: list(page, "conversations")?
                    .iter()
                    .map(|summary| field(summary, "id"))
                    .collect::<Result<_, _>>()?,
            },
            Some("changes") => Self::Range {
                event: "changes".to_owned(),
                conversation: field(page, "conversationId")?,
                from: field(page, "fromRev")?,
                to: field(page, "toRev")?,
                rows: list(page, "rows")?
                    .iter()
                    .map(Row::parse)
                    .collect::<Result<_, _>>()?,
            },
            Some("reset") => Self::parse_reset(&page["page"])?,
            Some("lost") => Self::Lost {
                conversation: field(page, "conversationId")?,
            },
            Some("done") => Self::Done {
                epoch: field(page, "epoch")?,
                user_rev: field(page, "userRev")?,
                heads: field(page, "heads")?,
            },
            other => bail!("a page has the type {other:?}"),
        })
    }

    /// A `MessagePage` of the newest messages, to begin with.
    pub fn parse_reset(page: &Value) -> anyhow::Result<Self> {
        Ok(Self::Reset {
            conversation: field(page, "conversationId")?,
            rev: field(page, "rev")?,
            rows: messages(page)?,
            has_before: field(page, "hasBefore")?,
        })
    }

    /// A `MessagePage` of messages before those already loaded.
    pub fn parse_older(page: &Value) -> anyhow::Result<Self> {
        Ok(Self::Older {
            conversation: field(page, "conversationId")?,
            rev: field(page, "rev")?,
            rows: messages(page)?,
            has_before: field(page, "hasBefore")?,
        })
    }

    /// The conversation that it is about, if it is about one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Range { conversation, .. }
            | Self::Reset { conversation, .. }
            | Self::Older { conversation, .. }
            | Self::Lost { conversation } => Some(*conversation),
            _ => None,
        }
    }

    /// The rows that it carries.
    pub fn rows(&self) -> &[Row] {
        match self {
            Self::Range { rows, .. } | Self::Reset { rows, .. } | Self::Older { rows, .. } => rows,
            _ => &[],
        }
    }
}

fn user_change(change: &Value) -> anyhow::Result<UserChange> {
    Ok(
        match change["type"]
            .as_str()
            .context("a change of a user has a type")?
        {
            "conversationGained" => UserChange::Gained {
                conversation: field(&change["conversation"], "id")?,
            },
            "conversationLost" => UserChange::Lost {
                conversation: field(change, "conversationId")?,
            },
            _ => UserChange::Other,
        },
    )
}

fn list<'a>(page: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    page[name]
        .as_array()
        .with_context(|| format!("{name} is no list in {page}"))
}

fn messages(page: &Value) -> anyhow::Result<Vec<Row>> {
    let parse = |message| MessageRow::parse(message).map(Row::Message);
    list(page, "messages")?.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message() -> Value {
        json!({
            "conversationId": ConversationId::from_number(1), "seq": 3, "createdRev": 5, "rev": 6,
            "messageId": "00000000-0000-0000-0000-000000000002", "clientId": "00000000-0000-0000-0000-000000000003",
            "senderId": "00000000-0000-0000-0000-000000000004", "body": "hi", "sentAt": "2026-01-01T00:00:00Z",
        })
    }

    #[test]
    fn a_message_has_the_same_row_in_an_event_and_in_a_page() {
        let mut event = message();
        event["fromRev"] = json!(5);
        event["toRev"] = json!(6);
        let live = Frame::parse_event("MessageChanged", &event)
            .unwrap()
            .unwrap();
        let page = Frame::parse_page(&json!({
            "type": "changes", "conversationId": ConversationId::from_number(1), "fromRev": 0, "toRev": 6, "asOfRev": 6,
            "rows": [{ "type": "message", "message": message() }],
        }))
        .unwrap();
        assert_eq!(live.rows(), page.rows());
        assert!(matches!(live, Frame::Range { from: 5, to: 6, .. }));
    }

    #[test]
    fn what_is_no_log_is_passed_over_and_what_is_broken_is_an_error() {
        assert_eq!(Frame::parse_event("UserTyping", &json!({})).unwrap(), None);
        assert!(Frame::parse_event("ReceiveMessage", &json!({ "seq": 1 })).is_err());
        assert!(Frame::parse_page(&json!({ "type": "unheard" })).is_err());
    }

    #[test]
    fn tombstones_edits_and_notes_of_the_server_are_recognised() {
        let mut value = message();
        value["editedAt"] = json!("later");
        value["deletedAt"] = json!("last");
        value["system"] =
            json!({ "type": "joined", "userId": "00000000-0000-0000-0000-000000000009" });
        let row = MessageRow::parse(&value).unwrap();
        assert!(row.edited && row.deleted);
        let note = row.system.unwrap();
        assert_eq!(
            (&*note.kind, note.user_id),
            ("joined", Some(crate::ids::UserId::from_number(9)))
        );
    }
}
