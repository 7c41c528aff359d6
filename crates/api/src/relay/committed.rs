use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use hubbub_application::events::{Digest, Event};
use hubbub_application::ports::EventBus;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use parking_lot::Mutex;
use tokio::time::Instant;

/// How long a digest tells of a commit: one that is published each second does so three times, so that two of them may be lost.
const TOLD_FOR: Duration = Duration::from_secs(3);
/// How many logs one digest tells of. There are as many digests as are needed.
const DIGEST_LENGTH: usize = 1_000;

/// The bus, with a memory of what this node has published on it lately: what it has committed.
///
/// The memory is as large as what is committed in the time between two digests and [`TOLD_FOR`].
pub(crate) struct Committed {
    bus: Arc<dyn EventBus>,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    conversations: HashMap<ConversationId, (Rev, Instant)>,
    users: HashMap<UserId, (UserRev, Instant)>,
}

impl Committed {
    /// Over the bus that everything is published on.
    pub(crate) fn new(bus: Arc<dyn EventBus>) -> Self {
        Self {
            bus,
            recent: Mutex::default(),
        }
    }

    /// Tells the other nodes what was committed here lately. Answers how many digests that took.
    pub(crate) fn publish_digests(&self) -> usize {
        let digests = self.digests(Instant::now());
        let count = digests.len();
        for digest in digests {
            self.bus.publish(Event::Digest(Arc::new(digest)));
        }
        count
    }

    fn digests(&self, now: Instant) -> Vec<Digest> {
        let mut recent = self.recent.lock();
        let conversations = told(&mut recent.conversations, now);
        let users = told(&mut recent.users, now);
        let conversations = conversations.chunks(DIGEST_LENGTH).map(|part| Digest {
            conversations: part.to_vec(),
            users: Vec::new(),
        });
        let users = users.chunks(DIGEST_LENGTH).map(|part| Digest {
            conversations: Vec::new(),
            users: part.to_vec(),
        });
        conversations.chain(users).collect()
    }
}

impl EventBus for Committed {
    fn publish(&self, event: Event) {
        match &event {
            Event::Conversation(step) => {
                let mut recent = self.recent.lock();
                note(&mut recent.conversations, step.conversation_id, step.to_rev);
            }
            Event::User(step) => {
                let mut recent = self.recent.lock();
                note(&mut recent.users, step.user_id, step.to_rev);
            }
            _ => {}
        }
        self.bus.publish(event);
    }
}

/// Remembers how far a log has come. Two who commit one after the other may publish the other way round.
fn note<Id: Eq + Hash, Head: Ord>(recent: &mut HashMap<Id, (Head, Instant)>, id: Id, head: Head) {
    let now = Instant::now();
    match recent.get_mut(&id) {
        Some((known, _)) if *known > head => {}
        Some(place) => *place = (head, now),
        None => {
            recent.insert(id, (head, now));
        }
    }
}

/// What is still to be told of; the rest is forgotten.
fn told<Id: Copy, Head: Copy>(
    recent: &mut HashMap<Id, (Head, Instant)>,
    now: Instant,
) -> Vec<(Id, Head)> {
    recent.retain(|_, (_, at)| now.saturating_duration_since(*at) < TOLD_FOR);
    recent.iter().map(|(id, (head, _))| (*id, *head)).collect()
}
