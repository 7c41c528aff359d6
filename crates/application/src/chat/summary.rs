use hubbub_domain::conversation::ConversationOverview;

use super::dto::{ConversationSummary, MessageDto, PersonalDto};
use crate::users::dto::UserDto;

/// Describes a conversation to the user whose overview it is.
pub(crate) fn summary(overview: &ConversationOverview) -> ConversationSummary {
    let conversation = &overview.conversation;
    let title = conversation.title();
    ConversationSummary {
        id: conversation.id,
        kind: conversation.kind(),
        name: title.map(|title| title.name.as_str().to_owned()),
        topic: title
            .and_then(|title| title.topic.as_ref())
            .map(|topic| topic.as_str().to_owned()),
        peer: overview.peer.as_ref().map(UserDto::from),
        member_count: conversation.member_count,
        role: overview.membership.as_ref().map(|stay| stay.role),
        joined: overview.membership.is_some(),
        last_seq: conversation.last_seq,
        rev: conversation.last_rev,
        history: conversation.history,
        visible_from_seq: overview
            .membership
            .as_ref()
            .map(|stay| stay.visible_from_seq),
        personal: PersonalDto::new(&overview.personal, overview.unread),
        last_message: overview.last_message.as_ref().map(MessageDto::from),
        created_at: conversation.created_at,
    }
}
