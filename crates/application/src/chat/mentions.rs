//! Whom a text calls, resolved by the server so that every client counts the same.

use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::message::{Mentions, mentioned_in};
use hubbub_domain::repository;
use hubbub_domain::unit_of_work::Repositories;
use hubbub_domain::user::Username;

/// Up to this many members `@all` calls everybody; in larger conversations only if the sender confirms that it is meant.
const ALL_WITHOUT_ASKING: i64 = 50;

/// What a text calls, before it is known whose names these are.
pub(super) struct Calls {
    /// The names, each once.
    pub(super) names: Vec<Username>,
    all: bool,
}

impl Calls {
    /// Reads a text.
    pub(super) fn of(text: &str) -> Self {
        let (names, all) = mentioned_in(text);
        Self { names, all }
    }

    /// Keeps the names that belong to `people`, who are members, and `@all` where it needs no confirmation or has it.
    pub(super) fn resolve(
        &self,
        people: &[(Username, UserId)],
        member_count: i64,
        is_all_confirmed: bool,
    ) -> Mentions {
        let id_of = |name| people.iter().find(|(other, _)| other == name);
        Mentions {
            user_ids: self
                .names
                .iter()
                .filter_map(id_of)
                .map(|(_, id)| *id)
                .collect(),
            all: self.all && (is_all_confirmed || member_count <= ALL_WITHOUT_ASKING),
        }
    }
}

/// Those of the names that belong to members; no names, no question.
pub(super) async fn people_named(
    view: &mut dyn Repositories,
    conversation: ConversationId,
    names: &[Username],
) -> repository::Result<Vec<(Username, UserId)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    view.memberships().list_named(conversation, names).await
}
