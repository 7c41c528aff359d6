use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::dto::ConversationSummary;
use hubbub_application::groups::dto::GroupInvitationPreview;
use hubbub_application::invitations::dto::CreatedInvitation;
use hubbub_domain::ids::{ConversationId, InvitationId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, OptionalBody, Path};
use super::invitations::{CreateInvitationRequest, InvitationList};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(preview))
        .routes(routes!(accept))
}

/// Make a link by which people come into a group; owners and admins may
///
/// Its code is answered here and nowhere else.
#[utoipa::path(post, operation_id = "createGroupInvitation", path = "/api/groups/{id}/invitations", tag = "groups", params(("id" = ConversationId, Path)), request_body = Option<CreateInvitationRequest>, security(("bearer" = [])), responses(
    (status = CREATED, body = CreatedInvitation),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    OptionalBody(request): OptionalBody<CreateInvitationRequest>,
) -> Result<(StatusCode, Json<CreatedInvitation>), Problem> {
    let created = app
        .groups
        .create_invitation(caller.user.id, id, request.into());
    Ok((StatusCode::CREATED, Json(created.await?)))
}

/// List the links into a group that can still be used, the newest first; owners and admins may
#[utoipa::path(get, operation_id = "listGroupInvitations", path = "/api/groups/{id}/invitations", tag = "groups", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = InvitationList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<InvitationList>, Problem> {
    let invitations = app.groups.list_invitations(caller.user.id, id).await?;
    Ok(Json(InvitationList { invitations }))
}

/// Withdraw a link into a group; owners and admins may
#[utoipa::path(delete, operation_id = "revokeGroupInvitation", path = "/api/groups/{id}/invitations/{invitationId}", tag = "groups", params(("id" = ConversationId, Path), ("invitationId" = InvitationId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn revoke(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, invitation_id)): Path<(ConversationId, InvitationId)>,
) -> Result<StatusCode, Problem> {
    let revoked = app
        .groups
        .revoke_invitation(caller.user.id, id, invitation_id);
    revoked.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say where a link leads, to somebody who holds it
#[utoipa::path(get, operation_id = "previewGroupInvitation", path = "/api/group-invitations/{code}", tag = "groups", params(("code" = String, Path)), security(("bearer" = [])), responses(
    (status = OK, body = GroupInvitationPreview),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn preview(
    State(app): State<App>,
    _caller: Caller,
    Path(code): Path<String>,
) -> Result<Json<GroupInvitationPreview>, Problem> {
    Ok(Json(app.groups.preview_invitation(&code).await?))
}

/// Come into a group by a link
///
/// Who is a member already uses nothing up.
#[utoipa::path(post, operation_id = "acceptGroupInvitation", path = "/api/group-invitations/{code}/accept", tag = "groups", params(("code" = String, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn accept(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(code): Path<String>,
) -> Result<Json<ConversationSummary>, Problem> {
    let accepted = app.groups.accept_invitation(caller.user.id, &code);
    Ok(Json(accepted.await?))
}
