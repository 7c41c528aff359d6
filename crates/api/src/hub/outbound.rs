use std::sync::{Arc, OnceLock};

use hubbub_application::chat::dto::Heads;
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, UserEvent, UserEventChange,
};
use hubbub_application::ports::Clock;
use hubbub_application::presence::dto::PresenceDto;
use hubbub_application::presence::{Departure, PresenceService};
use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::Seq;
use signalr_hub::{CloseReason, ConnectionId, HubContext, SendError};

use super::events::{
    Advanced, ConversationChanged, MemberChanged, MessageStep, ReadMarkerMoved, UserChanged,
    UserTyping,
};
use super::session::HubSession;
use super::watching::Watching;
use crate::metrics::Instruments;
use crate::relay::outbound::Outbound;

/// The relay's way to the connections of the hub. A conversation's followers are a SignalR group, and so are those who watch a
/// person.
pub(crate) struct HubOutbound {
    hub: OnceLock<HubContext>,
    presence: Arc<PresenceService>,
    watching: Arc<Watching>,
    clock: Arc<dyn Clock>,
    instruments: Instruments,
}

/// What connections are told whose sign-in has ended.
pub(super) fn session_revoked() -> CloseReason {
    CloseReason::error("session_revoked: This sign-in has ended.")
}

impl HubOutbound {
    /// A way that leads nowhere until the hub is there.
    pub(crate) fn new(
        presence: Arc<PresenceService>,
        watching: Arc<Watching>,
        clock: Arc<dyn Clock>,
        instruments: Instruments,
    ) -> Self {
        Self {
            hub: OnceLock::new(),
            presence,
            watching,
            clock,
            instruments,
        }
    }

    /// Names the hub. It is named once; another one is ignored.
    pub(crate) fn connect(&self, hub: HubContext) {
        self.watching.connect(hub.clone());
        let _ = self.hub.set(hub);
    }

    /// Closes what connections there still are of sign-ins that have ended.
    pub(crate) fn close_ended(&self, ended: &[(UserId, SessionId)]) {
        for (user, session) in ended {
            self.close_session(*user, *session);
        }
    }

    /// Closes the connections of a sign-in.
    fn close_session(&self, user: UserId, session: SessionId) {
        self.with(|hub| {
            for connection in hub.connections_of_user(&user.to_string()) {
                let own = connection.user().get::<HubSession>().copied();
                if own.is_some_and(|own| own.session_id == session) {
                    self.presence
                        .disconnected(connection.id().as_str(), Departure::SignedOut);
                    connection.close(session_revoked());
                }
            }
            Ok(())
        });
    }

    fn with(&self, send: impl FnOnce(&HubContext) -> Result<(), SendError>) {
        if let Some(hub) = self.hub.get()
            && let Err(error) = send(hub)
        {
            tracing::error!(%error, "an event cannot be serialised");
        }
    }
}

impl Outbound<ConnectionId> for HubOutbound {
    fn join(&self, key: &ConnectionId, id: ConversationId) {
        self.with(|hub| {
            if let Some(connection) = hub.connection(key.as_str()) {
                connection.join_group(&id.to_string());
            }
            Ok(())
        });
    }

    fn leave(&self, key: &ConnectionId, id: ConversationId) {
        self.with(|hub| {
            if let Some(connection) = hub.connection(key.as_str()) {
                connection.leave_group(&id.to_string());
            }
            Ok(())
        });
    }

    fn heads(&self, key: &ConnectionId, heads: &Heads) {
        self.with(|hub| match hub.connection(key.as_str()) {
            Some(connection) => connection.send("Heads", (heads,)),
            None => Ok(()),
        });
    }

    /// Clients take it as every other `Heads`: whoever is behind what it names has missed something.
    fn beacon(&self, key: &ConnectionId, heads: &Heads) {
        self.heads(key, heads);
    }

    fn conversation_step(&self, step: &ConversationEvent, hidden_from: &[ConnectionId]) {
        let (conversation_id, from_rev, to_rev) =
            (step.conversation_id, step.from_rev, step.to_rev);
        let group = conversation_id.to_string();
        let hidden: Vec<&str> = hidden_from.iter().map(ConnectionId::as_str).collect();
        let message_step = |message| MessageStep {
            message,
            from_rev,
            to_rev,
        };
        let advanced = || Advanced {
            conversation_id,
            from_rev,
            to_rev,
        };
        self.with(|hub| {
            let followers = hub.clients().group_except(&group, &hidden);
            match &step.change {
                ConversationEventChange::MessagePosted(message) => {
                    followers.send("ReceiveMessage", (message_step(message),))
                }
                ConversationEventChange::MessageChanged(message) => {
                    followers.send("MessageChanged", (message_step(message),))
                }
                ConversationEventChange::Member(change) => {
                    if !change.joined {
                        self.watching.recheck(change.user.id);
                    }
                    let event = MemberChanged {
                        conversation_id,
                        change,
                        from_rev,
                        to_rev,
                    };
                    followers.send("MemberChanged", (event,))
                }
                ConversationEventChange::Settings(settings) => {
                    let event = ConversationChanged {
                        conversation_id,
                        settings,
                        from_rev,
                        to_rev,
                    };
                    followers.send("ConversationChanged", (event,))
                }
                ConversationEventChange::Nothing => followers.send("Advanced", (advanced(),)),
            }?;
            if hidden.is_empty() {
                Ok(())
            } else {
                hub.clients()
                    .clients(&hidden)
                    .send("Advanced", (advanced(),))
            }
        });
        if let ConversationEventChange::MessagePosted(message) = &step.change {
            self.instruments
                .delivered(self.clock.now().since(message.sent_at));
        }
    }

    fn user_step(&self, key: &ConnectionId, step: &UserEvent) {
        match &step.change {
            UserEventChange::ConversationLost { .. } => self.watching.recheck(step.user_id),
            UserEventChange::ConversationGained { conversation } => {
                if let Some(peer) = &conversation.peer {
                    self.watching.gained(key.as_str(), peer.id);
                }
            }
            _ => {}
        }
        let event = UserChanged {
            from_rev: step.from_rev,
            to_rev: step.to_rev,
            change: &step.change,
        };
        self.with(|hub| match hub.connection(key.as_str()) {
            Some(connection) => connection.send("UserChanged", (event,)),
            None => Ok(()),
        });
    }

    fn typing(&self, id: ConversationId, user: UserId, is_typing: bool, own: &[ConnectionId]) {
        let event = UserTyping {
            conversation_id: id,
            user_id: user,
            is_typing,
        };
        let own: Vec<&str> = own.iter().map(ConnectionId::as_str).collect();
        self.with(|hub| {
            hub.clients()
                .group_except(&id.to_string(), &own)
                .send("UserTyping", (event,))
        });
    }

    fn read_marker_moved(
        &self,
        id: ConversationId,
        user: UserId,
        seq: Seq,
        private: &[ConnectionId],
    ) {
        let event = ReadMarkerMoved {
            conversation_id: id,
            user_id: user,
            seq,
        };
        let private: Vec<&str> = private.iter().map(ConnectionId::as_str).collect();
        self.with(|hub| {
            hub.clients()
                .group_except(&id.to_string(), &private)
                .send("ReadMarkerMoved", (event,))
        });
    }

    fn presence(&self, presence: &PresenceDto) {
        self.watching.offer(presence);
    }

    fn session_ended(&self, user: UserId, session: SessionId) {
        self.close_session(user, session);
        self.presence.signed_out(user);
    }
}
