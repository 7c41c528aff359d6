//! Topics under the names that they have in Redis.

use hubbub_application::ports::Topic;
use hubbub_domain::ids::NodeId;
use hubbub_domain::repository::ServerKey;

/// Names channels. Installations that share a Redis have names of their own, since each has a key of its own.
pub(super) struct Channels {
    prefix: String,
}

impl Channels {
    pub(super) fn new(key: &ServerKey) -> Self {
        Self {
            prefix: format!("hubbub:{}", key.id),
        }
    }

    pub(super) fn of(&self, topic: Topic) -> String {
        let prefix = &self.prefix;
        match topic {
            Topic::Conversation(id) => format!("{prefix}:conversation:{}", id.as_uuid().simple()),
            Topic::User(id) => format!("{prefix}:user:{}", id.as_uuid().simple()),
            Topic::Everybody => format!("{prefix}:everybody"),
        }
    }

    /// Where a node hears itself.
    pub(super) fn of_node(&self, node: NodeId) -> String {
        format!("{}:node:{}", self.prefix, node.as_uuid().simple())
    }
}
