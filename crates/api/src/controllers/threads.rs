use axum::Json;
use axum::extract::State;
use hubbub_application::chat::dto::{FollowedThreadDto, ThreadStateDto};
use hubbub_domain::ids::{ConversationId, MessageId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(follow))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FollowRequest {
    following: bool,
}

#[derive(Serialize, ToSchema)]
struct ThreadList {
    threads: Vec<FollowedThreadDto>,
}

/// List the threads that one follows, the one with the newest reply first; at most 100
#[utoipa::path(get, operation_id = "listThreads", path = "/api/threads", tag = "threads", security(("bearer" = [])), responses(
    (status = OK, body = ThreadList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(app): State<App>, Caller(caller): Caller) -> Result<Json<ThreadList>, Problem> {
    let threads = app.chat.followed_threads(caller.user.id).await?;
    Ok(Json(ThreadList { threads }))
}

/// Follow a thread, or no longer
///
/// Who wrote its root or a reply, or is called in one, follows it without asking.
#[utoipa::path(put, operation_id = "followThread", path = "/api/conversations/{id}/threads/{rootId}/following", tag = "threads", params(("id" = ConversationId, Path), ("rootId" = MessageId, Path)), request_body = FollowRequest, security(("bearer" = [])), responses(
    (status = OK, body = ThreadStateDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn follow(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, root_id)): Path<(ConversationId, MessageId)>,
    Body(request): Body<FollowRequest>,
) -> Result<Json<ThreadStateDto>, Problem> {
    let followed = app
        .chat
        .follow_thread(caller.user.id, id, root_id, request.following);
    Ok(Json(followed.await?))
}
