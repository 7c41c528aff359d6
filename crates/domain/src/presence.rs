//! What people say of themselves: whether they want to be disturbed or seen, and a few words about what they are at.

use crate::error::InvalidValue;
use crate::message::Emoji;
use crate::text;
use crate::timestamp::Timestamp;

/// What a person is shown as in place of what the connections say, for as long as there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManualState {
    /// As somebody who is not at a device.
    Away,
    /// As somebody who does not want to be disturbed.
    DoNotDisturb,
    /// As somebody who is not there.
    Invisible,
}

impl ManualState {
    /// The name by which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::DoNotDisturb => "do_not_disturb",
            Self::Invisible => "invisible",
        }
    }

    /// The state with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Away, Self::DoNotDisturb, Self::Invisible]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A few words about what one is at: 1 to 100 characters on one line, without invisible ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusText(String);

impl StatusText {
    /// Checks and trims what a person entered.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text::name(text, 1, 100)
            .map(Self)
            .ok_or(InvalidValue::StatusText)
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All that a person says of themselves at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What to be shown as; without it, as the connections say.
    pub state: Option<ManualState>,
    /// What one is at.
    pub text: Option<StatusText>,
    /// The same as a picture.
    pub emoji: Option<Emoji>,
    /// When all of it ends.
    pub until: Option<Timestamp>,
}

impl Status {
    /// What still holds at `now`: everything, or nothing.
    pub fn at(self, now: Timestamp) -> Self {
        if self.until.is_some_and(|until| until <= now) {
            Self::default()
        } else {
            self
        }
    }

    /// Whether the person is not to be seen.
    pub fn is_invisible(&self) -> bool {
        self.state == Some(ManualState::Invisible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_ends_as_a_whole() {
        let status = Status {
            state: Some(ManualState::DoNotDisturb),
            text: Some(StatusText::parse("  in a   meeting ").unwrap()),
            emoji: None,
            until: Some(Timestamp::from_unix_micros(10)),
        };
        let before = status.clone().at(Timestamp::from_unix_micros(9));
        assert_eq!(before.text.unwrap().as_str(), "in a meeting");
        assert_eq!(
            status.at(Timestamp::from_unix_micros(10)),
            Status::default()
        );
    }

    #[test]
    fn words_are_few_and_visible() {
        for refused in ["", "  ", "a\u{202E}b", &"x".repeat(101)] {
            assert_eq!(StatusText::parse(refused), Err(InvalidValue::StatusText));
        }
    }

    #[test]
    fn states_are_stored_by_name() {
        for state in [
            ManualState::Away,
            ManualState::DoNotDisturb,
            ManualState::Invisible,
        ] {
            assert_eq!(ManualState::from_name(state.as_str()), Some(state));
        }
    }
}
