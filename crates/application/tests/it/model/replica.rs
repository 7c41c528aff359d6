//! A client as the rules for clients describe it: it keeps positions, applies ranges, and asks for what it misses.

use std::collections::{BTreeMap, BTreeSet};

use hubbub_application::chat::dto::{
    ConversationSummary, MessageDto, MessagePage, PersonalDto, Row, SettingsDto, SyncPage,
    ThreadStateDto,
};
use hubbub_application::chat::{ChatError, Position, SyncRequest};
use hubbub_application::events::{UserEvent, UserEventChange};
use hubbub_domain::conversation::HistoryVisibility;
use hubbub_domain::ids::{ConversationId, Epoch, MessageId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::MessageRange;

use crate::world::World;

/// Everything that a client holds.
pub(crate) struct Replica {
    pub(crate) user: UserId,
    epoch: Epoch,
    user_rev: UserRev,
    pub(crate) conversations: BTreeMap<ConversationId, Held>,
    pub(crate) threads: BTreeMap<MessageId, ThreadStateDto>,
    /// Conversations that are the user's and not held.
    missing: BTreeSet<ConversationId>,
    /// Whether something came that did not connect.
    pub(crate) has_hole: bool,
    /// What the server has shown, to be held against who may see what.
    pub(crate) shown: Vec<(ConversationId, Row)>,
}

/// What a client holds of one conversation.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) position: Rev,
    pub(crate) messages: BTreeMap<Seq, MessageDto>,
    /// Of everybody whose stay changed: the rev, and the role of who is a member.
    pub(crate) members: BTreeMap<UserId, (Rev, Option<MemberRole>)>,
    pub(crate) name: String,
    pub(crate) history: HistoryVisibility,
    pub(crate) personal: PersonalDto,
}

impl Replica {
    /// A client on its first start.
    pub(crate) async fn fresh(world: &World, user: UserId) -> Self {
        let list = world.chat.list(user).await.unwrap();
        let mut replica = Self {
            user,
            epoch: list.epoch,
            user_rev: list.user_rev,
            conversations: BTreeMap::new(),
            threads: BTreeMap::new(),
            missing: list.conversations.iter().map(|one| one.id).collect(),
            has_hole: false,
            shown: Vec::new(),
        };
        replica.load_missing(world).await;
        replica
    }

    /// Synchronises, unless that is cut off after some pages, and loads what it does not hold.
    pub(crate) async fn sync(&mut self, world: &World, pages: usize) {
        let positions = self.conversations.iter();
        let request = SyncRequest {
            epoch: Some(self.epoch),
            user_rev: Some(self.user_rev),
            positions: positions
                .map(|(id, held)| Position {
                    conversation_id: *id,
                    rev: held.position,
                })
                .collect(),
        };
        let mut syncing = world.chat.sync(self.user, request).await.unwrap();
        for _ in 0..pages {
            let Some(page) = syncing.next().await.unwrap() else {
                self.has_hole = false;
                break;
            };
            self.take_page(page);
        }
        self.load_missing(world).await;
    }

    fn take_page(&mut self, page: SyncPage) {
        match page {
            SyncPage::Epoch { .. } => panic!("the database has one history"),
            SyncPage::Conversations { .. } => panic!("nobody is that far behind"),
            SyncPage::User {
                from_rev,
                to_rev,
                changes,
                ..
            } => self.take_user(from_rev, to_rev, &changes),
            SyncPage::Changes {
                conversation_id,
                from_rev,
                to_rev,
                rows,
                ..
            } => {
                self.take_range(conversation_id, from_rev, to_rev, &rows);
                let rows = rows.into_iter().map(|row| (conversation_id, row));
                self.shown.extend(rows);
            }
            // The page alone does not tell everything: it is loaded anew, from its start.
            SyncPage::Reset { page } => {
                let id = page.conversation_id;
                self.conversations.remove(&id);
                self.missing.insert(id);
                let rows = page.messages.into_iter();
                let rows = rows.map(|message| (id, shown(message)));
                self.shown.extend(rows);
            }
            SyncPage::Lost { conversation_id } => self.lose(conversation_id),
            SyncPage::Done { heads, .. } => {
                let heads = heads.iter().map(|head| head.conversation_id);
                self.missing
                    .extend(heads.filter(|id| !self.conversations.contains_key(id)));
            }
        }
    }

