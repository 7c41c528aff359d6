//! What a device can be told to do.

use tokio::sync::oneshot;

use crate::ids::ConversationId;

/// Something that the person at a device does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Writes a message.
    Send {
        /// The text.
        body: String,
    },
    /// Uses the key of an earlier message for another text, as a broken client would.
    Misuse {
        /// The other text.
        body: String,
    },
    /// Gives one of the own messages another text.
    Edit {
        /// Chooses the message among those held.
        pick: u64,
        /// The new text.
        body: String,
    },
    /// Takes one of the own messages away.
    Delete {
        /// Chooses the message among those held.
        pick: u64,
    },
    /// Adds or removes a reaction to a message.
    React {
        /// Chooses the message among those held.
        pick: u64,
        /// Which.
        emoji: &'static str,
        /// Whether it is added.
        add: bool,
    },
    /// Becomes a member of a channel.
    Join,
    /// Stops being a member.
    Leave,
}

/// What a device is told from outside.
#[derive(Debug)]
pub enum Command {
    /// Its person does something in a conversation.
    Do(ConversationId, Deed),
    /// Its network breaks.
    Disconnect,
    /// It loses its storage, unsent messages included, and its connection.
    Forget,
    /// Sends what is waiting, synchronises once more, and tells when it has everything.
    Settle(oneshot::Sender<()>),
}
