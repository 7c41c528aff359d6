//! Rows as databases keep them, and their way to the domain and back. Shared by both databases.

mod content;
mod conversation;
mod invitation;
mod member;
mod message;
mod overview;
mod personal;
mod presence;
mod user;

use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use sqlx::{ColumnIndex, FromRow, Row, ValueRef as _};

pub(crate) use content::ContentColumns;
pub(crate) use conversation::{ConversationRecord, conversation_columns};
pub(crate) use invitation::InvitationRecord;
pub(crate) use member::{MemberRecord, MembershipRecord, StayColumns, stay_columns};
pub(crate) use message::{MessageRecord, message_columns};
pub(crate) use overview::OverviewRecord;
pub(crate) use personal::{PersonalStateRecord, ThreadStateRecord};
pub(crate) use presence::PresenceRecord;
pub(crate) use user::{SessionRecord, UserRecord};

type Result<T> = std::result::Result<T, RepositoryError>;

/// A stored value that no code of ours can have written.
pub(crate) fn corrupt(what: &str) -> RepositoryError {
    RepositoryError::new(
        RepositoryErrorKind::Corrupt,
        format!("the stored {what} is not valid"),
    )
}

/// A stored value of a fixed length.
pub(crate) fn bytes<const N: usize>(value: &[u8], what: &str) -> Result<[u8; N]> {
    value.try_into().map_err(|_| corrupt(what))
}

/// The columns of an outer join's other side, absent where nothing was joined.
pub(crate) struct Outer<T>(pub(crate) Option<T>);

/// Columns of which one is never NULL, except where an outer join found nothing.
pub(crate) trait Joined {
    const NEVER_NULL: &'static str;
}

impl<'r, R, T> FromRow<'r, R> for Outer<T>
where
    R: Row,
    T: FromRow<'r, R> + Joined,
    &'static str: ColumnIndex<R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        if row.try_get_raw(T::NEVER_NULL)?.is_null() {
            Ok(Self(None))
        } else {
            T::from_row(row).map(Some).map(Self)
        }
    }
}

impl<T> Outer<T> {
    /// The domain's value, if something was joined.
    pub(crate) fn map<U>(self, read: impl FnOnce(T) -> Result<U>) -> Result<Option<U>> {
        self.0.map(read).transpose()
    }
}
