use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::dto::ConversationSummary;
use hubbub_application::groups::dto::MemberPage;
use hubbub_application::groups::{GroupKind, NewGroup};
use hubbub_domain::ids::{ConversationId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_channels, create))
        .routes(routes!(join))
        .routes(routes!(leave))
        .routes(routes!(list_members, add_member))
        .routes(routes!(remove_member))
}

/// Private or public.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum NewGroupKind {
    /// One must be added.
    #[default]
    Group,
    /// Anybody may find and join it.
    Channel,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateGroupRequest {
    /// 1 to 80 characters.
    name: String,
    #[serde(default)]
    kind: NewGroupKind,
    /// Up to 250 characters.
    topic: Option<String>,
    /// Who is in it from the start, besides oneself; at most 100.
    #[serde(default)]
    member_ids: Vec<UserId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddMemberRequest {
    user_id: UserId,
}

#[derive(Serialize, ToSchema)]
struct GroupList {
    groups: Vec<ConversationSummary>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MembersQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most, 1 to 200.
    #[serde(default = "default_member_limit")]
    #[param(default = 200)]
    limit: i64,
}

fn default_member_limit() -> i64 {
    200
}

/// List the channels that anybody may join, by name
#[utoipa::path(get, operation_id = "listChannels", path = "/api/groups", tag = "groups", security(("bearer" = [])), responses(
    (status = OK, body = GroupList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_channels(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<GroupList>, Problem> {
    let groups = app.groups.list_channels(caller.user.id).await?;
    Ok(Json(GroupList { groups }))
}

/// Found a group or channel
#[utoipa::path(post, operation_id = "createGroup", path = "/api/groups", tag = "groups", request_body = CreateGroupRequest, security(("bearer" = [])), responses(
    (status = CREATED, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<CreateGroupRequest>,
) -> Result<(StatusCode, Json<ConversationSummary>), Problem> {
    let wish = NewGroup {
        name: request.name,
        kind: match request.kind {
            NewGroupKind::Group => GroupKind::Group,
            NewGroupKind::Channel => GroupKind::Channel,
        },
        topic: request.topic,
        member_ids: request.member_ids,
    };
    let summary = app.groups.create(caller.user.id, wish).await?;
    Ok((StatusCode::CREATED, Json(summary)))
}

/// Join a channel
#[utoipa::path(post, operation_id = "joinGroup", path = "/api/groups/{id}/join", tag = "groups", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn join(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationSummary>, Problem> {
    Ok(Json(app.groups.join(caller.user.id, id).await?))
}

/// Leave a group or channel
#[utoipa::path(post, operation_id = "leaveGroup", path = "/api/groups/{id}/leave", tag = "groups", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn leave(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Problem> {
    app.groups.leave(caller.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the members by username
#[utoipa::path(get, operation_id = "listMembers", path = "/api/groups/{id}/members", tag = "groups", params(("id" = ConversationId, Path), MembersQuery), security(("bearer" = [])), responses(
    (status = OK, body = MemberPage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_members(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<MembersQuery>,
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
