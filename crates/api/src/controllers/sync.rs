use axum::Json;
use axum::extract::State;
use hubbub_application::chat::dto::SyncPage;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::Rev;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use crate::problem::Problem;
use crate::requests::SyncBody;
use crate::state::App;

/// How many pages one answer has at most. Over the hub they come as a stream, which has no end but the last.
const MAX_PAGES: usize = 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sync))
        .routes(routes!(list_changes))
}

#[derive(Serialize, ToSchema)]
struct SyncAnswer {
    /// At most 20, to be applied in their order.
    #[schema(max_items = 20)]
    pages: Vec<SyncPage>,
    /// Whether that was not everything: ask again with the positions that these lead to.
    more: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct ChangesQuery {
    /// The position that one has.
    after_rev: Rev,
    /// How many rows at most, 1 to 200.
    #[serde(default = "default_changes_limit")]
    #[param(default = 200)]
    limit: i64,
}

fn default_changes_limit() -> i64 {
    200
}

/// Bring a client up to date that was away
///
/// Who is up to date gets the page `done` alone.
#[utoipa::path(post, operation_id = "sync", path = "/api/sync", tag = "sync", request_body = SyncBody, security(("bearer" = [])), responses(
    (status = OK, body = SyncAnswer),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn sync(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<SyncBody>,
) -> Result<Json<SyncAnswer>, Problem> {
    let mut syncing = app.chat.sync(caller.user.id, request.into()).await?;
    let mut pages = Vec::new();
    while pages.len() < MAX_PAGES
        && let Some(page) = syncing.next().await?
    {
        pages.push(page);
    }
    let more = !matches!(pages.last(), Some(SyncPage::Done { .. }));
    Ok(Json(SyncAnswer { pages, more }))
}

/// Read what happened in a conversation after a position: a page `changes`, or `reset`
#[utoipa::path(get, operation_id = "listChanges", path = "/api/conversations/{id}/changes", tag = "sync", params(("id" = ConversationId, Path), ChangesQuery), security(("bearer" = [])), responses(
    (status = OK, body = SyncPage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_changes(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<SyncPage>, Problem> {
    let page = app
        .chat
        .changes(caller.user.id, id, query.after_rev, query.limit);
    Ok(Json(page.await?))
}
