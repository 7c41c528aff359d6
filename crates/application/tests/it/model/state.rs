//! A conversation as its log tells it, one state for each change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hubbub_application::chat::dto::{MessageDto, SystemNoteDto};
use hubbub_application::events::{ConversationEvent, ConversationEventChange};
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::conversation::{ConversationKind, HistoryVisibility};
use hubbub_domain::ids::{ClientId, MessageId, UserId};
use hubbub_domain::member::MemberRole;

/// A conversation without what only a server can know: times, and the ids that it made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) rev: i64,
    pub(crate) kind: ConversationKind,
    pub(crate) name: String,
    pub(crate) history: HistoryVisibility,
    pub(crate) members: BTreeMap<UserId, Member>,
    /// By seq, from 1.
    pub(crate) messages: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) role: MemberRole,
    pub(crate) since: i64,
    pub(crate) sees_from: i64,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) created_rev: i64,
    pub(crate) rev: i64,
    pub(crate) sender: UserId,
    pub(crate) said: Said,
    pub(crate) reply_to: Option<i64>,
    pub(crate) root: Option<i64>,
    /// How many replies hang on it, and the place of the newest.
    pub(crate) thread: Option<(i64, i64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Note(SystemNoteDto),
    Text(Words),
    /// Deleted; what it said may come back.
    Gone {
        by: UserId,
        words: Words,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Words {
    pub(crate) key: ClientId,
    /// What it said at first, which a retry repeats.
    pub(crate) asked: String,
    pub(crate) body: String,
    pub(crate) calls: Vec<UserId>,
    pub(crate) calls_all: bool,
    pub(crate) reactions: Vec<(String, Vec<UserId>)>,
    pub(crate) pinned_by: Option<UserId>,
    pub(crate) is_edited: bool,
}

impl State {
    /// A conversation in which nothing has happened.
    pub(crate) fn founded(
        kind: ConversationKind,
        name: String,
        history: HistoryVisibility,
    ) -> Self {
        Self {
            rev: 0,
            kind,
            name,
            history,
            members: BTreeMap::new(),
            messages: Vec::new(),
        }
    }

    pub(crate) fn role(&self, user: UserId) -> Option<MemberRole> {
        self.members.get(&user).map(|member| member.role)
    }

    pub(crate) fn entry(&self, seq: i64) -> Option<&Entry> {
        self.messages.get(place(seq)?)
    }

    pub(crate) fn entry_mut(&mut self, seq: i64) -> Option<&mut Entry> {
        self.messages.get_mut(place(seq)?)
    }

    /// The message that was sent under a key.
    pub(crate) fn sent(&self, sender: UserId, key: ClientId) -> Option<&Entry> {
        self.messages.iter().find(|entry| {
            entry.sender == sender && entry.words().is_some_and(|words| words.key == key)
        })
    }

    /// Takes one published step.
    fn take(&mut self, step: &ConversationEvent, seqs: &HashMap<MessageId, i64>) {
        self.rev = step.to_rev.get();
        match &step.change {
            ConversationEventChange::MessagePosted(message) => {
                assert_eq!(message.created_rev, message.rev, "it is told when it comes");
                self.messages.push(Entry::of(message, None, seqs));
                let seq = i64::try_from(self.messages.len()).unwrap();
                assert_eq!(message.seq.get(), seq, "seqs are dense");
            }
            ConversationEventChange::MessageChanged(message) => {
                let before = self.entry_mut(message.seq.get()).expect("it was posted");
                *before = Entry::of(message, before.words().cloned(), seqs);
            }
            ConversationEventChange::Member(change) => self.take_member(change),
            ConversationEventChange::Settings(settings) => {
                self.name.clone_from(&settings.name);
                self.history = settings.history;
            }
            ConversationEventChange::Nothing => panic!("a published step brings something"),
        }
    }

    fn take_member(&mut self, change: &MemberChange) {
        let user = change.user.id;
        let Some(role) = change.role else {
            self.members.remove(&user);
            return;
        };
        let since = self.members.get(&user).map(|member| member.since);
        let member = Member {
            role,
            since: since.unwrap_or(change.rev.get()),
            sees_from: change.visible_from_seq.get(),
        };
        self.members.insert(user, member);
    }
}

impl Entry {
    pub(crate) fn words(&self) -> Option<&Words> {
        match &self.said {
            Said::Note(_) => None,
            Said::Text(words) | Said::Gone { words, .. } => Some(words),
        }
    }

    fn of(message: &MessageDto, before: Option<Words>, seqs: &HashMap<MessageId, i64>) -> Self {
        let words = Words {
            key: message.client_id,
            asked: before
                .as_ref()
                .map_or_else(|| message.body.clone(), |words| words.asked.clone()),
            body: message.body.clone(),
            calls: message
                .mentions
                .iter()
                .flat_map(|calls| calls.user_ids.clone())
                .collect(),
            calls_all: message.mentions.as_ref().is_some_and(|calls| calls.all),
            reactions: message
                .reactions
                .iter()
                .map(|reaction| (reaction.emoji.clone(), reaction.user_ids.clone()))
                .collect(),
            pinned_by: message.pinned_by,
            is_edited: message.edited_at.is_some(),
        };
        Self {
            created_rev: message.created_rev.get(),
            rev: message.rev.get(),
            sender: message.sender_id,
            said: match (&message.system, message.deleted_by) {
                (Some(note), _) => Said::Note(note.clone()),
                (None, None) => Said::Text(words),
                (None, Some(by)) => {
                    let shown = (words.body.is_empty(), words.reactions.is_empty());
                    assert_eq!(shown, (true, true), "what is deleted says nothing");
                    // The words as they were, but for the pin, which does not come back.
                    let words = before.unwrap_or(words);
                    Said::Gone {
                        by,
                        words: Words {
                            pinned_by: None,
                            ..words
                        },
                    }
                }
            },
            reply_to: message.reply_to.map(|reply| reply.seq.get()),
            root: message.thread_of.map(|root| seqs[&root]),
            thread: message
                .thread
                .map(|thread| (thread.reply_count, thread.last_reply_seq.get())),
        }
    }
}

fn place(seq: i64) -> Option<usize> {
    usize::try_from(seq - 1).ok()
}

/// The log of a conversation: what was published of it, put in order.
pub(crate) struct Log {
    /// One for each rev, from 0.
    states: Vec<State>,
    seqs: HashMap<MessageId, i64>,
    stays: Vec<Stay>,
}

/// From which change to which one a user was a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) user: UserId,
    pub(crate) from: i64,
    pub(crate) to: Option<i64>,
    pub(crate) sees_from: i64,
}

impl Log {
    pub(crate) fn new(founded: State) -> Self {
        Self {
            states: vec![founded],
            seqs: HashMap::new(),
            stays: Vec::new(),
        }
    }

    pub(crate) fn head(&self) -> i64 {
        self.now().rev
    }

    pub(crate) fn now(&self) -> &State {
        self.states.last().expect("it was founded")
    }

    pub(crate) fn at(&self, rev: i64) -> &State {
        &self.states[usize::try_from(rev).unwrap()]
    }

    pub(crate) fn id_of(&self, seq: i64) -> Option<MessageId> {
        let mut places = self.seqs.iter();
        places.find(|(_, place)| **place == seq).map(|(id, _)| *id)
    }

    /// The stay in which a user learns of a change.
    pub(crate) fn stay_at(&self, user: UserId, rev: i64) -> Option<&Stay> {
        self.stays.iter().find(|stay| {
            stay.user == user && stay.from <= rev && stay.to.is_none_or(|to| rev <= to)
        })
    }

    /// Whether a user may see a message as a change has left it.
    pub(crate) fn shows(&self, user: UserId, seq: i64, rev: i64) -> bool {
        self.stays.iter().any(|stay| {
            stay.user == user && seq >= stay.sees_from && stay.to.is_none_or(|to| rev <= to)
        })
    }

    /// Takes what was published, in whatever order, and insists that nothing is missing or doubled.
    pub(crate) fn extend(&mut self, mut steps: Vec<Arc<ConversationEvent>>) {
        steps.sort_by_key(|step| step.to_rev);
        for step in steps {
            let range = (step.from_rev.get(), step.to_rev.get());
            let head = self.head();
            assert_eq!(range, (head, head + 1), "revs are dense: {step:?}");
            match &step.change {
                ConversationEventChange::MessagePosted(message) => {
                    let before = self.seqs.insert(message.message_id, message.seq.get());
                    assert_eq!(before, None, "a message has one place");
                }
                ConversationEventChange::Member(change) => self.note_stay(change),
                _ => {}
            }
            let mut state = self.now().clone();
            state.take(&step, &self.seqs);
            self.states.push(state);
        }
    }

    fn note_stay(&mut self, change: &MemberChange) {
        let user = change.user.id;
        let open = |stay: &&mut Stay| stay.user == user && stay.to.is_none();
        match (self.stays.iter_mut().find(open), change.joined) {
            (None, true) => self.stays.push(Stay {
                user,
                from: change.rev.get(),
                to: None,
                sees_from: change.visible_from_seq.get(),
            }),
            (Some(stay), false) => stay.to = Some(change.rev.get()),
            (Some(_), true) => {}
            (None, false) => panic!("who is no member cannot leave: {change:?}"),
        }
    }
}