    /// Loads conversations that are the user's and not held. One that was lost meanwhile is told of by the user's log.
    pub(crate) async fn load_missing(&mut self, world: &World) {
        for id in std::mem::take(&mut self.missing) {
            match load(world, self.user, id).await {
                Ok(held) => {
                    let rows = held.messages.values().cloned();
                    let rows = rows.map(|message| (id, shown(message)));
                    self.shown.extend(rows);
                    self.conversations.insert(id, held);
                }
                Err(ChatError::ConversationNotFound) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Takes a step of the user's own log.
    pub(crate) fn take_user_step(&mut self, step: &UserEvent) {
        self.take_user(
            step.from_rev,
            step.to_rev,
            std::slice::from_ref(&step.change),
        );
    }

    fn take_user(&mut self, from: UserRev, to: UserRev, changes: &[UserEventChange]) {
        if to <= self.user_rev {
            return;
        }
        if from > self.user_rev {
            self.has_hole = true;
            return;
        }
        self.user_rev = to;
        for change in changes {
            match change {
                UserEventChange::ConversationGained { conversation } => {
                    if !self.conversations.contains_key(&conversation.id) {
                        self.missing.insert(conversation.id);
                    }
                }
                UserEventChange::ConversationLost { conversation_id } => {
                    self.lose(*conversation_id);
                }
                UserEventChange::StateChanged {
                    conversation_id,
                    personal,
                } => {
                    if let Some(held) = self.conversations.get_mut(conversation_id) {
                        held.personal = *personal;
                    }
                }
                UserEventChange::ThreadStateChanged(thread) => {
                    self.threads.insert(thread.root_id, *thread);
                }
                UserEventChange::ReceiptsChanged { .. } => {}
            }
        }
    }

    /// Takes a range of a conversation's log.
    pub(crate) fn take_range(&mut self, id: ConversationId, from: Rev, to: Rev, rows: &[Row]) {
        let Some(held) = self.conversations.get_mut(&id) else {
            self.has_hole = true;
            return;
        };
        if to <= held.position {
            return;
        }
        if from > held.position {
            self.has_hole = true;
            return;
        }
        held.position = to;
        for row in rows {
            held.take(self.user, row);
        }
    }

    /// The first position that a live connection has to continue.
    pub(crate) fn position(&self, id: ConversationId) -> Option<Rev> {
        self.conversations.get(&id).map(|held| held.position)
    }

    fn lose(&mut self, id: ConversationId) {
        self.conversations.remove(&id);
        self.missing.remove(&id);
    }

    /// Insists that it holds what a look at the server shows, and answers how many messages that were.
    pub(crate) async fn is_up_to_date(&self, world: &World) -> usize {
        let user = self.user;
        let list = world.chat.list(user).await.unwrap();
        assert_eq!(self.user_rev, list.user_rev, "the user's own log");
        let ids: Vec<_> = list.conversations.iter().map(|one| one.id).collect();
        let held: BTreeSet<_> = self.conversations.keys().copied().collect();
        assert_eq!(held, ids.iter().copied().collect(), "the conversations");
        let mut count = 0;
        for summary in list.conversations {
            let held = &self.conversations[&summary.id];
            let fresh = load(world, user, summary.id).await.unwrap();
            held.equals(&fresh);
            held.counts(user, &summary);
            count += held.messages.len();
        }
        for followed in world.chat.followed_threads(user).await.unwrap() {
            if let Some(told) = self.threads.get(&followed.state.root_id) {
                let seen = |state: &ThreadStateDto| (state.following, state.last_read_seq);
                assert_eq!(seen(told), seen(&followed.state), "a thread's state");
            }
        }
        count
    }
}

impl Held {
    fn take(&mut self, user: UserId, row: &Row) {
        match row {
            Row::Message { message } => {
                let own = message.sender_id == user;
                // A send takes the own marker along if everything before was read.
                if own && message.seq == self.personal.last_read_seq.next() {
                    self.personal.last_read_seq = message.seq;
                }
                let before = self.messages.get(&message.seq);
                if before.is_none_or(|before| before.rev < message.rev) {
                    self.messages
                        .insert(message.seq, MessageDto::clone(message));
                }
            }
            Row::Member(change) => {
                let before = self.members.get(&change.user.id);
                if before.is_none_or(|(rev, _)| *rev < change.rev) {
                    let role = change.role.filter(|_| change.joined);
                    self.members.insert(change.user.id, (change.rev, role));
                }
            }
            Row::Settings(SettingsDto { name, history, .. }) => {
                self.name.clone_from(name);
                self.history = *history;
            }
        }
    }

    fn equals(&self, fresh: &Self) {
        assert_eq!(self.position, fresh.position, "the position");
        assert_eq!(self.messages, fresh.messages, "the messages");
        let present = |held: &Self| -> BTreeMap<_, _> {
            let members = held.members.iter();
            members
                .filter_map(|(user, (_, role))| Some((*user, (*role)?)))
                .collect()
        };
        assert_eq!(present(self), present(fresh), "the members");
        assert_eq!(
            (&self.name, self.history),
            (&fresh.name, fresh.history),
            "the settings"
        );
        let disturbs = |held: &Self| (held.personal.level, held.personal.muted_until);
        assert_eq!(disturbs(self), disturbs(fresh), "the preferences");
        assert_eq!(
            self.personal.unread_from, fresh.personal.unread_from,
            "what was marked unread"
        );
    }

    /// Insists that the server counts as unread what the client does. The client may take its own marker past own messages at
    /// another moment than the server did: those never count.
    fn counts(&self, user: UserId, summary: &ConversationSummary) {
        let own = &self.personal;
        let counted_to = own.unread_from.map_or(own.last_read_seq, |seq| {
            seq.previous().min(own.last_read_seq)
        });
        let unread = || {
            self.messages.values().filter(|message| {
                message.seq > counted_to
                    && message.sender_id != user
                    && message.system.is_none()
                    && message.deleted_at.is_none()
                    && message.thread_of.is_none()
            })
        };
        let calls = |message: &&MessageDto| {
            let calls = message.mentions.as_ref();
            calls.is_some_and(|calls| calls.all || calls.user_ids.contains(&user))
        };
        let count = |count: usize| i64::try_from(count).unwrap();
        assert_eq!(
            (
                count(unread().count()),
                count(unread().filter(calls).count())
            ),
            (
                summary.personal.unread_count,
                summary.personal.mention_count
            ),
            "what is unread, and what of it calls: {own:?}, {:?}",
            summary.personal
        );
    }
}

fn shown(message: MessageDto) -> Row {
    Row::Message {
        message: Box::new(message),
    }
}

/// Loads a conversation: first the position, with the messages, then what has no position of its own.
async fn load(world: &World, user: UserId, id: ConversationId) -> Result<Held, ChatError> {
    let newest = world.chat.history(user, id, MessageRange::Newest, 200);
    let MessagePage {
        rev,
        messages,
        has_before,
        ..
    } = newest.await?;
    assert!(!has_before, "no run is that long");
    let members = world.groups.list_members(user, id, None, 200).await;
    let members = members
        .map_err(|_| ChatError::ConversationNotFound)?
        .members;
    let summary = world.chat.get(user, id).await?;
    Ok(Held {
        position: rev,
        messages: messages
            .into_iter()
            .map(|message| (message.seq, message))
            .collect(),
        members: members
            .into_iter()
            .map(|member| (member.user.id, (rev, Some(member.role))))
            .collect(),
        name: summary.name.unwrap_or_default(),
        history: summary.history,
        personal: summary.personal,
    })
}
