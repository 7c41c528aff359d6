//! What a group or channel is called, is about, and shows to those who join.

use hubbub_domain::conversation::{ConversationName, HistoryVisibility, SettingsChange, Topic};
use hubbub_domain::ids::{ConversationId, UserId};

use super::error::GroupError;
use super::service::GroupService;
use crate::chat::dto::ConversationSummary;

/// What is to change about a group or channel; what is not given stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangeSettings {
    /// What to call it.
    pub name: Option<String>,
    /// What it is about; nothing but white space for no topic.
    pub topic: Option<String>,
    /// What those who join from now on may read of the past.
    pub history: Option<HistoryVisibility>,
}

impl GroupService {
    /// Changes name, topic or visible history. Who is not a member cannot, even of a channel that everybody can see.
    pub async fn change_settings(
        &self,
        actor: UserId,
        id: ConversationId,
        wish: ChangeSettings,
    ) -> Result<ConversationSummary, GroupError> {
        let settings = SettingsChange {
            name: wish
                .name
                .as_deref()
                .map(ConversationName::parse)
                .transpose()?,
            topic: wish.topic.as_deref().map(Topic::parse).transpose()?,
            history: wish.history,
        };
        let (mut change, _) = self.change_as_manager(actor, id).await?;
        change.change_settings(settings).await?;
        self.finish_with_summary(change, actor).await
    }
}
