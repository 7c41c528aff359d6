use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::dto::ConversationSummary;
use hubbub_application::groups::{ChangeSettings, GroupKind, NewGroup};
use hubbub_domain::conversation::HistoryVisibility;
use hubbub_domain::ids::{ConversationId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_channels, create))
        .routes(routes!(change_settings))
        .routes(routes!(join))
        .routes(routes!(leave))
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
    /// What those who join later may read of the past: if left out, nothing of a group's and everything of a channel's.
    history: Option<HistoryVisibility>,
    /// Who is in it from the start, besides oneself; at most 100.
    #[serde(default)]
    member_ids: Vec<UserId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeSettingsRequest {
    /// 1 to 80 characters.
    name: Option<String>,
    /// Up to 250 characters; an empty one takes the topic away.
    topic: Option<String>,
    /// What those who join from now on may read of the past.
    history: Option<HistoryVisibility>,
}

#[derive(Serialize, ToSchema)]
struct GroupList {
    groups: Vec<ConversationSummary>,
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
        history: request.history,
        member_ids: request.member_ids,
    };
    let summary = app.groups.create(caller.user.id, wish).await?;
    Ok((StatusCode::CREATED, Json(summary)))
}

/// Change name, topic or visible history; owners and admins may
#[utoipa::path(patch, operation_id = "changeGroup", path = "/api/groups/{id}", tag = "groups", params(("id" = ConversationId, Path)), request_body = ChangeSettingsRequest, security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn change_settings(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<ChangeSettingsRequest>,
) -> Result<Json<ConversationSummary>, Problem> {
    let wish = ChangeSettings {
        name: request.name,
        topic: request.topic,
        history: request.history,
    };
    let changed = app.groups.change_settings(caller.user.id, id, wish);
    Ok(Json(changed.await?))
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
