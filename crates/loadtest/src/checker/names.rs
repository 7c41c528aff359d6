//! Names in place of ids, for readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::{Action, Entry, Event};
use crate::ids::{ClientId, ConversationId, DeviceId, UserId};

/// What a history calls everybody and everything.
#[derive(Default)]
pub(crate) struct Names {
    users: BTreeMap<UserId, Arc<str>>,
    devices: BTreeMap<DeviceId, Arc<str>>,
    conversations: BTreeMap<ConversationId, Arc<str>>,
    keys: BTreeMap<ClientId, usize>,
}

impl Names {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut names = Self::default();
        for Entry { device, event, .. } in entries {
            match (device, event) {
                (_, Event::Person { user, name }) => drop(names.users.insert(*user, name.clone())),
                (_, Event::Conversation { conversation, name }) => {
                    names.conversations.insert(*conversation, name.clone());
                }
                (Some(device), Event::Device { name, .. }) => {
                    names.devices.insert(*device, name.clone());
                }
                (
                    _,
                    Event::Invoked {
                        action: Action::Send { client_id, .. },
                        ..
                    },
                ) => {
                    let next = names.keys.len() + 1;
                    names.keys.entry(*client_id).or_insert(next);
                }
                _ => {}
            }
        }
        names
    }

    pub(crate) fn user(&self, id: UserId) -> String {
        self.users
            .get(&id)
            .map_or_else(|| format!("user {id}"), ToString::to_string)
    }

    pub(crate) fn device(&self, id: DeviceId) -> String {
        self.devices
            .get(&id)
            .map_or_else(|| format!("device {}", id.0), ToString::to_string)
    }

    pub(crate) fn conversation(&self, id: ConversationId) -> String {
        self.conversations
            .get(&id)
            .map_or_else(|| format!("conversation {id}"), ToString::to_string)
    }

    /// Keys are numbered in the order in which they were first used.
    pub(crate) fn key(&self, id: ClientId) -> String {
        self.keys
            .get(&id)
            .map_or_else(|| format!("key {id}"), |number| format!("key {number}"))
    }
}
