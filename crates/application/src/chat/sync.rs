//! Synchronisation: what a client missed, from any position, in pages.

use std::collections::{HashMap, VecDeque};

use hubbub_domain::change::{ConversationChange, PlacedChange};
use hubbub_domain::ids::{ConversationId, Epoch, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ConversationHead, MessageRange, UserHeads};
use hubbub_domain::unit_of_work::Repositories;
use hubbub_domain::user::User;

use super::dto::{Heads, MessageDto, MessagePage, Row, SettingsDto, SyncPage};
use super::error::ChatError;
use super::service::ChatService;
use super::steps::{people_of, user_event_change};
use crate::groups::dto::MemberChange;
use crate::users::dto::UserDto;

/// How many rows one page has at most.
const PAGE: i64 = 200;
/// How far behind a client may be before loading the newest page is cheaper than what happened.
const MAX_BEHIND: i64 = 1_000;
/// How many changes of a user's own log are told one by one.
const MAX_USER_CHANGES: i64 = 500;
/// How many messages the page of a reset has.
const RESET_PAGE: i64 = 50;

/// What a client has, and wants to have brought up to date.
#[derive(Clone, Debug, Default)]
pub struct SyncRequest {
    /// The history that the positions are of.
    pub epoch: Option<Epoch>,
    /// The position in the user's own log.
    pub user_rev: Option<UserRev>,
    /// The positions in conversations. At most [`ChatService::MAX_POSITIONS`].
    pub positions: Vec<Position>,
}

/// How far a client has a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Up to which change; zero for one of which the client has nothing and wants the newest messages.
    pub rev: Rev,
}

/// A synchronisation that is under way. Every page is read when it is asked for, in a view of its own: nothing is held meanwhile.
pub struct Syncing<'a> {
    chat: &'a ChatService,
    user: UserId,
    heads: UserHeads,
    todo: VecDeque<Part>,
}

/// What is still to be told.
enum Part {
    Epoch,
    User(UserRev),
    Conversations,
    Conversation(Position),
    Reset(ConversationId),
    Done,
}

impl ChatService {
    /// Of how many conversations one synchronisation takes positions.
    pub const MAX_POSITIONS: usize = 500;

    /// Begins to bring a client up to date. For one that is, this and the only page are one statement each.
    pub async fn sync(&self, user: UserId, request: SyncRequest) -> Result<Syncing<'_>, ChatError> {
        if request.positions.len() > Self::MAX_POSITIONS {
            return Err(ChatError::TooManyPositions);
        }
        let mut view = self.store.read().await?;
        let heads = view.conversations().find_heads(user).await?;
        let todo = plan(&request, &heads);
        Ok(Syncing {
            chat: self,
            user,
            heads,
            todo,
        })
    }

    /// What happened in a conversation after `rev`: one page, or the newest messages if that is shorter.
    pub async fn changes(
        &self,
        user: UserId,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Result<SyncPage, ChatError> {
        let mut view = self.store.read().await?;
        let position = Position {
            conversation_id: id,
            rev,
        };
        let page = conversation_page(view.as_mut(), user, position, limit.clamp(1, PAGE)).await?;
        match page {
            SyncPage::Lost { .. } => Err(ChatError::ConversationNotFound),
            page => Ok(page),
        }
    }
}

