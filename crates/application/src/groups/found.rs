//! Founding groups and channels.

use hubbub_domain::conversation::{
    Conversation, ConversationName, HistoryVisibility, Subject, Title, Topic,
};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::permission;

use super::change::GroupChange;
use super::error::GroupError;
use super::service::GroupService;
use crate::chat::dto::ConversationSummary;

/// A group or channel to be founded.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// What to call it.
    pub name: String,
    /// Whether it is private.
    pub kind: GroupKind,
    /// What it is about.
    pub topic: Option<String>,
    /// What those who join later may read of the past; if not given, nothing in a group and everything in a channel.
    pub history: Option<HistoryVisibility>,
    /// Who is in it from the start, besides its founder.
    pub member_ids: Vec<UserId>,
}

/// Private or public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupKind {
    /// One must be added.
    #[default]
    Group,
    /// Anybody may find and join it.
    Channel,
}

impl GroupService {
    /// Founds a group or channel, owned by the actor.
    pub async fn create(
        &self,
        actor: UserId,
        wish: NewGroup,
    ) -> Result<ConversationSummary, GroupError> {
        let title = Title {
            name: ConversationName::parse(&wish.name)?,
            topic: Topic::parse(wish.topic.as_deref().unwrap_or_default())?,
        };
        let mut member_ids = wish.member_ids;
        member_ids.sort_unstable();
        member_ids.dedup();
        member_ids.retain(|&id| id != actor);
        if member_ids.len() > Self::MAX_FOUNDING_MEMBERS {
            return Err(GroupError::TooManyMembers);
        }
        let subject = match wish.kind {
            GroupKind::Group => Subject::Group(title),
            GroupKind::Channel => Subject::Channel(title),
        };
        let now = self.clock.now();
        let id = ConversationId::from_uuid(self.ids.uuid());
        let mut conversation = Conversation::found(id, subject, now);
        if let Some(history) = wish.history {
            conversation.history = history;
        }
        let unit = self.store.begin().await?;
        let ids = self.ids.as_ref();
        let mut change = GroupChange::new(unit, conversation, actor, now, ids);
        let founder = change.get_user(actor).await?;
        if !permission::may_found(founder.role) {
            return Err(GroupError::Forbidden);
        }
        let mut members = vec![founder];
        for id in member_ids {
            members.push(change.get_user(id).await?);
        }
        change.found(&members).await?;
        self.finish_with_summary(change, actor).await
    }
}
