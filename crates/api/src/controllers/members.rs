use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::groups::dto::MemberPage;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_members, add_member))
        .routes(routes!(change_role, remove_member))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddMemberRequest {
    user_id: UserId,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeRoleRequest {
    role: MemberRole,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PeopleQuery {
    /// The `next` of the page before.
    pub(super) after: Option<String>,
    /// How many at most, 1 to 200.
    #[serde(default = "default_member_limit")]
    #[param(default = 200)]
    pub(super) limit: i64,
}

fn default_member_limit() -> i64 {
    200
}

/// List the members by username
#[utoipa::path(get, operation_id = "listMembers", path = "/api/groups/{id}/members", tag = "groups", params(("id" = ConversationId, Path), PeopleQuery), security(("bearer" = [])), responses(
    (status = OK, body = MemberPage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_members(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<PeopleQuery>,
) -> Result<Json<MemberPage>, Problem> {
    let after = query.after.as_deref();
    let page = app
        .groups
        .list_members(caller.user.id, id, after, query.limit);
    Ok(Json(page.await?))
}

/// Add a person
#[utoipa::path(post, operation_id = "addMember", path = "/api/groups/{id}/members", tag = "groups", params(("id" = ConversationId, Path)), request_body = AddMemberRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn add_member(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<AddMemberRequest>,
) -> Result<StatusCode, Problem> {
    let added = app.groups.add_member(caller.user.id, id, request.user_id);
    added.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a member another role
///
/// Owners give any, admins `member` and `readOnly` to who is neither owner nor admin. The last owner stays one.
#[utoipa::path(put, operation_id = "changeRole", path = "/api/groups/{id}/members/{userId}", tag = "groups", params(("id" = ConversationId, Path), ("userId" = UserId, Path)), request_body = ChangeRoleRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn change_role(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, user_id)): Path<(ConversationId, UserId)>,
    Body(request): Body<ChangeRoleRequest>,
) -> Result<StatusCode, Problem> {
    let changed = app
        .groups
        .change_role(caller.user.id, id, user_id, request.role);
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member, or oneself
#[utoipa::path(delete, operation_id = "removeMember", path = "/api/groups/{id}/members/{userId}", tag = "groups", params(("id" = ConversationId, Path), ("userId" = UserId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn remove_member(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, user_id)): Path<(ConversationId, UserId)>,
) -> Result<StatusCode, Problem> {
    app.groups
        .remove_member(caller.user.id, id, user_id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