/// What a request asks for, given how far everything has come. A position beyond a head is of another history.
fn plan(request: &SyncRequest, heads: &UserHeads) -> VecDeque<Part> {
    let by_id: HashMap<_, _> = heads
        .conversations
        .iter()
        .map(|head| (head.conversation_id, head))
        .collect();
    let is_beyond = |position: &Position| {
        by_id
            .get(&position.conversation_id)
            .is_some_and(|head| position.rev > head.rev)
    };
    let is_foreign = request.epoch.is_some_and(|epoch| epoch != heads.epoch)
        || request.user_rev.is_some_and(|rev| rev > heads.user_rev)
        || request.positions.iter().any(is_beyond);
    let mut todo = VecDeque::new();
    if is_foreign {
        todo.extend([Part::Epoch, Part::Conversations]);
        let asked = request.positions.iter();
        let asked = asked.filter(|position| by_id.contains_key(&position.conversation_id));
        todo.extend(asked.map(|position| Part::Reset(position.conversation_id)));
        todo.push_back(Part::Done);
        return todo;
    }
    // What was lost is told after its last changes, and what was gained before anything of it comes.
    let (mut left, mut kept) = (Vec::new(), Vec::new());
    for position in &request.positions {
        match by_id.get(&position.conversation_id) {
            None => left.push(Part::Conversation(*position)),
            Some(head) if position.rev < head.rev => kept.push(conversation_part(*position, head)),
            Some(_) => {}
        }
    }
    todo.extend(left);
    match request.user_rev {
        Some(rev) if rev == heads.user_rev => {}
        Some(rev) if heads.user_rev.get() - rev.get() <= MAX_USER_CHANGES => {
            todo.push_back(Part::User(rev));
        }
        _ => todo.push_back(Part::Conversations),
    }
    todo.extend(kept);
    todo.push_back(Part::Done);
    todo
}

fn conversation_part(position: Position, head: &ConversationHead) -> Part {
    if is_cheaper_anew(position.rev, head.rev, head.from_rev) {
        Part::Reset(position.conversation_id)
    } else {
        Part::Conversation(position)
    }
}

fn is_cheaper_anew(rev: Rev, head: Rev, from_rev: Rev) -> bool {
    head.get() - rev.get() > MAX_BEHIND || rev < from_rev.previous()
}

impl Syncing<'_> {
    /// The next page, or `None` after the last.
    pub async fn next(&mut self) -> Result<Option<SyncPage>, ChatError> {
        let Some(part) = self.todo.pop_front() else {
            return Ok(None);
        };
        let page = match part {
            Part::Epoch => SyncPage::Epoch {
                epoch: self.heads.epoch,
            },
            Part::User(rev) => self.user_page(rev).await?,
            Part::Conversations => {
                let list = self.chat.list(self.user).await?;
                SyncPage::Conversations {
                    user_rev: list.user_rev,
                    conversations: list.conversations,
                }
            }
            Part::Conversation(position) => {
                let mut view = self.chat.store.read().await?;
                let page = conversation_page(view.as_mut(), self.user, position, PAGE).await?;
                if let SyncPage::Changes {
                    to_rev, as_of_rev, ..
                } = page
                    && to_rev < as_of_rev
                {
                    self.todo.push_front(Part::Conversation(Position {
                        rev: to_rev,
                        ..position
                    }));
                }
                page
            }
            Part::Reset(id) => {
                let newest = MessageRange::Newest;
                match self.chat.history(self.user, id, newest, RESET_PAGE).await {
                    Ok(page) => SyncPage::Reset { page },
                    // Lost since the heads were read; the client is told by its own log.
                    Err(ChatError::ConversationNotFound) => SyncPage::Lost {
                        conversation_id: id,
                    },
                    Err(error) => return Err(error),
                }
            }
            Part::Done => {
                let heads = Heads::from(&self.heads);
                SyncPage::Done {
                    epoch: heads.epoch,
                    user_rev: heads.user_rev,
                    heads: heads.conversations,
                }
            }
        };
        Ok(Some(page))
    }

    async fn user_page(&mut self, rev: UserRev) -> Result<SyncPage, ChatError> {
        let mut view = self.chat.store.read().await?;
        let as_of_rev = view.users().find_rev(self.user).await?.unwrap_or(rev);
        let changes = view.users().list_changes(self.user, rev, PAGE).await?;
        let is_whole = i64::try_from(changes.len()).unwrap_or(i64::MAX) < PAGE;
        let to_rev = match changes.last() {
            Some(last) if !is_whole => last.rev,
            _ => as_of_rev,
        };
        if to_rev < as_of_rev {
            self.todo.push_front(Part::User(to_rev));
        }
        Ok(SyncPage::User {
            from_rev: rev,
            to_rev,
            as_of_rev,
            changes: changes.iter().map(user_event_change).collect(),
        })
    }
}

