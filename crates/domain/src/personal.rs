//! What is only one user's about a conversation: how far it was read, whether it may disturb. It is numbered in that user's own log.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MessageId, UserId};
use crate::numbers::Seq;
use crate::timestamp::Timestamp;

/// One user's own view of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonalState {
    /// Up to where the user has read. It never goes back.
    pub read_seq: Seq,
    /// From where on the user wants it to count as unread again. The read marker, which others may see, stays where it is.
    pub unread_from: Option<Seq>,
    /// Until when nothing of it may disturb.
    pub muted_until: Option<Timestamp>,
    /// What of it may disturb.
    pub level: NotificationLevel,
}

/// What of a conversation may disturb its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum NotificationLevel {
    /// Every message.
    #[default]
    All,
    /// Those that call the reader.
    Mentions,
    /// None.
    None,
}

/// One user's own view of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadState {
    /// Where.
    pub conversation_id: ConversationId,
    /// The message that the thread hangs on.
    pub root_id: MessageId,
    /// Its place among the messages.
    pub root_seq: Seq,
    /// Whose view it is.
    pub user_id: UserId,
    /// Whether the user wants to know of replies.
    pub is_following: bool,
    /// Up to where the user has read the thread. It never goes back.
    pub read_seq: Seq,
}

impl Default for PersonalState {
    /// Nothing read, nothing muted.
    fn default() -> Self {
        Self {
            read_seq: Seq::ZERO,
            unread_from: None,
            muted_until: None,
            level: NotificationLevel::All,
        }
    }
}

impl PersonalState {
    /// Moves the marker on to `seq`, and ends what was marked unread. Answers whether anything is different now.
    pub fn read_to(&mut self, seq: Seq) -> bool {
        let before = *self;
        self.read_seq = self.read_seq.max(seq);
        self.unread_from = None;
        *self != before
    }

    /// Marks everything from `seq` on as unread. Answers whether anything is different now.
    pub fn mark_unread(&mut self, seq: Seq) -> bool {
        self.unread_from.replace(seq) != Some(seq)
    }

    /// The last message that does not count as unread.
    pub fn counted_to(&self) -> Seq {
        self.unread_from
            .map_or(self.read_seq, |seq| seq.previous().min(self.read_seq))
    }
}

impl ThreadState {
    /// The view of who has not looked at the thread yet.
    pub fn new(
        conversation_id: ConversationId,
        root_id: MessageId,
        root_seq: Seq,
        user_id: UserId,
    ) -> Self {
        Self {
            conversation_id,
            root_id,
            root_seq,
            user_id,
            is_following: false,
            read_seq: root_seq,
        }
    }
}

impl NotificationLevel {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }

    /// Reads the stored word.
    pub fn from_name(word: &str) -> Option<Self> {
        [Self::All, Self::Mentions, Self::None]
            .into_iter()
            .find(|level| level.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_never_goes_back_and_reading_ends_what_was_marked_unread() {
        let mut state = PersonalState::default();
        assert!(state.read_to(Seq::new(7)));
        assert!(!state.read_to(Seq::new(3)));
        assert!(state.mark_unread(Seq::new(5)));
        assert_eq!(
            (state.read_seq, state.counted_to()),
            (Seq::new(7), Seq::new(4))
        );
        assert!(state.read_to(Seq::new(6)), "the mark is gone");
        assert_eq!(
            (state.read_seq, state.counted_to()),
            (Seq::new(7), Seq::new(7))
        );
    }

    #[test]
    fn every_level_is_read_back_from_its_word() {
        for level in [
            NotificationLevel::All,
            NotificationLevel::Mentions,
            NotificationLevel::None,
        ] {
            assert_eq!(NotificationLevel::from_name(level.as_str()), Some(level));
        }
    }
}
