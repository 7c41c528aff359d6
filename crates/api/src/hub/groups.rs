use hubbub_application::chat::dto::ConversationSummary;
use hubbub_domain::ids::ConversationId;
use signalr_hub::Context;

use super::chat_hub::{HubState, Result, user};

pub(super) async fn join(
    context: Context<HubState>,
    id: ConversationId,
) -> Result<ConversationSummary> {
    Ok(context.state().groups.join(user(&context), id).await?)
}

pub(super) async fn leave(context: Context<HubState>, id: ConversationId) -> Result<()> {
    Ok(context.state().groups.leave(user(&context), id).await?)
}
