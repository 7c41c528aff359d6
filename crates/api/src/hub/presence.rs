use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::ids::UserId;
use signalr_hub::Context;

use super::chat_hub::{HubState, Result, user};
use crate::requests::StatusBody;

pub(super) async fn watch(
    context: Context<HubState>,
    users: Vec<UserId>,
) -> Result<Vec<PresenceDto>> {
    let (watching, id) = (&context.state().watching, context.connection_id());
    Ok(watching.watch(id.as_str(), user(&context), &users).await?)
}

pub(super) async fn unwatch(context: Context<HubState>, users: Vec<UserId>) -> Result<()> {
    let watching = &context.state().watching;
    watching.end(context.connection_id().as_str(), &users);
    Ok(())
}

pub(super) async fn set_status(context: Context<HubState>, status: StatusBody) -> Result<()> {
    let presence = &context.state().presence;
    presence.set_status(user(&context), status.into()).await?;
    Ok(())
}
