//! The numbers of the log: what is a message's place, what is a change's, and what is a user's own must not be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(value_type = i64, minimum = 0))]
        #[serde(from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            /// Before the first: what an empty log stands at.
            pub const ZERO: Self = Self(0);
            /// The number of the first entry.
            pub const FIRST: Self = Self(1);

            /// Takes a stored or received number. Negative ones mean the same as zero.
            pub const fn new(value: i64) -> Self {
                Self(if value < 0 { 0 } else { value })
            }

            /// The bare number, for storage and the wire.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The number that comes right after this one; the largest one stays as it is.
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The number right before this one; zero stays zero.
            pub const fn previous(self) -> Self {
                Self::new(self.0 - 1)
            }
        }

        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                Self::new(value)
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The place of a message in its conversation: 1, 2, 3, … without a hole.
    Seq
);
number!(
    /// The place of a change in its conversation's log: every message, join and leave takes one.
    Rev
);
number!(
    /// The place of a change in a user's own log: what only that user must learn.
    UserRev
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_range() {
        assert_eq!(Seq::ZERO.previous(), Seq::ZERO);
        assert_eq!(Seq::ZERO.next(), Seq::FIRST);
        assert_eq!(Seq::new(i64::MAX).next(), Seq::new(i64::MAX));
        assert_eq!(Seq::new(i64::MIN), Seq::ZERO);
    }

    #[test]
    fn a_received_number_is_brought_into_the_range_too() {
        let read = |text: &str| serde_json::from_str::<Rev>(text).unwrap();
        assert_eq!(read("-7"), Rev::ZERO);
        assert_eq!(read("7"), Rev::new(7));
        assert_eq!(serde_json::to_string(&Rev::new(7)).unwrap(), "7");
    }
}
