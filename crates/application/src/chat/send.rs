//! Sending: how a message gets into a conversation's log.

use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, DirectPair};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::MessageBody;
use hubbub_domain::unit_of_work::UnitOfWork;

use super::dto::SendReceipt;
use super::error::ChatError;
use super::log::{self, Post, Posted};
use super::service::ChatService;
use crate::events::{ConversationEvent, Event};

/// A message for a conversation.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// Where to.
    pub conversation_id: ConversationId,
    /// The sender's key for it; made by the server if not given.
    pub client_id: Option<ClientId>,
    /// What it says.
    pub body: String,
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

impl ChatService {
    /// Stores a message and answers its place. The answer means that it is on disk; a retry under the same client id gets
    /// the same answer.
    pub async fn send(&self, actor: UserId, send: SendMessage) -> Result<SendReceipt, ChatError> {
        let post = self.new_post(actor, send.client_id, send.body)?;
        let mut unit = self.store.begin().await?;
        let mut conversation = unit
            .conversations()
            .lock(send.conversation_id)
            .await?
            .ok_or(ChatError::ConversationNotFound)?;
        self.finish(unit, &mut conversation, post, Vec::new()).await
    }

    /// Stores a message for one person, opening the conversation if there is none. Answers as [`ChatService::send`] does.
    pub async fn send_private(
        &self,
        actor: UserId,
        send: SendPrivateMessage,
    ) -> Result<SendReceipt, ChatError> {
        let post = self.new_post(actor, send.client_id, send.body)?;
        let pair = DirectPair::of(actor, send.receiver_id).ok_or(ChatError::WithOneself)?;
        let mut unit = self.store.begin().await?;
        let mut events = Vec::new();
        let mut conversation = self.lock_direct(unit.as_mut(), pair, &mut events).await?;
        self.finish(unit, &mut conversation, post, events).await
    }

    fn new_post(
        &self,
        actor: UserId,
        client_id: Option<ClientId>,
        body: String,
    ) -> Result<Post, ChatError> {
        Ok(Post {
            id: MessageId::from_uuid(self.ids.uuid()),
            sender_id: actor,
            client_id: client_id.unwrap_or_else(|| ClientId::from_uuid(self.ids.uuid())),
            body: MessageBody::parse(body)?,
        })
    }

    /// Posts to a locked conversation, commits, and only then answers and publishes.
    async fn finish(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        conversation: &mut Conversation,
        post: Post,
        mut events: Vec<Event>,
    ) -> Result<SendReceipt, ChatError> {
        let posted = log::post(unit.as_mut(), conversation, post, self.clock.now()).await?;
        match posted {
            Posted::Before(message) => Ok(SendReceipt::posted(&message)),
            Posted::New(message) => {
                unit.commit().await?;
                let event = ConversationEvent::of_message(&message);
                events.push(Event::Conversation(Arc::new(event)));
                self.publish(events);
                Ok(SendReceipt::posted(&message))
            }
        }
    }
}
