//! What a violation is about.

use crate::history::{Action, MessageRow};
use crate::ids::{ClientId, ConversationId, DeviceId, MessageId};

/// What a violation is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(super) conversation: ConversationId,
    /// Nothing: the conversation as a whole.
    pub(super) messages: Vec<(u64, Option<ClientId>, Option<MessageId>)>,
    /// None: only what was sent and stored matters.
    pub(super) devices: Vec<DeviceId>,
    pub(super) positions: bool,
}

impl Subject {
    pub(crate) fn of(conversation: ConversationId) -> Self {
        Self {
            conversation,
            messages: Vec::new(),
            devices: Vec::new(),
            positions: false,
        }
    }

    pub(crate) fn row(mut self, row: &MessageRow) -> Self {
        self.messages
            .push((row.seq, Some(row.client_id), Some(row.message_id)));
        self
    }

    pub(crate) fn key(mut self, seq: u64, key: ClientId) -> Self {
        self.messages.push((seq, Some(key), None));
        self
    }

    pub(crate) fn seq(mut self, seq: u64) -> Self {
        self.messages.push((seq, None, None));
        self
    }

    pub(crate) fn device(mut self, device: DeviceId) -> Self {
        self.devices.push(device);
        self
    }

    /// Positions and connections of the devices matter, too.
    pub(crate) fn positions(mut self) -> Self {
        self.positions = true;
        self
    }

    pub(super) fn has_seq(&self, seq: u64) -> bool {
        self.messages.iter().any(|(of, _, _)| *of == seq)
    }

    pub(super) fn concerns(&self, action: &Action) -> bool {
        if action.conversation() != self.conversation {
            return false;
        }
        match action {
            Action::Send { client_id, .. } => self
                .messages
                .iter()
                .any(|(_, key, _)| *key == Some(*client_id)),
            Action::Edit { message, .. }
            | Action::Delete { message, .. }
            | Action::React { message, .. } => {
                self.messages.iter().any(|(_, _, id)| *id == Some(*message))
            }
            _ => self.messages.is_empty() || self.positions,
        }
    }
}
