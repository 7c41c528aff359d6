use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::{
    ConversationList, ConversationSummary, MessagePage, SendReceipt,
};
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use super::users::default_limit;
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(open_direct))
        .routes(routes!(get))
        .routes(routes!(history, send))
        .routes(routes!(mark_read))
        .routes(routes!(typing))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OpenDirectRequest {
    user_id: UserId,
}

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SendRequest {
    /// The sender's own key for the message; a repeat under the same key is answered with the same receipt.
    pub(super) client_id: Option<ClientId>,
    /// 1 to 16,384 characters.
    pub(super) body: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MarkReadRequest {
    /// The newest message that was read.
    seq: Seq,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TypingRequest {
    is_typing: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// The messages right before this one.
    before: Option<Seq>,
    /// The messages right after this one.
    after: Option<Seq>,
    /// The messages around this one, it included.
    around: Option<Seq>,
    /// How many at most, 1 to 200.
    #[serde(default = "default_limit")]
    #[param(default = 50)]
    limit: i64,
}

impl HistoryQuery {
    fn range(&self) -> Result<MessageRange, Problem> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(MessageRange::Newest),
            (Some(seq), None, None) => Ok(MessageRange::Before(seq)),
            (None, Some(seq), None) => Ok(MessageRange::After(seq)),
            (None, None, Some(seq)) => Ok(MessageRange::Around(seq)),
            _ => Err(Problem::invalid_request(
                "give only one of before, after and around",
            )),
        }
    }
}

/// List one's conversations, the latest activity first
#[utoipa::path(get, operation_id = "listConversations", path = "/api/conversations", tag = "conversations", security(("bearer" = [])), responses(
    (status = OK, body = ConversationList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<ConversationList>, Problem> {
    Ok(Json(app.chat.list(caller.user.id).await?))
}

/// Describe one of one's conversations
#[utoipa::path(get, operation_id = "getConversation", path = "/api/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationSummary>, Problem> {
    Ok(Json(app.chat.get(caller.user.id, id).await?))
}

/// Find or open the one conversation with a person
#[utoipa::path(post, operation_id = "openDirect", path = "/api/conversations/direct", tag = "conversations", request_body = OpenDirectRequest, security(("bearer" = [])), responses(
    (status = OK, body = ConversationSummary),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn open_direct(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<OpenDirectRequest>,
) -> Result<Json<ConversationSummary>, Problem> {
    let summary = app.chat.open_direct(caller.user.id, request.user_id);
    Ok(Json(summary.await?))
}

/// Read a page of messages
#[utoipa::path(get, operation_id = "listMessages", path = "/api/conversations/{id}/messages", tag = "conversations", params(("id" = ConversationId, Path), HistoryQuery), security(("bearer" = [])), responses(
    (status = OK, body = MessagePage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn history(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<MessagePage>, Problem> {
    let (range, limit) = (query.range()?, query.limit);
    Ok(Json(
        app.chat.history(caller.user.id, id, range, limit).await?,
    ))
}

/// Send a message
///
/// The answer means that the message is on disk. Send the same `clientId` again until it is answered.
#[utoipa::path(post, operation_id = "sendMessage", path = "/api/conversations/{id}/messages", tag = "conversations", params(("id" = ConversationId, Path)), request_body = SendRequest, security(("bearer" = [])), responses(
    (status = CREATED, body = SendReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn send(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<SendRequest>,
) -> Result<(StatusCode, Json<SendReceipt>), Problem> {
    let send = SendMessage {
        conversation_id: id,
        client_id: request.client_id,
        body: request.body,
    };
    let receipt = app.chat.send(caller.user.id, send).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// Say up to where one has read
#[utoipa::path(put, operation_id = "markRead", path = "/api/conversations/{id}/read", tag = "conversations", params(("id" = ConversationId, Path)), request_body = MarkReadRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn mark_read(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<MarkReadRequest>,
) -> Result<StatusCode, Problem> {
    app.chat.mark_read(caller.user.id, id, request.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that one types, every 3 seconds, or has stopped
#[utoipa::path(post, operation_id = "setTyping", path = "/api/conversations/{id}/typing", tag = "conversations", params(("id" = ConversationId, Path)), request_body = TypingRequest, security(("bearer" = [])), responses(
    (status = NO_CONTENT),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn typing(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Body(request): Body<TypingRequest>,
) -> Result<StatusCode, Problem> {
    let typing = app.chat.typing(caller.user.id, id, request.is_typing);
    typing.await?;
    Ok(StatusCode::NO_CONTENT)
}
