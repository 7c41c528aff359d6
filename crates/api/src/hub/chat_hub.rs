use std::sync::Arc;

use hubbub_application::auth::{AuthError, AuthService};
use hubbub_application::chat::dto::{ConversationSummary, SendReceipt};
use hubbub_application::chat::{ChatService, SendMessage, SendPrivateMessage};
use hubbub_application::groups::GroupService;
use hubbub_application::ports::Clock;
use hubbub_application::presence::dto::PresenceDto;
use hubbub_application::presence::{Departure, PresenceService};
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::numbers::Seq;
use serde::Deserialize;
use signalr_hub::{ConnectionId, Context, DisconnectReason, Hub, HubOptions, Optional};
use tokio::time::Instant;

use super::authenticate::TokenAuthentication;
use super::outbound::session_revoked;
use super::session::HubSession;
use super::watching::Watching;
use crate::problem::HubProblem;
use crate::relay::Relay;

/// How large one hub message may be.
const MAX_FRAME_BYTES: usize = 128 * 1024;
/// How deeply the arguments of a hub message may be nested.
const MAX_DEPTH: usize = 32;

/// What the hub's methods need.
#[derive(Clone)]
pub(crate) struct HubState {
    pub(crate) auth: Arc<AuthService>,
    pub(crate) chat: Arc<ChatService>,
    pub(crate) groups: Arc<GroupService>,
    pub(crate) presence: Arc<PresenceService>,
    pub(crate) watching: Arc<Watching>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) relay: Relay<ConnectionId>,
}

type Result<T> = std::result::Result<T, HubProblem>;

/// The hub with all its methods.
pub(crate) fn build(state: HubState) -> Hub<HubState> {
    let authentication = TokenAuthentication {
        auth: Arc::clone(&state.auth),
        clock: Arc::clone(&state.clock),
    };
    Hub::with_state(state)
        .options(HubOptions {
            maximum_receive_message_size: MAX_FRAME_BYTES,
            maximum_depth: MAX_DEPTH,
            close_on_authentication_expiration: true,
            // Who writes a client must see what is wrong with a call.
            detailed_binding_errors: true,
            ..HubOptions::default()
        })
        .authenticate(authentication)
        .on_connected(connected)
        .on_disconnected(disconnected)
        .on("SendPrivateMessage", send_private_message)
        .on("SendToGroup", send_to_group)
        .on("SendMessage", send_message)
        .on("JoinGroup", join_group)
        .on("LeaveGroup", leave_group)
        .on("MarkRead", mark_read)
        .on("Typing", typing)
        .on("WatchPresence", watch_presence)
        .on("UnwatchPresence", unwatch_presence)
        .on("Reauthenticate", reauthenticate)
        .build()
}

/// Makes the connection live, and only then asks whether its sign-in is still good: one that ends in between is noticed here or by
/// the event that the end publishes. Others are told last, when nothing can fail any more.
async fn connected(context: Context<HubState>) -> Result<()> {
    let (state, session) = (context.state(), session(&context));
    let id = context.connection_id();
    state.watching.open(id.as_str(), session.user_id);
    if let Err(error) = attach(&context, &session).await {
        leave(state, &id, Departure::Lost);
        return Err(error);
    }
    state.presence.connected(session.user_id, id.as_str());
    tracing::debug!(user.id = %session.user_id, connection.id = %id, "a connection is live");
    Ok(())
}

async fn attach(context: &Context<HubState>, session: &HubSession) -> Result<()> {
    let state = context.state();
    let id = context.connection_id();
    state.relay.attach(id, session.user_id).await?;
    if state.auth.is_live(session.session_id).await? {
        Ok(())
    } else {
        Err(AuthError::SessionRevoked.into())
    }
}

