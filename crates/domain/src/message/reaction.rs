//! What people put beneath a message.

use crate::error::InvalidValue;
use crate::ids::UserId;
use crate::text::is_deceptive;

use super::Unchangeable;

/// A picture character, or several that are shown as one: 1 to 16 characters without white space, and not a plain word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(String);

impl Emoji {
    /// Checks what a person chose.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        /// Joins pictures into one, or chooses how one is shown; allowed within a reaction although invisible by itself.
        fn joins(character: char) -> bool {
            matches!(
                character,
                '\u{200D}' | '\u{FE0E}' | '\u{FE0F}' | '\u{E0020}'..='\u{E007F}'
            )
        }
        let length = text.chars().count();
        let is_valid = (1..=16).contains(&length)
            && text
                .chars()
                .any(|c| !c.is_ascii() && !c.is_alphanumeric() && !joins(c))
            && text
                .chars()
                .all(|c| joins(c) || !(c.is_whitespace() || c.is_alphabetic() || is_deceptive(c)));
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::Emoji)
        }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One kind of reaction, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// What it shows.
    pub emoji: Emoji,
    /// Who, in the order in which they came.
    pub user_ids: Vec<UserId>,
}

/// All reactions to a message, in the order in which the first of each kind came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reactions(Vec<Reaction>);

impl Reactions {
    /// How many different ones a message may have.
    pub const MAX_KINDS: usize = 20;
    /// How many it may have in all.
    pub const MAX: usize = 1_000;

    /// Takes what was stored.
    pub fn from_stored(reactions: Vec<Reaction>) -> Self {
        Self(reactions)
    }

    /// Each kind with who gave it.
    pub fn as_slice(&self) -> &[Reaction] {
        &self.0
    }

    /// Adds one. Answers whether it is new.
    pub(crate) fn add(&mut self, user: UserId, emoji: Emoji) -> Result<bool, Unchangeable> {
        let total: usize = self.0.iter().map(|reaction| reaction.user_ids.len()).sum();
        let kinds = self.0.len();
        let kind = self.0.iter_mut().find(|reaction| reaction.emoji == emoji);
        if kind
            .as_ref()
            .is_some_and(|kind| kind.user_ids.contains(&user))
        {
            return Ok(false);
        }
        if total >= Self::MAX {
            return Err(Unchangeable::TooManyReactions);
        }
        match kind {
            Some(kind) => kind.user_ids.push(user),
            None if kinds >= Self::MAX_KINDS => return Err(Unchangeable::TooManyReactions),
            None => self.0.push(Reaction {
                emoji,
                user_ids: vec![user],
            }),
        }
        Ok(true)
    }

    /// Takes one away. Answers whether it was there.
    pub(crate) fn remove(&mut self, user: UserId, emoji: &Emoji) -> bool {
        let Some(kind) = self.0.iter_mut().find(|reaction| reaction.emoji == *emoji) else {
            return false;
        };
        let before = kind.user_ids.len();
        kind.user_ids.retain(|&other| other != user);
        let was_there = kind.user_ids.len() < before;
        self.0.retain(|reaction| !reaction.user_ids.is_empty());
        was_there
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: usize) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number as u128))
    }

    fn emoji(text: &str) -> Emoji {
        Emoji::parse(text).unwrap()
    }

    #[test]
    fn pictures_are_reactions_and_words_are_not() {
        for picture in ["👍", "❤️", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "🇩🇪"]
        {
            assert!(Emoji::parse(picture).is_ok(), "{picture}");
        }
        for word in [
            "",
            "a",
            "ok",
            "1",
            "👍 ",
            "👍a",
            "\u{200D}",
            "\u{202E}👍",
            "é",
            &"👍".repeat(17),
        ] {
            assert_eq!(Emoji::parse(word), Err(InvalidValue::Emoji), "{word:?}");
        }
    }

    #[test]
    fn a_reaction_is_given_once_and_taken_away_once() {
        let mut reactions = Reactions::default();
        assert_eq!(reactions.add(user(1), emoji("👍")), Ok(true));
        assert_eq!(reactions.add(user(1), emoji("👍")), Ok(false));
        assert_eq!(reactions.add(user(2), emoji("👍")), Ok(true));
        assert!(reactions.remove(user(1), &emoji("👍")));
        assert!(!reactions.remove(user(1), &emoji("👍")));
        assert_eq!(reactions.as_slice()[0].user_ids, [user(2)]);
        assert!(reactions.remove(user(2), &emoji("👍")));
        assert_eq!(reactions, Reactions::default());
    }

    #[test]
    fn reactions_are_bounded_in_kinds_and_in_all() {
        let mut kinds = Reactions::default();
        for kind in 0..Reactions::MAX_KINDS {
            let character = char::from_u32(0x1F600 + u32::try_from(kind).unwrap()).unwrap();
            kinds.add(user(1), emoji(&character.to_string())).unwrap();
        }
        assert_eq!(
            kinds.add(user(1), emoji("👍")),
            Err(Unchangeable::TooManyReactions)
        );
        let mut all = Reactions::default();
        for number in 0..Reactions::MAX {
            all.add(user(number), emoji("👍")).unwrap();
        }
        assert_eq!(
            all.add(user(5_000), emoji("👍")),
            Err(Unchangeable::TooManyReactions)
        );
        assert_eq!(all.add(user(5), emoji("👍")), Ok(false));
    }
}
