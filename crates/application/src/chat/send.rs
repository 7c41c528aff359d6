//! Sending: how what people write gets into a conversation's log.

use hubbub_domain::conversation::DirectPair;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::MessageBody;

use super::dto::SendReceipt;
use super::error::ChatError;
use super::service::ChatService;
use super::writer::Post;
use crate::ports::Action;

/// A message for a conversation.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// Where to.
    pub conversation_id: ConversationId,
    /// The sender's key for it; made by the server if not given.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub body: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The message whose thread it is for.
    pub thread_of: Option<MessageId>,
    /// Whether an `@all` in it is meant although the conversation has more than 50 members.
    pub notify_all: bool,
}

/// A message for one person.
#[derive(Clone, Debug)]
pub struct SendPrivateMessage {
    /// Whom to.
    pub receiver_id: UserId,
    /// The sender's key for it; made by the server if not given.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub body: String,
}

impl SendMessage {
    /// Plain words.
    pub fn new(conversation_id: ConversationId, client_id: Option<ClientId>, body: String) -> Self {
        Self {
            conversation_id,
            client_id,
            body,
            reply_to: None,
            thread_of: None,
            notify_all: false,
        }
    }
}

impl ChatService {
    /// Stores a message and answers its place. The answer means that it is on disk; a retry under the same client id gets
    /// the same answer.
    pub async fn send(&self, actor: UserId, send: SendMessage) -> Result<SendReceipt, ChatError> {
        let body = MessageBody::parse(send.body)?;
        self.slow_down(actor)?;
        let post = Post {
            reply_to: send.reply_to,
            thread_of: send.thread_of,
            notify_all: send.notify_all,
            ..self.plain_post(actor, send.conversation_id, send.client_id, body)
        };
        self.writer.post(post).await
    }

    /// Stores a message for one person, opening the conversation if there is none. Answers as [`ChatService::send`] does.
    pub async fn send_private(
        &self,
        actor: UserId,
        send: SendPrivateMessage,
    ) -> Result<SendReceipt, ChatError> {
        let pair = DirectPair::of(actor, send.receiver_id).ok_or(ChatError::WithOneself)?;
        // What cannot be sent opens no conversation.
        let body = MessageBody::parse(send.body)?;
        self.slow_down(actor)?;
        let id = self.direct(pair).await?;
        let post = self.plain_post(actor, id, send.client_id, body);
        self.writer.post(post).await
    }

    /// Repeats count like everything else: they are work, and a client that waits as long as it is told gets its answer.
    fn slow_down(&self, actor: UserId) -> Result<(), ChatError> {
        let taken = self.limits.take(Action::Send, actor);
        taken.map_err(ChatError::TooFast)
    }

    fn plain_post(
        &self,
        actor: UserId,
        conversation_id: ConversationId,
        client_id: Option<ClientId>,
        body: MessageBody,
    ) -> Post {
        Post {
            id: MessageId::from_uuid(self.ids.uuid()),
            conversation_id,
            sender_id: actor,
            client_id: client_id.unwrap_or_else(|| ClientId::from_uuid(self.ids.uuid())),
            body,
            reply_to: None,
            thread_of: None,
            notify_all: false,
        }
    }
}
