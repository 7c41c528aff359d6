//! What a message says: a person's words, a note of the system, or nothing any more.

use super::mention::Mentions;
use super::reaction::Reactions;
use crate::conversation::{ConversationName, Topic};
use crate::error::InvalidValue;
use crate::ids::UserId;
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

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A person's words.
    Text(Text),
    /// What has happened to the conversation. Never counted as unread, never edited or deleted.
    System(SystemNote),
    /// It was deleted. Its place remains.
    Deleted(Deletion),
}

/// A person's words, and what others have done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The words.
    pub body: MessageBody,
    /// Whom they call.
    pub mentions: Mentions,
    /// When they were last changed by their author.
    pub edited_at: Option<Timestamp>,
    /// What others have put beneath them.
    pub reactions: Reactions,
    /// Whether and by whom they were pinned.
    pub pin: Option<Pin>,
}

impl Text {
    /// Words as they were first written.
    pub fn new(body: MessageBody, mentions: Mentions) -> Self {
        Self {
            body,
            mentions,
            edited_at: None,
            reactions: Reactions::default(),
            pin: None,
        }
    }
}

/// Who pinned a message, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// Who deleted a message, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What it said, until it is purged: for who takes the deletion back, and shown to nobody.
    pub kept: Option<Box<Text>>,
}

/// What has happened to a conversation. The sender of the message is who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemNote {
    /// The conversation was founded.
    Founded,
    /// Somebody became a member, by own will or because the sender added the person.
    Joined {
        /// Who.
        user_id: UserId,
    },
    /// Somebody is no longer a member, by own will or because the sender removed the person.
    Left {
        /// Who.
        user_id: UserId,
    },
    /// The conversation has another name.
    Renamed {
        /// Which.
        name: ConversationName,
    },
    /// The conversation is about something else.
    TopicChanged {
        /// What; nothing if it is about nothing in particular.
        topic: Option<Topic>,
    },
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
