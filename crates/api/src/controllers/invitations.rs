use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::invitations::NewInvitation;
use hubbub_application::invitations::dto::{CreatedInvitation, InvitationDto, InvitationPreview};
use hubbub_domain::ids::InvitationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, OptionalBody, Path};
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(preview))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateInvitationRequest {
    /// 1 to 8,760; a week if left out.
    expires_in_hours: Option<u32>,
    /// 1 to 1,000; one if left out.
    max_uses: Option<u32>,
}

impl From<CreateInvitationRequest> for NewInvitation {
    fn from(request: CreateInvitationRequest) -> Self {
        Self {
            expires_in_hours: request.expires_in_hours,
            max_uses: request.max_uses,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct InvitationList {
    pub(super) invitations: Vec<InvitationDto>,
}

/// Make an invitation
///
/// Its code is answered here and nowhere else.
#[utoipa::path(post, operation_id = "createInvitation", path = "/api/invitations", tag = "invitations", request_body = Option<CreateInvitationRequest>, security(("bearer" = [])), responses(
    (status = CREATED, body = CreatedInvitation),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    OptionalBody(request): OptionalBody<CreateInvitationRequest>,
) -> Result<(StatusCode, Json<CreatedInvitation>), Problem> {
    let created = app.invitations.create(caller.user.id, request.into());
    Ok((StatusCode::CREATED, Json(created.await?)))
}

/// List the invitations that can still be used, the newest first
#[utoipa::path(get, operation_id = "listInvitations", path = "/api/invitations", tag = "invitations", security(("bearer" = [])), responses(
    (status = OK, body = InvitationList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<InvitationList>, Problem> {
    let invitations = app.invitations.list(caller.user.id).await?;
    Ok(Json(InvitationList { invitations }))
}

/// Withdraw an invitation
#[utoipa::path(delete, operation_id = "revokeInvitation", path = "/api/invitations/{id}", tag = "invitations", params(("id" = InvitationId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn revoke(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, Problem> {
    app.invitations.revoke(caller.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say who invites, to somebody who holds a link
#[utoipa::path(get, operation_id = "previewInvitation", path = "/api/invitations/{code}/preview", tag = "invitations", params(("code" = String, Path)), responses(
    (status = OK, body = InvitationPreview),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn preview(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Json<InvitationPreview>, Problem> {
    Ok(Json(app.invitations.preview(&code).await?))
}
