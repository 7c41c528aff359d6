use axum::Json;
use axum::extract::State;
use hubbub_application::auth::RegistrationMode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(describe))
}

/// What everybody may know of this server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ServerInfo {
    name: &'static str,
    version: &'static str,
    /// Whether the first account is still to be made.
    setup_required: bool,
    registration: RegistrationInfo,
}

/// Who may register once there is a first account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RegistrationInfo {
    Invitation,
    Open,
    Closed,
}

/// Describe the server
#[utoipa::path(get, operation_id = "describeServer", path = "/api/server", tag = "server", responses(
    (status = OK, body = ServerInfo),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn describe(State(app): State<App>) -> Result<Json<ServerInfo>, Problem> {
    let (setup_required, mode) = app.auth.registration().await?;
    Ok(Json(ServerInfo {
        name: "Hubbub",
        version: env!("CARGO_PKG_VERSION"),
        setup_required,
        registration: match mode {
            RegistrationMode::Invitation => RegistrationInfo::Invitation,
            RegistrationMode::Open => RegistrationInfo::Open,
            RegistrationMode::Closed => RegistrationInfo::Closed,
        },
    }))
}
