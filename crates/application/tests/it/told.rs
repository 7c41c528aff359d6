//! What was published, in few words.

use std::collections::HashMap;

use hubbub_application::chat::dto::SystemNoteDto;
use hubbub_application::events::{ConversationEventChange, Event, UserEventChange};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Rev, UserRev};

use crate::world::World;

/// What was published since the last time: `bob gained`, `3: bob member`, `4: #1 bob joined, by ada`.
pub(crate) async fn told(world: &World) -> Vec<String> {
    let events = world.events.take();
    let mut lines = Vec::with_capacity(events.len());
    for event in &events {
        lines.push(line(world, event).await);
    }
    lines
}

async fn line(world: &World, event: &Event) -> String {
    match event {
        Event::User(step) => {
            let name = name(world, step.user_id).await;
            match &step.change {
                UserEventChange::ConversationGained { .. } => format!("{name} gained"),
                UserEventChange::ConversationLost { .. } => format!("{name} lost"),
                UserEventChange::StateChanged { personal, .. } => {
                    format!(
                        "{name} has read to {}, {} unread",
                        personal.last_read_seq, personal.unread_count
                    )
                }
                UserEventChange::ThreadStateChanged(thread) => format!(
                    "{name} {} a thread, has read to {}, {} unread",
                    if thread.following {
                        "follows"
                    } else {
                        "does not follow"
                    },
                    thread.last_read_seq,
                    thread.unread_count
                ),
                UserEventChange::ReceiptsChanged { private_receipts } => {
                    format!("{name} keeps reading private: {private_receipts}")
                }
            }
        }
        Event::Conversation(step) => {
            let what = match &step.change {
                ConversationEventChange::MessagePosted(message) => match &message.system {
                    Some(note) => {
                        let by = name(world, message.sender_id).await;
                        format!("#{} {}, by {by}", message.seq, noted(world, note).await)
                    }
                    None => format!("#{} {:?}", message.seq, message.body),
                },
                ConversationEventChange::MessageChanged(message) => {
                    format!("#{} changed", message.seq)
                }
                ConversationEventChange::Member(change) => format!(
                    "{} {}",
                    change.user.username,
                    change.role.map_or("gone", MemberRole::as_str)
                ),
                ConversationEventChange::Settings(settings) => format!(
                    "{} ({}), {} for joiners",
                    settings.name,
                    settings.topic.as_deref().unwrap_or("no topic"),
                    settings.history.as_str()
                ),
                ConversationEventChange::Nothing => "nothing".to_owned(),
            };
            format!("{}: {what}", step.to_rev)
        }
        Event::ReadMarkerMoved { user_id, seq, .. } => {
            format!(
                "{} is seen to have read to {seq}",
                name(world, *user_id).await
            )
        }
        other => format!("{other:?}"),
    }
}

async fn noted(world: &World, note: &SystemNoteDto) -> String {
    match note {
        SystemNoteDto::Founded => "founded".to_owned(),
        SystemNoteDto::Joined { user_id } => format!("{} joined", name(world, *user_id).await),
        SystemNoteDto::Left { user_id } => format!("{} left", name(world, *user_id).await),
        SystemNoteDto::Renamed { name } => format!("renamed to {name}"),
        SystemNoteDto::TopicChanged { topic } => {
            format!("topic is {}", topic.as_deref().unwrap_or("nothing"))
        }
    }
}

async fn name(world: &World, id: UserId) -> String {
    world.users.get(id).await.unwrap().username
}

/// Follows the steps that were published, and insists that they leave no hole in any log.
#[derive(Default)]
pub(crate) struct Follower {
    conversations: HashMap<ConversationId, Rev>,
    users: HashMap<UserId, UserRev>,
}

impl Follower {
    /// One that starts from where everything stands now. What was published before is forgotten.
    pub(crate) async fn new(world: &World, users: &[UserId]) -> Self {
        world.events.take();
        let mut follower = Self::default();
        for &user in users {
            let heads = world.chat.heads(user).await.unwrap();
            follower.users.insert(user, heads.user_rev);
            for head in heads.conversations {
                follower
                    .conversations
                    .insert(head.conversation_id, head.rev);
            }
        }
        follower
    }

    /// Goes the steps that were published since.
    pub(crate) fn follow(&mut self, world: &World) {
        for event in world.events.take() {
            match event {
                Event::Conversation(step) => {
                    let at = self.conversations.entry(step.conversation_id).or_default();
                    assert_eq!(step.from_rev, *at, "{step:?}");
                    assert_eq!(step.to_rev, at.next(), "{step:?}");
                    *at = step.to_rev;
                }
                Event::User(step) => {
                    let at = self.users.entry(step.user_id).or_default();
                    assert_eq!(step.from_rev, *at, "{step:?}");
                    assert_eq!(step.to_rev, at.next(), "{step:?}");
                    *at = step.to_rev;
                }
                _ => {}
            }
        }
    }

    /// Insists that the steps led to where everything stands now.
    pub(crate) async fn has_arrived(&self, world: &World) {
        for (&user, &rev) in &self.users {
            let heads = world.chat.heads(user).await.unwrap();
            assert_eq!(heads.user_rev, rev, "{user}");
            for head in heads.conversations {
                let at = self.conversations.get(&head.conversation_id);
                assert_eq!(at, Some(&head.rev), "{user} {}", head.conversation_id);
            }
        }
    }
}
