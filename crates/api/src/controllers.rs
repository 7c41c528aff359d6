//! The HTTP API: each handler parses, calls one service method, and renders.

mod annotations;
pub(crate) mod auth;
mod bans;
mod conversations;
pub(crate) mod extract;
mod group_invitations;
mod groups;
pub(crate) mod health;
mod invitations;
mod members;
mod messages;
mod reading;
mod refresh_cookie;
mod server;
mod sync;
mod threads;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::Problem;
use crate::state::App;

/// How large the body of a request may be. A message of 16,384 characters fits however it is escaped.
const MAX_BODY_BYTES: usize = 256 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hubbub",
        description = "The HTTP half of Hubbub's public contract. Live events and the other half are at the SignalR hub `/hubs/chat`.",
    ),
    components(schemas(Problem)),
    modifiers(&BearerSecurity),
    tags(
        (name = "auth", description = "Signing in and staying signed in"),
        (name = "users", description = "People"),
        (name = "invitations", description = "Letting people in"),
        (name = "conversations", description = "What one is a member of"),
        (name = "messages", description = "Writing, reading, and changing what was written"),
        (name = "threads", description = "Replies that hang on one message"),
        (name = "reading", description = "How far one has read, and what may disturb"),
        (name = "groups", description = "Groups and channels, and who is in them"),
        (name = "sync", description = "What happened while a client was away"),
        (name = "server", description = "The installation itself"),
    )
)]
struct ApiDoc;

struct BearerSecurity;

impl utoipa::Modify for BearerSecurity {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// All routes of the API with their description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .merge(server::routes())
        .merge(auth::routes())
        .merge(users::routes())
        .merge(invitations::routes())
        .merge(conversations::routes())
        .merge(messages::routes())
        .merge(annotations::routes())
        .merge(threads::routes())
        .merge(reading::routes())
        .merge(groups::routes())
        .merge(members::routes())
        .merge(bans::routes())
        .merge(group_invitations::routes())
        .merge(sync::routes())
}

/// The description of the HTTP API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// What the API answers where it has no route, and how much it reads.
pub(crate) fn bounded(router: Router<App>) -> Router<App> {
    router
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this route does not know that method",
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}
