//! Requests: what a deed asks of the services, and what they answer.

use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::SendReceipt;
use hubbub_application::error::ServiceError;
use hubbub_application::groups::ChangeSettings;
use hubbub_domain::conversation::HistoryVisibility;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Rev, Seq};

use crate::world::World;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) actor: UserId,
    pub(crate) room: ConversationId,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Send(Post),
    Edit(Pick, String),
    Delete(Pick),
    Restore(Pick),
    React(Pick, &'static str, bool),
    Pin(Pick, bool),
    Join,
    Leave,
    Add(UserId),
    Remove(UserId),
    Role(UserId, MemberRole),
    Settings(Option<String>, Option<HistoryVisibility>),
    Read(i64),
    Unread(i64),
    Follow(Pick, bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) key: ClientId,
    pub(crate) body: String,
    pub(crate) reply_to: Option<Pick>,
    pub(crate) thread_of: Option<Pick>,
}

/// A message that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Receipt(SendReceipt),
    Rev(Rev),
    Done,
    Refused(&'static str),
}

impl What {
    /// What the tally calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Send(post) if post.thread_of.is_some() => "reply in a thread",
            Self::Send(_) => "send",
            Self::Edit(..) => "edit",
            Self::Delete(_) => "delete",
            Self::Restore(_) => "restore",
            Self::React(..) => "react",
            Self::Pin(..) => "pin",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Add(_) => "add",
            Self::Remove(_) => "remove",
            Self::Role(..) => "role",
            Self::Settings(..) => "settings",
            Self::Read(_) | Self::Unread(_) | Self::Follow(..) => "personal",
        }
    }

    /// Whether it concerns nobody but the actor: the log of the conversation knows nothing of it.
    pub(crate) fn is_personal(&self) -> bool {
        matches!(self, Self::Read(_) | Self::Unread(_) | Self::Follow(..))
    }
}

impl Answer {
    /// The place that was answered.
    pub(crate) fn rev(&self) -> Option<i64> {
        match self {
            Self::Receipt(receipt) => Some(receipt.rev.get()),
            Self::Rev(rev) => Some(rev.get()),
            Self::Done | Self::Refused(_) => None,
        }
    }
}

impl Request {
    /// Asks the services.
    pub(crate) async fn ask(&self, world: &World) -> Answer {
        let (chat, groups) = (&world.chat, &world.groups);
        let (actor, room) = (self.actor, self.room);
        match &self.what {
            What::Send(post) => {
                let mut send = SendMessage::new(room, Some(post.key), post.body.clone());
                send.reply_to = post.reply_to.map(|pick| pick.id);
                send.thread_of = post.thread_of.map(|pick| pick.id);
                told(chat.send(actor, send).await, Answer::Receipt)
            }
            What::Edit(pick, body) => {
                let edited = chat.edit(actor, room, pick.id, body.clone()).await;
                told(edited, Answer::Receipt)
            }
            What::Delete(pick) => told(chat.delete(actor, room, pick.id).await, Answer::Receipt),
            What::Restore(pick) => told(chat.restore(actor, room, pick.id).await, Answer::Receipt),
            What::React(pick, emoji, true) => told(
                chat.add_reaction(actor, room, pick.id, emoji).await,
                Answer::Rev,
            ),
            What::React(pick, emoji, false) => told(
                chat.remove_reaction(actor, room, pick.id, emoji).await,
                Answer::Rev,
            ),
            What::Pin(pick, true) => told(chat.pin(actor, room, pick.id).await, Answer::Rev),
            What::Pin(pick, false) => told(chat.unpin(actor, room, pick.id).await, Answer::Rev),
            What::Join => done(groups.join(actor, room).await),
            What::Leave => done(groups.leave(actor, room).await),
            What::Add(whom) => done(groups.add_member(actor, room, *whom).await),
            What::Remove(whom) => done(groups.remove_member(actor, room, *whom).await),
            What::Role(whom, role) => done(groups.change_role(actor, room, *whom, *role).await),
            What::Settings(name, history) => {
                let wish = ChangeSettings {
                    name: name.clone(),
                    topic: None,
                    history: *history,
                };
                done(groups.change_settings(actor, room, wish).await)
            }
            What::Read(seq) => done(chat.mark_read(actor, room, Seq::new(*seq), None).await),
            What::Unread(seq) => done(chat.mark_unread(actor, room, Seq::new(*seq)).await),
            What::Follow(pick, on) => done(chat.follow_thread(actor, room, pick.id, *on).await),
        }
    }
}

fn told<T, E: ServiceError>(result: Result<T, E>, answer: impl FnOnce(T) -> Answer) -> Answer {
    result.map_or_else(|error| Answer::Refused(error.code()), answer)
}

fn done<T, E: ServiceError>(result: Result<T, E>) -> Answer {
    told(result, |_| Answer::Done)
}
