use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::dto::{ConversationList, ConversationSummary};
use hubbub_domain::ids::{ConversationId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(open_direct))
        .routes(routes!(get))
        .routes(routes!(typing))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OpenDirectRequest {
    user_id: UserId,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TypingRequest {
    is_typing: bool,
}

/// List one's conversations, the latest activity first
#[utoipa::path(get, operation_id = "listConversations", path = "/api/conversations", tag = "conversations", security(("bearer" = [])), responses(
    (status = OK, body = ConversationList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<ConversationList>, Problem> {
    Ok(Json(app.chat.list(caller.user.id).await?))
}

/// Describe one of one's conversations
#[utoipa::path(get, operation_id = "getConversation", path = "/api/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationSummary>, Problem> {
    Ok(Json(app.chat.get(caller.user.id, id).await?))
}

/// Find or open the one conversation with a person
#[utoipa::path(post, operation_id = "openDirect", path = "/api/conversations/direct", tag = "conversations", request_body = OpenDirectRequest, security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn open_direct(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<OpenDirectRequest>,
) -> Result<Json<ConversationSummary>, Problem> {
    let summary = app.chat.open_direct(caller.user.id, request.user_id);
    Ok(Json(summary.await?))
}

/// Say that one types, every 3 seconds, or has stopped
#[utoipa::path(post, operation_id = "setTyping", path = "/api/conversations/{id}/typing", tag = "conversations", params(("id" = ConversationId, Path)), request_body = TypingRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn typing(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<TypingRequest>,
) -> Result<StatusCode, Problem> {
    let typing = app.chat.typing(caller.user.id, id, request.is_typing);
    typing.await?;
    Ok(StatusCode::NO_CONTENT)
}
