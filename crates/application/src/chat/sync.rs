//! Synchronisation: what a client missed, from any position, in pages.

mod page;

use std::collections::{HashMap, VecDeque};

use hubbub_domain::ids::{ConversationId, Epoch, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ConversationHead, UserHeads};

use super::dto::{Heads, SyncPage};
use super::error::ChatError;
use super::service::ChatService;
use super::steps::user_event_change;
use page::{conversation_page, is_cheaper_anew, newest_page};

/// How many rows one page has at most.
const PAGE: i64 = 200;
/// How many changes of a user's own log are told one by one.
const MAX_USER_CHANGES: i64 = 500;
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
                let mut view = self.chat.store.read().await?;
                let stay = view.memberships().find_open(id, self.user).await?;
                let page = match stay {
                    Some(stay) => newest_page(view.as_mut(), id, &stay).await?,
                    None => None,
                };
                // It may have been lost since the heads were read; the client is told by its own log too.
                let lost = SyncPage::Lost {
                    conversation_id: id,
                };
                page.map_or(lost, |page| SyncPage::Reset { page })
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
