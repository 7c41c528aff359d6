use std::sync::Arc;

use hubbub_application::auth::{AuthError, AuthService};
use hubbub_application::chat::ChatService;
use hubbub_application::groups::GroupService;
use hubbub_application::ports::Clock;
use hubbub_application::presence::{Departure, PresenceService};
use hubbub_domain::ids::UserId;
use hubbub_domain::repository::ServerKey;
use signalr_hub::{
    ConnectionId, Context, DisconnectReason, Hub, HubBuilder, HubOptions, StatelessNegotiation,
};
use tokio::time::Instant;

use super::authenticate::TokenAuthentication;
use super::outbound::session_revoked;
use super::session::HubSession;
use super::watching::Watching;
use super::{groups, input, messages, presence, reading, sync};
use crate::metrics::Instruments;
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
    pub(crate) instruments: Instruments,
}

/// What a method answers.
pub(super) type Result<T> = std::result::Result<T, HubProblem>;

/// The hub with all its methods. Nodes with the same key accept what any of them has negotiated.
pub(crate) fn builder(state: HubState, connection_key: &ServerKey) -> HubBuilder<HubState> {
    let authentication = TokenAuthentication {
        auth: Arc::clone(&state.auth),
        clock: Arc::clone(&state.clock),
    };
    let observer = state.instruments.clone();
    Hub::with_state(state)
        .observe(observer)
        .options(HubOptions {
            maximum_receive_message_size: MAX_FRAME_BYTES,
            maximum_depth: MAX_DEPTH,
            close_on_authentication_expiration: true,
            // Who writes a client must see what is wrong with a call.
            detailed_binding_errors: true,
            // The node that negotiated need not be the one that a load balancer sends the WebSocket to.
            stateless_negotiation: Some(StatelessNegotiation::new(connection_key.secret)),
            ..HubOptions::default()
        })
        .authenticate(authentication)
        .filter(input::InputFilter)
        .on_connected(connected)
        .on_disconnected(disconnected)
        .on("SendPrivateMessage", messages::send_private)
        .on("SendToGroup", messages::send_to_group)
        .on("SendMessage", messages::send)
        .on("EditMessage", messages::edit)
        .on("DeleteMessage", messages::delete)
        .on("RestoreMessage", messages::restore)
        .on("AddReaction", messages::add_reaction)
        .on("RemoveReaction", messages::remove_reaction)
        .on("PinMessage", messages::pin)
        .on("UnpinMessage", messages::unpin)
        .on("JoinGroup", groups::join)
        .on("LeaveGroup", groups::leave)
        .on("MarkRead", reading::mark_read)
        .on("MarkUnread", reading::mark_unread)
        .on("SetPreferences", reading::set_preferences)
        .on("FollowThread", reading::follow_thread)
        .on("Typing", reading::typing)
        .on("Sync", sync::sync)
        .on("WatchPresence", presence::watch)
        .on("UnwatchPresence", presence::unwatch)
        .on("SetStatus", presence::set_status)
        .on("SetActivity", input::set_activity)
        .on("Reauthenticate", reauthenticate)
}

/// Makes the connection live, and only then asks whether its sign-in is still good: one that ends in between is noticed here or by
/// the event that the end publishes. Others are told last, when nothing can fail any more.
async fn connected(context: Context<HubState>) -> Result<()> {
    let (state, session) = (context.state(), session(&context));
    let id = context.connection_id();
    if let Err(error) = attach(&context, &session).await {
        leave(state, &id, Departure::Lost);
        return Err(error);
    }
    state.presence.connected(session.user_id, id.as_str());
    state.watching.open(id.as_str(), session.user_id);
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
    if reason == DisconnectReason::TooSlow {
        context.state().instruments.slow_connection_closed();
    }
    tracing::debug!(connection.id = %context.connection_id(), ?reason, "a connection has ended");
}

fn leave(state: &HubState, id: &ConnectionId, departure: Departure) {
    state.relay.detach(id);
    state.watching.close(id.as_str());
    state.presence.disconnected(id.as_str(), departure);
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

/// Who is calling.
pub(super) fn user(context: &Context<HubState>) -> UserId {
    session(context).user_id
}
