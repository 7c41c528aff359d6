//! What one page tells of one conversation.

use std::collections::HashMap;

use hubbub_domain::change::{ConversationChange, PlacedChange};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::Repositories;
use hubbub_domain::user::User;

use super::Position;
use crate::chat::dto::{MessageDto, MessagePage, Row, SettingsDto, SyncPage};
use crate::chat::error::ChatError;
use crate::chat::steps::people_of;
use crate::groups::dto::MemberChange;
use crate::users::dto::UserDto;

/// How far behind a client may be before loading the newest page is cheaper than what happened.
const MAX_BEHIND: i64 = 1_000;
/// How many messages the page of a reset has.
const RESET_PAGE: i64 = 50;
/// How many bytes of text one page has, unless a single message has more: a page must fit well into what may wait for a connection.
const PAGE_BYTES: usize = 256 * 1024;

/// Whether loading the newest page is shorter than what happened since, or the position lies before the stay began.
pub(super) fn is_cheaper_anew(rev: Rev, head: Rev, from_rev: Rev) -> bool {
    head.get() - rev.get() > MAX_BEHIND || rev < from_rev.previous()
}

/// What a user may see of what happened in a conversation after a position. Who left sees it up to the departure; who came back does
/// not see what happened meanwhile.
pub(super) async fn conversation_page(
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
    // Who left and had everything up to then has nothing more to see; and what is long ago, and gone, is told no more. Nor is a stay of
    // which the client has no beginning: what came before it would be full of holes.
    if let Some(left_at) = last_stay.to_rev
        && (position.rev >= left_at || is_cheaper_anew(position.rev, left_at, last_stay.from_rev))
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
    let sizes = after.changes.iter().map(|placed| size(&placed.change));
    let changes = &after.changes[..fitting(sizes)];
    let is_cut = changes.len() < after.changes.len();
    let is_whole = !is_cut && i64::try_from(changes.len()).unwrap_or(i64::MAX) < limit;
    let to_rev = match changes.last() {
        Some(newest) if !is_whole => newest.rev.min(as_of_rev),
        _ => as_of_rev,
    };
    let people = people_of(view, changes).await?;
    let visible = changes.iter().filter(|placed| {
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

pub(super) async fn newest_page(
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
    let newest = fitting(messages.iter().rev().map(message_size));
    Ok(Some(MessagePage::new(
        &conversation,
        stay.visible_from_seq,
        range,
        &messages[messages.len() - newest..],
    )))
}

/// How many of what has these sizes fit into a page; at least one.
fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let mut total = 0;
    sizes
        .enumerate()
        .take_while(|(place, size)| {
            total += size;
            *place == 0 || total <= PAGE_BYTES
        })
        .count()
}

fn size(change: &ConversationChange) -> usize {
    match change {
        ConversationChange::MessagePosted(message)
        | ConversationChange::MessageChanged(message) => message_size(message),
        ConversationChange::MembershipChanged(_) | ConversationChange::SettingsChanged(_) => 0,
    }
}

/// What can be long in a message: its words and who has reacted.
fn message_size(message: &Message) -> usize {
    /// A UUID in JSON.
    const ID: usize = 39;
    message.text().map_or(0, |text| {
        let reactions = text.reactions.as_slice().iter();
        let people: usize = reactions.map(|reaction| reaction.user_ids.len()).sum();
        text.body.as_str().len() + people * ID
    })
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
