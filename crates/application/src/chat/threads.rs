//! Threads: the replies that hang on one message.

use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::message::MessageRef;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::MessageRange;

use super::dto::{MessageDto, MessagePage};
use super::error::ChatError;
use super::service::{ChatService, visible, visible_message};

impl ChatService {
    /// A page of the replies of one thread, in seq order. What it says to lie before and after it are replies as well.
    pub async fn thread(
        &self,
        actor: UserId,
        id: ConversationId,
        root_id: MessageId,
        range: MessageRange,
        limit: i64,
    ) -> Result<MessagePage, ChatError> {
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let mut view = self.store.read().await?;
        let (conversation, stay) = visible(view.as_mut(), id, actor).await?;
        visible_message(view.as_mut(), &stay, root_id).await?;
        let first_visible = stay.visible_from_seq;
        let messages = view.messages();
        let replies = messages
            .list_thread(id, root_id, first_visible, range, limit)
            .await?;
        // Between which places the page lies; an empty one only has a side that was asked from.
        let (first, last) = match (replies.first(), replies.last(), range) {
            (Some(first), Some(last), _) => (Some(first.seq), Some(last.seq)),
            (_, _, MessageRange::Before(seq)) => (None, Some(seq.previous())),
            (_, _, MessageRange::After(seq)) => (Some(seq.next()), None),
            (_, _, MessageRange::Newest | MessageRange::Around(_)) => (None, None),
        };
        let sides = [
            first.map(MessageRange::Before),
            last.map(MessageRange::After),
        ];
        let mut is_more = [false; 2];
        for (is_more, side) in is_more.iter_mut().zip(sides) {
            if let Some(range) = side {
                let next = messages.list_thread(id, root_id, first_visible, range, 1);
                *is_more = !next.await?.is_empty();
            }
        }
        let [has_before, has_after] = is_more;
        Ok(MessagePage {
            conversation_id: id,
            rev: conversation.last_rev,
            last_seq: conversation.last_seq,
            has_before,
            has_after,
            messages: replies.iter().map(MessageDto::from).collect(),
        })
    }
}

/// The view of a thread of who takes part in it from now on. Nothing counts as read: a reply may have been written without reading
/// the others.
pub(super) fn follower(
    conversation: ConversationId,
    root: MessageRef,
    user: UserId,
) -> ThreadState {
    ThreadState {
        is_following: true,
        ..ThreadState::new(conversation, root.id, root.seq, user)
    }
}
