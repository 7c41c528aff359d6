//! The one way in which a message gets into a conversation's log.

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::{
    Content, Mentions, Message, MessageBody, NewMessage, RequestHash, Text,
};
use hubbub_domain::permission;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::UnitOfWork;
use sha2::{Digest as _, Sha256};

use super::error::ChatError;

/// A message to be posted.
pub(super) struct Post {
    pub(super) id: MessageId,
    pub(super) sender_id: UserId,
    pub(super) client_id: ClientId,
    pub(super) body: MessageBody,
}

/// What became of it.
pub(super) enum Posted {
    /// It is new, and to be published after the commit.
    New(Message),
    /// It was stored before; this is a retry, and nothing was written.
    Before(Message),
}

/// Posts a message to a conversation whose row lock the unit of work holds. Everything it depends on is read after the lock
/// was taken, and a retry is recognised before a number is given, so the log has no holes.
pub(super) async fn post(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    post: Post,
    now: Timestamp,
) -> Result<Posted, ChatError> {
    let request_hash = request_hash(conversation.id, &post.body);
    let (sender_id, client_id) = (post.sender_id, post.client_id);
    if let Some(before) = find_before(unit, sender_id, client_id, request_hash).await? {
        return Ok(Posted::Before(before));
    }
    let stay = unit
        .memberships()
        .find_open(conversation.id, post.sender_id)
        .await?
        .ok_or(ChatError::ConversationNotFound)?;
    if !permission::may_post(stay.role) {
        return Err(ChatError::ReadOnly);
    }
    let message = conversation.post(
        NewMessage {
            id: post.id,
            sender_id: post.sender_id,
            client_id: post.client_id,
            request_hash,
            content: Content::Text(Text::new(post.body, Mentions::default())),
            reply_to: None,
            thread_root: None,
        },
        now,
    );
    match unit.messages().add(&message).await {
        // Under another conversation's lock, at the same time. Where the key is not to be found it was something else.
        Err(error) if error.is_conflict() => {
            let before = find_before(unit, sender_id, client_id, request_hash).await?;
            return before.map(Posted::Before).ok_or(error.into());
        }
        result => result?,
    }
    unit.conversations().update(conversation).await?;
    // Who had read everything before has read everything now. Clients derive the same from the message, so the move takes
    // no number of the sender's own log.
    unit.personal_states()
        .read_own(conversation.id, post.sender_id, message.seq)
        .await?;
    Ok(Posted::New(message))
}

/// What the sender has sent under that key. It must have been the same.
async fn find_before(
    unit: &mut dyn UnitOfWork,
    sender_id: UserId,
    client_id: ClientId,
    request_hash: RequestHash,
) -> Result<Option<Message>, ChatError> {
    let before = unit.messages().find_by_client_id(sender_id, client_id);
    match before.await? {
        Some(message) if message.request_hash != request_hash => {
            Err(ChatError::IdempotencyMismatch)
        }
        before => Ok(before),
    }
}

/// What a retry must repeat: the conversation and the text.
fn request_hash(conversation_id: ConversationId, body: &MessageBody) -> RequestHash {
    let mut hash = Sha256::new();
    hash.update(conversation_id.as_uuid().as_bytes());
    hash.update(body.as_str().as_bytes());
    RequestHash(hash.finalize().into())
}
