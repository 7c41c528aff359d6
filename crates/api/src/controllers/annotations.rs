use axum::Json;
use axum::extract::State;
use hubbub_application::chat::dto::PinnedMessages;
use hubbub_domain::ids::{ConversationId, MessageId};
use hubbub_domain::numbers::Rev;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, Path};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(add_reaction, remove_reaction))
        .routes(routes!(pin, unpin))
        .routes(routes!(list_pins))
}

/// The answer to a reaction or a pin.
#[derive(Serialize, ToSchema)]
struct ChangeReceipt {
    /// The place of the change in the conversation's log; where nothing changed, of the message's latest one.
    rev: Rev,
}

/// Put a reaction beneath a message
///
/// One that is there already changes nothing.
#[utoipa::path(put, operation_id = "addReaction", path = "/api/conversations/{id}/messages/{messageId}/reactions/{emoji}", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path), ("emoji" = String, Path, description = "An emoji, percent-encoded", example = "👍")), security(("bearer" = [])), responses(
    (status = OK, body = ChangeReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn add_reaction(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id, emoji)): Path<(ConversationId, MessageId, String)>,
) -> Result<Json<ChangeReceipt>, Problem> {
    let added = app
        .chat
        .add_reaction(caller.user.id, id, message_id, &emoji);
    Ok(Json(ChangeReceipt { rev: added.await? }))
}

/// Take an own reaction away
///
/// One that is not there changes nothing.
#[utoipa::path(delete, operation_id = "removeReaction", path = "/api/conversations/{id}/messages/{messageId}/reactions/{emoji}", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path), ("emoji" = String, Path, description = "An emoji, percent-encoded", example = "👍")), security(("bearer" = [])), responses(
    (status = OK, body = ChangeReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn remove_reaction(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id, emoji)): Path<(ConversationId, MessageId, String)>,
) -> Result<Json<ChangeReceipt>, Problem> {
    let removed = app
        .chat
        .remove_reaction(caller.user.id, id, message_id, &emoji);
    Ok(Json(ChangeReceipt {
        rev: removed.await?,
    }))
}

/// Pin a message; in a channel, owners and admins may
#[utoipa::path(put, operation_id = "pinMessage", path = "/api/conversations/{id}/messages/{messageId}/pin", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ChangeReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn pin(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<ChangeReceipt>, Problem> {
    let rev = app.chat.pin(caller.user.id, id, message_id).await?;
    Ok(Json(ChangeReceipt { rev }))
}

/// Take a pin away
#[utoipa::path(delete, operation_id = "unpinMessage", path = "/api/conversations/{id}/messages/{messageId}/pin", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ChangeReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn unpin(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<ChangeReceipt>, Problem> {
    let rev = app.chat.unpin(caller.user.id, id, message_id).await?;
    Ok(Json(ChangeReceipt { rev }))
}

/// List the pinned messages, the latest pin first
#[utoipa::path(get, operation_id = "listPins", path = "/api/conversations/{id}/pins", tag = "messages", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = PinnedMessages),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_pins(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<PinnedMessages>, Problem> {
    Ok(Json(app.chat.pins(caller.user.id, id).await?))
}
