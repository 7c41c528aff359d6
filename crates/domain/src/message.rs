//! Messages: what people write, numbered by the conversation that they write it in.

use crate::error::InvalidValue;
use crate::ids::{ClientId, ConversationId, MessageId, UserId};
use crate::numbers::{Rev, Seq};
use crate::timestamp::Timestamp;

/// How many characters (Unicode scalar values) a message may have.
pub const MAX_MESSAGE_CHARACTERS: usize = 16_384;

/// What a person wrote: 1 to 16,384 characters that are not all white space. It is kept exactly as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageBody(String);

impl MessageBody {
    /// Checks what a person wrote.
    pub fn parse(text: String) -> Result<Self, InvalidValue> {
        let length = text.chars().count();
        if length > MAX_MESSAGE_CHARACTERS {
            Err(InvalidValue::MessageTooLong { length })
        } else if text.trim().is_empty() {
            Err(InvalidValue::MessageEmpty)
        } else if text.contains('\0') {
            Err(InvalidValue::MessageCharacter)
        } else {
            Ok(Self(text))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hash of a send as it was first requested, to tell a retry from another message under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHash(pub [u8; 32]);

/// A message before its conversation has numbered it.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it will be called.
    pub id: MessageId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// A hash of the request that carried it.
    pub request_hash: RequestHash,
    /// What it says.
    pub body: MessageBody,
}

/// A message in its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is called, for ever.
    pub id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place among the messages.
    pub seq: Seq,
    /// The change that created it.
    pub created_rev: Rev,
    /// Its latest change.
    pub rev: Rev,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The sender's own key for it, unique for this sender.
    pub client_id: ClientId,
    /// A hash of the request that carried it.
    pub request_hash: RequestHash,
    /// What it says.
    pub body: MessageBody,
    /// When it was stored; never earlier than the message before it.
    pub sent_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(MessageBody::parse("汉".repeat(16_384)).is_ok());
        assert_eq!(
            MessageBody::parse("汉".repeat(16_385)),
            Err(InvalidValue::MessageTooLong { length: 16_385 })
        );
    }

    #[test]
    fn white_space_alone_is_no_message_but_is_kept_around_one() {
        assert_eq!(
            MessageBody::parse(" \n\t ".to_owned()),
            Err(InvalidValue::MessageEmpty)
        );
        assert_eq!(
            MessageBody::parse(" hi\n".to_owned()).unwrap().as_str(),
            " hi\n"
        );
    }

    #[test]
    fn a_character_that_databases_cannot_keep_is_refused() {
        assert_eq!(
            MessageBody::parse("a\0b".to_owned()),
            Err(InvalidValue::MessageCharacter)
        );
    }
}
