use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::groups::dto::BanPage;
use hubbub_domain::ids::{ConversationId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, Path, Query};
use super::members::PeopleQuery;
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(ban, lift))
}

/// List who was banned, by username; owners and admins may
#[utoipa::path(get, operation_id = "listBans", path = "/api/groups/{id}/bans", tag = "groups", params(("id" = ConversationId, Path), PeopleQuery), security(("bearer" = [])), responses(
    (status = OK, body = BanPage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<PeopleQuery>,
) -> Result<Json<BanPage>, Problem> {
    let after = query.after.as_deref();
    let page = app.groups.list_bans(caller.user.id, id, after, query.limit);
    Ok(Json(page.await?))
}

/// Keep a person out, who is removed if a member; owners and admins may
#[utoipa::path(put, operation_id = "banUser", path = "/api/groups/{id}/bans/{userId}", tag = "groups", params(("id" = ConversationId, Path), ("userId" = UserId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn ban(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, user_id)): Path<(ConversationId, UserId)>,
) -> Result<StatusCode, Problem> {
    app.groups.ban(caller.user.id, id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a person come back; owners and admins may
#[utoipa::path(delete, operation_id = "liftBan", path = "/api/groups/{id}/bans/{userId}", tag = "groups", params(("id" = ConversationId, Path), ("userId" = UserId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn lift(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, user_id)): Path<(ConversationId, UserId)>,
) -> Result<StatusCode, Problem> {
    app.groups.lift_ban(caller.user.id, id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
