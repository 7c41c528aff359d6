use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use http::{StatusCode, header};
use hubbub_application::auth::dto::{HubTicket, SignedIn};
use hubbub_application::auth::{AuthError, Login, Registration};
use hubbub_application::users::dto::UserDto;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, OptionalBody};
use super::refresh_cookie;
use crate::middleware::RemoteAddress;
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(hub_ticket))
}

/// How the refresh token travels.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum TokenDelivery {
    /// In a cookie that no script can read; for browsers.
    #[default]
    Cookie,
    /// In the body; for programs.
    Body,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegisterRequest {
    username: String,
    password: String,
    display_name: Option<String>,
    /// Makes the first account.
    setup_code: Option<String>,
    /// From an invitation.
    invite_code: Option<String>,
    device_name: Option<String>,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LoginRequest {
    username: String,
    password: String,
    device_name: Option<String>,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RefreshRequest {
    /// Left out by browsers, whose token comes in the cookie.
    refresh_token: Option<String>,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogoutRequest {
    /// Left out by browsers, whose token comes in the cookie.
    refresh_token: Option<String>,
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    access_token: String,
    /// For how many seconds the access token is accepted.
    expires_in: u64,
    user: UserDto,
    /// Only if it was asked for in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// Make an account and sign in
#[utoipa::path(post, operation_id = "register", path = "/api/auth/register", tag = "auth", request_body = RegisterRequest, responses(
    (status = CREATED, body = Session),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn register(
    State(app): State<App>,
    RemoteAddress(address): RemoteAddress,
    jar: CookieJar,
    Body(request): Body<RegisterRequest>,
) -> Result<Response, Problem> {
    app.login_throttle.register(address)?;
    let signed_in = app
        .auth
        .register(Registration {
            username: request.username,
            password: request.password,
            display_name: request.display_name,
            setup_code: request.setup_code,
            invite_code: request.invite_code,
            device_name: request.device_name,
        })
        .await?;
    Ok(session(
        &app,
        StatusCode::CREATED,
        jar,
        signed_in,
        request.token_delivery,
    ))
}

/// Sign in
#[utoipa::path(post, operation_id = "login", path = "/api/auth/login", tag = "auth", request_body = LoginRequest, responses(
    (status = OK, body = Session),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn login(
    State(app): State<App>,
    RemoteAddress(address): RemoteAddress,
    jar: CookieJar,
    Body(request): Body<LoginRequest>,
) -> Result<Response, Problem> {
    let attempt = app.login_throttle.sign_in(address, &request.username)?;
    let signed_in = app
        .auth
        .login(Login {
            username: request.username,
            password: request.password,
            device_name: request.device_name,
        })
        .await;
    if !matches!(signed_in, Err(AuthError::InvalidCredentials)) {
        attempt.forgive();
    }
    Ok(session(
        &app,
        StatusCode::OK,
        jar,
        signed_in?,
        request.token_delivery,
    ))
}

/// Exchange the refresh token for the next one and a fresh access token
#[utoipa::path(post, operation_id = "refresh", path = "/api/auth/refresh", tag = "auth", request_body = Option<RefreshRequest>, responses(
    (status = OK, body = Session),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn refresh(
    State(app): State<App>,
    jar: CookieJar,
    OptionalBody(request): OptionalBody<RefreshRequest>,
) -> Result<Response, Problem> {
    let token = request
        .refresh_token
        .or_else(|| refresh_cookie::read(&jar))
        .ok_or(AuthError::Unauthenticated)?;
    let signed_in = app.auth.refresh(&token).await?;
    Ok(session(
        &app,
        StatusCode::OK,
        jar,
        signed_in,
        request.token_delivery,
    ))
}

/// End the sign-in that the refresh token belongs to
#[utoipa::path(post, operation_id = "logout", path = "/api/auth/logout", tag = "auth", request_body = Option<LogoutRequest>, responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn logout(
    State(app): State<App>,
    jar: CookieJar,
    OptionalBody(request): OptionalBody<LogoutRequest>,
) -> Result<Response, Problem> {
    let token = request.refresh_token.or_else(|| refresh_cookie::read(&jar));
    if let Some(token) = token {
        app.auth.logout(&token).await?;
    }
    let jar = refresh_cookie::clear(jar, &app.config.server);
    Ok((StatusCode::NO_CONTENT, jar).into_response())
}

/// Get a ticket that opens one hub connection
#[utoipa::path(post, operation_id = "createHubTicket", path = "/api/auth/hub-ticket", tag = "auth", security(("bearer" = [])), responses(
    (status = OK, body = HubTicket),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn hub_ticket(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<HubTicket>, Problem> {
    Ok(Json(app.auth.hub_ticket(&caller).await?))
}

fn session(
    app: &App,
    status: StatusCode,
    jar: CookieJar,
    signed_in: SignedIn,
    delivery: TokenDelivery,
) -> Response {
    let (jar, refresh_token) = match delivery {
        TokenDelivery::Body => (jar, Some(signed_in.refresh_token)),
        TokenDelivery::Cookie => {
            let lasts = signed_in
                .refresh_expires_at
                .since(app.clock.now())
                .as_secs();
            let seconds = i64::try_from(lasts).unwrap_or(i64::MAX);
            let token = signed_in.refresh_token;
            (
                refresh_cookie::set(jar, &app.config.server, token, seconds),
                None,
            )
        }
    };
    let body = Session {
        access_token: signed_in.access_token,
        expires_in: signed_in.expires_in,
        user: signed_in.user,
        refresh_token,
    };
    (
        status,
        [(header::CACHE_CONTROL, "no-store")],
        jar,
        Json(body),
    )
        .into_response()
}
