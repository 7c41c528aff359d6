use hubbub_application::chat::dto::SendReceipt;
use hubbub_application::chat::{SendMessage, SendPrivateMessage};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::numbers::Rev;
use serde::Deserialize;
use signalr_hub::{Context, Optional};

use super::chat_hub::{HubState, Result, user};

/// The argument of `SendMessage`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Outgoing {
    conversation_id: ConversationId,
    pub(crate) client_id: Option<ClientId>,
    body: String,
    reply_to: Option<MessageId>,
    thread_of: Option<MessageId>,
    notify_all: Option<bool>,
}

pub(super) async fn send(context: Context<HubState>, message: Outgoing) -> Result<SendReceipt> {
    let send = SendMessage {
        conversation_id: message.conversation_id,
        client_id: message.client_id,
        body: message.body,
        reply_to: message.reply_to,
        thread_of: message.thread_of,
        notify_all: message.notify_all.unwrap_or_default(),
    };
    Ok(context.state().chat.send(user(&context), send).await?)
}

pub(super) async fn send_to_group(
    context: Context<HubState>,
    id: ConversationId,
    body: String,
    client_id: Optional<ClientId>,
) -> Result<SendReceipt> {
    let send = SendMessage::new(id, client_id.into_option(), body);
    Ok(context.state().chat.send(user(&context), send).await?)
}

pub(super) async fn send_private(
    context: Context<HubState>,
    receiver_id: UserId,
    body: String,
    client_id: Optional<ClientId>,
) -> Result<SendReceipt> {
    let send = SendPrivateMessage {
        receiver_id,
        client_id: client_id.into_option(),
        body,
    };
    let chat = &context.state().chat;
    Ok(chat.send_private(user(&context), send).await?)
}

pub(super) async fn edit(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
    body: String,
) -> Result<SendReceipt> {
    let chat = &context.state().chat;
    Ok(chat.edit(user(&context), id, message_id, body).await?)
}

pub(super) async fn delete(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
) -> Result<SendReceipt> {
    let chat = &context.state().chat;
    Ok(chat.delete(user(&context), id, message_id).await?)
}

pub(super) async fn restore(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
) -> Result<SendReceipt> {
    let chat = &context.state().chat;
    Ok(chat.restore(user(&context), id, message_id).await?)
}

pub(super) async fn add_reaction(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
    emoji: String,
) -> Result<Rev> {
    let chat = &context.state().chat;
    let added = chat.add_reaction(user(&context), id, message_id, &emoji);
    Ok(added.await?)
}

pub(super) async fn remove_reaction(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
    emoji: String,
) -> Result<Rev> {
    let chat = &context.state().chat;
    let removed = chat.remove_reaction(user(&context), id, message_id, &emoji);
    Ok(removed.await?)
}

pub(super) async fn pin(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
) -> Result<Rev> {
    let chat = &context.state().chat;
    Ok(chat.pin(user(&context), id, message_id).await?)
}

pub(super) async fn unpin(
    context: Context<HubState>,
    id: ConversationId,
    message_id: MessageId,
) -> Result<Rev> {
    let chat = &context.state().chat;
    Ok(chat.unpin(user(&context), id, message_id).await?)
}
