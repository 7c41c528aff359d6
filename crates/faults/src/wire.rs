//! What Hubbub says over HTTP, as far as it matters here.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The answer to a message that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The conversation that it is in.
    pub conversation_id: Uuid,
    /// Its id.
    pub message_id: Uuid,
    /// The key that it was sent under.
    pub client_id: Uuid,
    /// Its place.
    pub seq: u64,
    /// The change of the conversation that made it.
    pub rev: u64,
    /// When it was stored.
    pub sent_at: String,
}

/// A message as the log shows it. What people did not write may lack some of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its place.
    pub seq: u64,
    /// Its id.
    pub message_id: Uuid,
    /// The key that it was sent under.
    pub client_id: Option<Uuid>,
    /// Who sent it.
    pub sender_id: Option<Uuid>,
    /// The change of the conversation that made it.
    pub created_rev: u64,
    /// Its text.
    pub body: Option<String>,
    /// When it was stored.
    pub sent_at: String,
}

/// A page of a conversation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) last_seq: u64,
    pub(crate) has_after: bool,
    pub(crate) messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) user: User,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) code: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: Uuid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    code: String,
    retry_after_ms: Option<u64>,
}

/// What became of a send, as far as the sender can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored.
    Acknowledged(Receipt),
    /// It is not stored, and may be sent again after a while under the same key.
    Refused(Duration),
    /// It is stored or not.
    Unknown,
    /// It was answered as no message of these senders may be.
    Wrong(String),
}

impl Outcome {
    /// Reads an answer.
    pub(crate) fn of(status: reqwest::StatusCode, body: &[u8]) -> Self {
        let text = || format!("{status}: {}", String::from_utf8_lossy(body));
        match status.as_u16() {
            201 => parsed(body).map_or_else(|| Self::Wrong(text()), Self::Acknowledged),
            503 => match parsed::<Problem>(body) {
                Some(problem) if problem.code == "unavailable" => {
                    let wait = problem.retry_after_ms.unwrap_or_default();
                    Self::Refused(Duration::from_millis(wait))
                }
                _ => Self::Wrong(text()),
            },
            // Whoever failed halfway does not say how far it came.
            500..=599 => Self::Unknown,
            _ => Self::Wrong(text()),
        }
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn only_a_complete_receipt_is_an_acknowledgement() {
        let id = Uuid::nil();
        let receipt = format!(
            r#"{{"conversationId":"{id}","messageId":"{id}","clientId":"{id}","seq":3,"rev":5,"sentAt":"2026-01-01T00:00:00Z"}}"#
        );
        let acknowledged = Outcome::of(StatusCode::CREATED, receipt.as_bytes());
        assert!(matches!(acknowledged, Outcome::Acknowledged(receipt) if receipt.seq == 3));
        let cut = Outcome::of(StatusCode::CREATED, &receipt.as_bytes()[..40]);
        assert!(matches!(cut, Outcome::Wrong(_)));
    }

    #[test]
    fn unavailable_is_a_refusal_and_an_internal_error_says_nothing() {
        let problem = br#"{"code":"unavailable","retryAfterMs":250}"#;
        let refused = Outcome::of(StatusCode::SERVICE_UNAVAILABLE, problem);
        assert_eq!(refused, Outcome::Refused(Duration::from_millis(250)));
        let failed = Outcome::of(StatusCode::INTERNAL_SERVER_ERROR, b"");
        assert_eq!(failed, Outcome::Unknown);
        let forbidden = Outcome::of(StatusCode::FORBIDDEN, br#"{"code":"forbidden"}"#);
        assert!(matches!(forbidden, Outcome::Wrong(_)));
    }
}