async fn disconnected(context: Context<HubState>, reason: DisconnectReason) {
    // A sign-out may have come while the connection was still becoming live.
    let departure = if reason == DisconnectReason::ClosedByServer(session_revoked()) {
        Departure::SignedOut
    } else {
        Departure::Lost
    };
    leave(context.state(), &context.connection_id(), departure);
    tracing::debug!(connection.id = %context.connection_id(), ?reason, "a connection has ended");
}

fn leave(state: &HubState, id: &ConnectionId, departure: Departure) {
    state.relay.detach(id);
    state.watching.close(id.as_str());
    state.presence.disconnected(id.as_str(), departure);
}

async fn send_private_message(
    context: Context<HubState>,
    receiver_id: UserId,
    body: String,
    client_id: Optional<ClientId>,
) -> Result<SendReceipt> {
    let send = SendPrivateMessage {
        receiver_id,
        client_id: client_id.into_option(),
        body,
    };
    Ok(context
        .state()
        .chat
        .send_private(user(&context), send)
        .await?)
}

async fn send_to_group(
    context: Context<HubState>,
    conversation_id: ConversationId,
    body: String,
    client_id: Optional<ClientId>,
) -> Result<SendReceipt> {
    let send = SendMessage {
        conversation_id,
        client_id: client_id.into_option(),
        body,
    };
    Ok(context.state().chat.send(user(&context), send).await?)
}

/// The argument of `SendMessage`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Outgoing {
    conversation_id: ConversationId,
    client_id: Option<ClientId>,
    body: String,
}

async fn send_message(context: Context<HubState>, message: Outgoing) -> Result<SendReceipt> {
    let send = SendMessage {
        conversation_id: message.conversation_id,
        client_id: message.client_id,
        body: message.body,
    };
    Ok(context.state().chat.send(user(&context), send).await?)
}

async fn join_group(context: Context<HubState>, id: ConversationId) -> Result<ConversationSummary> {
    Ok(context.state().groups.join(user(&context), id).await?)
}

async fn leave_group(context: Context<HubState>, id: ConversationId) -> Result<()> {
    Ok(context.state().groups.leave(user(&context), id).await?)
}

async fn mark_read(context: Context<HubState>, id: ConversationId, seq: Seq) -> Result<()> {
    let chat = &context.state().chat;
    Ok(chat.mark_read(user(&context), id, seq).await?)
}

async fn typing(context: Context<HubState>, id: ConversationId, is_typing: bool) -> Result<()> {
    let chat = &context.state().chat;
    Ok(chat.typing(user(&context), id, is_typing).await?)
}

async fn watch_presence(
    context: Context<HubState>,
    users: Vec<UserId>,
) -> Result<Vec<PresenceDto>> {
    let (watching, id) = (&context.state().watching, context.connection_id());
    Ok(watching.watch(id.as_str(), user(&context), &users).await?)
}

async fn unwatch_presence(context: Context<HubState>, users: Vec<UserId>) -> Result<()> {
    let watching = &context.state().watching;
    watching.end(context.connection_id().as_str(), &users);
    Ok(())
}

/// When a renewed connection ends, kept with the connection.
#[derive(Clone, Copy)]
struct RenewedUntil(hubbub_domain::timestamp::Timestamp);

async fn reauthenticate(context: Context<HubState>, access_token: String) -> Result<()> {
    let state = context.state();
    let own = session(&context);
    let access = state.auth.renew_hub(&access_token).await?;
    if access.identity.user.id != own.user_id {
        return Err(AuthError::Unauthenticated.into());
    }
    let before = context
        .items()
        .get::<RenewedUntil>()
        .map_or(own.deadline, |renewed| renewed.0);
    let deadline = before.max(access.deadline);
    context.items().insert(RenewedUntil(deadline));
    let left = deadline.since(state.clock.now());
    context.connection().renew(Instant::now() + left);
    Ok(())
}

fn session(context: &Context<HubState>) -> HubSession {
    context
        .user()
        .get::<HubSession>()
        .copied()
        .expect("authentication gives every user of the hub a session")
}

fn user(context: &Context<HubState>) -> UserId {
    session(context).user_id
}
