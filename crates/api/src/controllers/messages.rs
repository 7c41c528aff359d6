use axum::Json;
use axum::extract::State;
use http::StatusCode;
use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::{MessageDto, MessagePage, RevisionDto, SendReceipt};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Caller, Path, Query};
use super::users::default_limit;
use crate::problem::Problem;
use crate::state::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, send))
        .routes(routes!(get, edit, delete))
        .routes(routes!(restore))
        .routes(routes!(list_revisions))
}

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SendRequest {
    /// The sender's own key for the message; a repeat under the same key is answered with the same receipt.
    client_id: Option<ClientId>,
    /// 1 to 16,384 characters.
    body: String,
    /// The message that it answers.
    reply_to: Option<MessageId>,
    /// The message whose thread it is for; not itself one of a thread.
    thread_of: Option<MessageId>,
    /// Whether an `@all` in it is meant although the conversation has more than 50 members.
    #[serde(default)]
    notify_all: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EditRequest {
    /// 1 to 16,384 characters.
    body: String,
}

#[derive(Serialize, ToSchema)]
struct RevisionList {
    /// The texts, the first one first; what the message says now is not among them.
    revisions: Vec<RevisionDto>,
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
    /// Only the replies in the thread of this message.
    thread: Option<MessageId>,
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

/// Read a page of messages, or of the replies in one thread
#[utoipa::path(get, operation_id = "listMessages", path = "/api/conversations/{id}/messages", tag = "messages", params(("id" = ConversationId, Path), HistoryQuery), security(("bearer" = [])), responses(
    (status = OK, body = MessagePage),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<MessagePage>, Problem> {
    let (range, limit) = (query.range()?, query.limit);
    let actor = caller.user.id;
    let page = match query.thread {
        Some(root) => app.chat.thread(actor, id, root, range, limit).await?,
        None => app.chat.history(actor, id, range, limit).await?,
    };
    Ok(Json(page))
}

/// Send a message
///
/// The answer means that the message is on disk. Send the same `clientId` again until it is answered.
#[utoipa::path(post, operation_id = "sendMessage", path = "/api/conversations/{id}/messages", tag = "messages", params(("id" = ConversationId, Path)), request_body = SendRequest, security(("bearer" = [])), responses(
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
        reply_to: request.reply_to,
        thread_of: request.thread_of,
        notify_all: request.notify_all,
    };
    let receipt = app.chat.send(caller.user.id, send).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// Read one message
#[utoipa::path(get, operation_id = "getMessage", path = "/api/conversations/{id}/messages/{messageId}", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = MessageDto),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<MessageDto>, Problem> {
    Ok(Json(app.chat.find(caller.user.id, id, message_id).await?))
}

/// Change what an own message says
///
/// What it said before stays readable. Where it says so already nothing changes.
#[utoipa::path(patch, operation_id = "editMessage", path = "/api/conversations/{id}/messages/{messageId}", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), request_body = EditRequest, security(("bearer" = [])), responses(
    (status = OK, body = SendReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn edit(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
    Body(request): Body<EditRequest>,
) -> Result<Json<SendReceipt>, Problem> {
    let edited = app
        .chat
        .edit(caller.user.id, id, message_id, request.body)
        .await?;
    Ok(Json(edited))
}

/// Delete a message: an own one, or, as owner or admin, anybody's
///
/// Nobody can read it any more. Its author can take that back for 10 seconds, if nobody else deleted it; then it is gone for good.
#[utoipa::path(delete, operation_id = "deleteMessage", path = "/api/conversations/{id}/messages/{messageId}", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = SendReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn delete(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<SendReceipt>, Problem> {
    Ok(Json(app.chat.delete(caller.user.id, id, message_id).await?))
}

/// Take the deletion of an own message back, within 10 seconds
#[utoipa::path(post, operation_id = "restoreMessage", path = "/api/conversations/{id}/messages/{messageId}/restore", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = SendReceipt),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn restore(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<SendReceipt>, Problem> {
    let restored = app.chat.restore(caller.user.id, id, message_id).await?;
    Ok(Json(restored))
}

/// List what a message said before it was edited
#[utoipa::path(get, operation_id = "listRevisions", path = "/api/conversations/{id}/messages/{messageId}/revisions", tag = "messages", params(("id" = ConversationId, Path), ("messageId" = MessageId, Path)), security(("bearer" = [])), responses(
    (status = OK, body = RevisionList),
    (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
))]
async fn list_revisions(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<Json<RevisionList>, Problem> {
    let revisions = app.chat.revisions(caller.user.id, id, message_id).await?;
    Ok(Json(RevisionList { revisions }))
}
