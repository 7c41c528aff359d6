use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::dto::{PersonalDto, ReceiptDto};
use hubbub_domain::ids::{ConversationId, MessageId};
use hubbub_domain::numbers::Seq;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path};
use crate::problem::Problem;
use crate::requests::PreferencesBody;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(mark_read))
        .routes(routes!(mark_unread))
        .routes(routes!(change_preferences))
        .routes(routes!(list_receipts))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MarkReadRequest {
    /// The newest message that was read.
    seq: Seq,
    /// The message whose thread was read, if it was one.
    thread_of: Option<MessageId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MarkUnreadRequest {
    /// The first message that is to count as unread.
    seq: Seq,
}

#[derive(Serialize, ToSchema)]
struct ReceiptList {
    receipts: Vec<ReceiptDto>,
}

/// Say up to where one has read
#[utoipa::path(put, operation_id = "markRead", path = "/api/conversations/{id}/read", tag = "reading", params(("id" = ConversationId, Path)), request_body = MarkReadRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn mark_read(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<MarkReadRequest>,
) -> Result<StatusCode, Problem> {
    let marked = app
        .chat
        .mark_read(caller.user.id, id, request.seq, request.thread_of);
    marked.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let everything from a message on count as unread again
#[utoipa::path(put, operation_id = "markUnread", path = "/api/conversations/{id}/unread", tag = "reading", params(("id" = ConversationId, Path)), request_body = MarkUnreadRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn mark_unread(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<MarkUnreadRequest>,
) -> Result<StatusCode, Problem> {
    let marked = app.chat.mark_unread(caller.user.id, id, request.seq);
    marked.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mute a conversation, or choose what of it may disturb
#[utoipa::path(patch, operation_id = "changePreferences", path = "/api/conversations/{id}/preferences", tag = "reading", params(("id" = ConversationId, Path)), request_body = PreferencesBody, security(("bearer" = [])), responses(
    (status = OK, body = PersonalDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn change_preferences(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<PreferencesBody>,
) -> Result<Json<PersonalDto>, Problem> {
    let changed = app
        .chat
        .change_preferences(caller.user.id, id, request.into());
    Ok(Json(changed.await?))
}

/// List up to where the members have read
///
/// Nobody in conversations of more than 100 members; never those who keep it private; and nobody for who does that.
#[utoipa::path(get, operation_id = "listReceipts", path = "/api/conversations/{id}/receipts", tag = "reading", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ReceiptList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_receipts(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<ReceiptList>, Problem> {
    let receipts = app.chat.receipts(caller.user.id, id).await?;
    Ok(Json(ReceiptList { receipts }))
}