/// What a user may see of what happened in a conversation after a position. Who left sees it up to the departure; who came back does
/// not see what happened meanwhile.
async fn conversation_page(
    view: &mut dyn Repositories,
    user: UserId,
    position: Position,
    limit: i64,
) -> Result<SyncPage, ChatError> {
    let id = position.conversation_id;
    let lost = SyncPage::Lost {
        conversation_id: id,
    };
    let intervals = view.memberships().list_stays(id, user).await?;
    let Some(last_stay) = intervals.last() else {
        return Ok(lost);
    };
    // Who left and had everything up to then has nothing more to see; and what is long ago, and gone, is told no more.
    if let Some(left_at) = last_stay.to_rev
        && (position.rev >= left_at || left_at.get() - position.rev.get() > MAX_BEHIND)
    {
        return Ok(lost);
    }
    let after = view.conversations();
    let after = after.list_changes(id, position.rev, limit).await?;
    let as_of_rev = last_stay.to_rev.unwrap_or(after.head);
    if last_stay.is_open() && is_cheaper_anew(position.rev, after.head, last_stay.from_rev) {
        let page = newest_page(view, id, last_stay).await?;
        return Ok(page.map_or(lost, |page| SyncPage::Reset { page }));
    }
    let is_whole = i64::try_from(after.changes.len()).unwrap_or(i64::MAX) < limit;
    let to_rev = match after.changes.last() {
        Some(furthest) if !is_whole => furthest.rev.min(as_of_rev),
        _ => as_of_rev,
    };
    let people = people_of(view, &after.changes).await?;
    let visible = after.changes.iter().filter(|placed| {
        placed.rev <= as_of_rev
            && !is_told_as_new(&placed.change, position.rev)
            && intervals.iter().any(|stay| is_visible(stay, placed))
    });
    Ok(SyncPage::Changes {
        conversation_id: id,
        from_rev: position.rev,
        to_rev,
        as_of_rev,
        rows: visible
            .filter_map(|placed| row_of(&placed.change, &people))
            .collect(),
    })
}

async fn newest_page(
    view: &mut dyn Repositories,
    id: ConversationId,
    stay: &Membership,
) -> Result<Option<MessagePage>, ChatError> {
    let Some(conversation) = view.conversations().find(id).await? else {
        return Ok(None);
    };
    let range = MessageRange::Newest;
    let messages = view
        .messages()
        .list(id, stay.visible_from_seq, range, RESET_PAGE)
        .await?;
    Ok(Some(MessagePage::new(
        &conversation,
        stay.visible_from_seq,
        range,
        &messages,
    )))
}

/// A change is visible where one stay covers it and, for a message, opens the message's place.
fn is_visible(stay: &Membership, placed: &PlacedChange) -> bool {
    match &placed.change {
        // Told where it was created, a message shows what it says now: both places must be covered.
        ConversationChange::MessagePosted(message)
        | ConversationChange::MessageChanged(message) => {
            stay.covers(placed.rev)
                && stay.covers(message.rev)
                && message.seq >= stay.visible_from_seq
        }
        ConversationChange::MembershipChanged(_) | ConversationChange::SettingsChanged(_) => {
            stay.covers(placed.rev)
        }
    }
}

/// Whether a change is of a message that is itself told after the position, as it stands now.
fn is_told_as_new(change: &ConversationChange, after: Rev) -> bool {
    matches!(change, ConversationChange::MessageChanged(message) if message.created_rev > after)
}

fn row_of(change: &ConversationChange, people: &HashMap<UserId, User>) -> Option<Row> {
    match change {
        ConversationChange::MessagePosted(message)
        | ConversationChange::MessageChanged(message) => Some(Row::Message {
            message: Box::new(MessageDto::from(message)),
        }),
        ConversationChange::MembershipChanged(stay) => people
            .get(&stay.user_id)
            .map(|user| Row::Member(MemberChange::new(UserDto::from(user), stay))),
        ConversationChange::SettingsChanged(conversation) => {
            Some(Row::Settings(SettingsDto::new(conversation)))
        }
    }
}
