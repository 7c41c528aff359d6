use hubbub_application::chat::dto::{PersonalDto, ThreadStateDto};
use hubbub_domain::ids::{ConversationId, MessageId};
use hubbub_domain::numbers::Seq;
use signalr_hub::{Context, Optional};

use super::chat_hub::{HubState, Result, user};
use crate::requests::PreferencesBody;

pub(super) async fn mark_read(
    context: Context<HubState>,
    id: ConversationId,
    seq: Seq,
    thread_of: Optional<MessageId>,
) -> Result<()> {
    let chat = &context.state().chat;
    let marked = chat.mark_read(user(&context), id, seq, thread_of.into_option());
    Ok(marked.await?)
}

pub(super) async fn mark_unread(
    context: Context<HubState>,
    id: ConversationId,
    seq: Seq,
) -> Result<()> {
    let chat = &context.state().chat;
    Ok(chat.mark_unread(user(&context), id, seq).await?)
}

pub(super) async fn set_preferences(
    context: Context<HubState>,
    id: ConversationId,
    preferences: PreferencesBody,
) -> Result<PersonalDto> {
    let chat = &context.state().chat;
    let changed = chat.change_preferences(user(&context), id, preferences.into());
    Ok(changed.await?)
}

pub(super) async fn follow_thread(
    context: Context<HubState>,
    id: ConversationId,
    root_id: MessageId,
    is_following: bool,
) -> Result<ThreadStateDto> {
    let chat = &context.state().chat;
    let followed = chat.follow_thread(user(&context), id, root_id, is_following);
    Ok(followed.await?)
}

pub(super) async fn typing(
    context: Context<HubState>,
    id: ConversationId,
    is_typing: bool,
) -> Result<()> {
    let chat = &context.state().chat;
    Ok(chat.typing(user(&context), id, is_typing).await?)
}
