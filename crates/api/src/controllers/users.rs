use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::auth::dto::SessionDto;
use hubbub_application::chat::SendPrivateMessage;
use hubbub_application::chat::dto::SendReceipt;
use hubbub_application::presence::dto::OwnStatusDto;
use hubbub_application::users::ChangeProfile;
use hubbub_application::users::dto::{ProfileDto, UserDto, UserPage};
use hubbub_domain::ids::{ClientId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use crate::problem::Problem;
use crate::requests::StatusBody;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(me, update_me))
        .routes(routes!(my_status, set_my_status))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
        .routes(routes!(get))
        .routes(routes!(send))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Part of a username or display name.
    #[serde(default)]
    query: String,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most, 1 to 200.
    #[serde(default = "default_limit")]
    #[param(default = 50)]
    limit: i64,
}

pub(super) fn default_limit() -> i64 {
    50
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateMeRequest {
    /// 1 to 64 characters.
    display_name: Option<String>,
    /// Whether others are kept from seeing how far one has read. Who does that does not see it of others either.
    private_receipts: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SendPrivateRequest {
    /// The sender's own key for the message; a repeat under the same key is answered with the same receipt.
    client_id: Option<ClientId>,
    /// 1 to 16,384 characters.
    body: String,
}

#[derive(Serialize, ToSchema)]
struct SessionList {
    sessions: Vec<SessionDto>,
}

/// List people by username
#[utoipa::path(get, operation_id = "listUsers", path = "/api/users", tag = "users", params(ListQuery), security(("bearer" = [])), responses(
    (status = OK, body = UserPage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    _caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<UserPage>, Problem> {
    let after = query.after.as_deref();
    Ok(Json(
        app.users.list(&query.query, after, query.limit).await?,
    ))
}

/// Describe a person
#[utoipa::path(get, operation_id = "getUser", path = "/api/users/{id}", tag = "users", params(("id" = UserId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = UserDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    _caller: Caller,
    Path(id): Path<UserId>,
) -> Result<Json<UserDto>, Problem> {
    Ok(Json(app.users.get(id).await?))
}

/// Describe oneself
#[utoipa::path(get, operation_id = "getMe", path = "/api/users/me", tag = "users", security(("bearer" = [])), responses(
    (status = OK, body = ProfileDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn me(State(app): State<App>, Caller(caller): Caller) -> Result<Json<ProfileDto>, Problem> {
    Ok(Json(app.users.profile(caller.user.id).await?))
}

/// Change what one is called, or shows of oneself; what is left out stays as it is
#[utoipa::path(patch, operation_id = "updateMe", path = "/api/users/me", tag = "users", request_body = UpdateMeRequest, security(("bearer" = [])), responses(
    (status = OK, body = ProfileDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn update_me(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<UpdateMeRequest>,
) -> Result<Json<ProfileDto>, Problem> {
    let wish = ChangeProfile {
        display_name: request.display_name,
        private_receipts: request.private_receipts,
    };
    let profile = app.users.change_profile(caller.user.id, wish);
    Ok(Json(profile.await?))
}

/// Say what one says of oneself now
#[utoipa::path(get, operation_id = "getMyStatus", path = "/api/users/me/status", tag = "users", security(("bearer" = [])), responses(
    (status = OK, body = OwnStatusDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn my_status(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<OwnStatusDto>, Problem> {
    Ok(Json(app.presence.status(caller.user.id).await?))
}

/// Say something of oneself; what is left out is not said any more
#[utoipa::path(put, operation_id = "setMyStatus", path = "/api/users/me/status", tag = "users", request_body = StatusBody, security(("bearer" = [])), responses(
    (status = OK, body = OwnStatusDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn set_my_status(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<StatusBody>,
) -> Result<Json<OwnStatusDto>, Problem> {
    let status = app.presence.set_status(caller.user.id, request.into());
    Ok(Json(status.await?))
}

/// List one's sign-ins, the last used first
#[utoipa::path(get, operation_id = "listSessions", path = "/api/users/me/sessions", tag = "users", security(("bearer" = [])), responses(
    (status = OK, body = SessionList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_sessions(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<SessionList>, Problem> {
    let sessions = app.auth.list_sessions(&caller).await?;
    Ok(Json(SessionList { sessions }))
}

/// End one of one's sign-ins
#[utoipa::path(delete, operation_id = "revokeSession", path = "/api/users/me/sessions/{id}", tag = "users", params(("id" = SessionId, Path)), security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn revoke_session(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    app.auth.revoke_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a private message
///
/// Opens the direct conversation with that person if there is none. Send the same `clientId` again until it is answered.
#[utoipa::path(post, operation_id = "sendPrivateMessage", path = "/api/users/{id}/messages", tag = "messages", params(("id" = UserId, Path)), request_body = SendPrivateRequest, security(("bearer" = [])), responses(
    (status = CREATED, body = SendReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn send(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<UserId>,
    Body(request): Body<SendPrivateRequest>,
) -> Result<(StatusCode, Json<SendReceipt>), Problem> {
    let send = SendPrivateMessage {
        receiver_id: id,
        client_id: request.client_id,
        body: request.body,
    };
    let receipt = app.chat.send_private(caller.user.id, send).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}
