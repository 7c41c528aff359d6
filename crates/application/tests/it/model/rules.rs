//! What the conversation must become by a request: the rules once more, in the simplest words.

use std::collections::BTreeMap;

use hubbub_application::chat::dto::SystemNoteDto;
use hubbub_domain::conversation::{ConversationKind, HistoryVisibility};
use hubbub_domain::ids::UserId;
use hubbub_domain::member::MemberRole;

use super::request::{Post, What};
use super::state::{Entry, Member, Said, State, Words};

/// What is to become of a request.
#[derive(Debug)]
pub(crate) enum Judgement {
    Refused(&'static str),
    /// It is done already. What concerns a message is answered with the rev of its place.
    Unchanged(Option<i64>),
    Becomes(Box<State>),
}

use Judgement::{Refused, Unchanged};

/// The people by name.
pub(crate) type Names = BTreeMap<&'static str, UserId>;

/// Judges a request by the state that it finds.
pub(crate) fn judge(before: &State, actor: UserId, what: &What, names: &Names) -> Judgement {
    let scene = Scene {
        before,
        actor,
        names,
    };
    // A retry is answered whatever has become of its sender's membership.
    if let What::Send(post) = what
        && let Some(entry) = before.sent(actor, post.key)
    {
        return if is_retry(entry, post) {
            Unchanged(Some(entry.created_rev))
        } else {
            Refused("idempotency_mismatch")
        };
    }
    let Some(own) = before.members.get(&actor) else {
        return match what {
            What::Join if before.kind == ConversationKind::Channel => {
                scene.becomes(|next| next.admit(actor, actor))
            }
            _ => Refused("not_found"),
        };
    };
    match what {
        What::Send(post) => scene.send(own, post),
        What::Edit(..) | What::Delete(_) | What::Restore(_) | What::React(..) | What::Pin(..) => {
            scene.change_message(own, what)
        }
        What::Leave => scene.leave(),
        What::Add(whom) => scene.add(own, *whom),
        What::Remove(whom) if *whom == actor => scene.leave(),
        What::Remove(whom) => scene.remove(own, *whom),
        What::Role(whom, role) => scene.change_role(own, *whom, *role),
        What::Settings(name, history) => scene.change_settings(own, name.as_ref(), *history),
        What::Join | What::Read(_) | What::Unread(_) | What::Follow(..) => Unchanged(None),
    }
}

fn is_retry(entry: &Entry, post: &Post) -> bool {
    entry.words().is_some_and(|words| words.asked == post.body)
        && entry.reply_to == post.reply_to.map(|pick| pick.seq)
        && entry.root == post.thread_of.map(|pick| pick.seq)
}

fn manages(own: &Member, kind: ConversationKind) -> bool {
    kind != ConversationKind::Direct && matches!(own.role, MemberRole::Owner | MemberRole::Admin)
}

struct Scene<'a> {
    before: &'a State,
    actor: UserId,
    names: &'a Names,
}

impl Scene<'_> {
    fn becomes(&self, change: impl FnOnce(&mut State)) -> Judgement {
        let mut next = self.before.clone();
        change(&mut next);
        Judgement::Becomes(Box::new(next))
    }

    fn send(&self, own: &Member, post: &Post) -> Judgement {
        if own.role == MemberRole::ReadOnly {
            return Refused("forbidden");
        }
        let visible = |seq: i64| self.before.entry(seq).filter(|_| seq >= own.sees_from);
        if let Some(pick) = post.reply_to
            && visible(pick.seq).is_none()
        {
            return Refused("not_found");
        }
        if let Some(pick) = post.thread_of {
            match visible(pick.seq) {
                None => return Refused("not_found"),
                Some(root) => match root.said {
                    Said::Gone { .. } => return Refused("not_found"),
                    Said::Note(_) => return Refused("invalid_request"),
                    Said::Text(_) if root.root.is_some() => return Refused("invalid_request"),
                    Said::Text(_) => {}
                },
            }
        }
        let (calls, calls_all) = self.calls(&post.body);
        let words = Words {
            key: post.key,
            asked: post.body.clone(),
            body: post.body.clone(),
            calls,
            calls_all,
            reactions: Vec::new(),
            pinned_by: None,
            is_edited: false,
        };
        self.becomes(|next| {
            next.post(self.actor, Said::Text(words));
            let seq = i64::try_from(next.messages.len()).unwrap();
            let entry = next.messages.last_mut().unwrap();
            entry.reply_to = post.reply_to.map(|pick| pick.seq);
            entry.root = post.thread_of.map(|pick| pick.seq);
            if let Some(pick) = post.thread_of {
                let rev = next.advance();
                let root = next.entry_mut(pick.seq).unwrap();
                root.thread = Some((root.thread.map_or(0, |(count, _)| count) + 1, seq));
                root.rev = rev;
            }
        })
    }

    /// The members whom a text calls, and whether it calls all.
    fn calls(&self, body: &str) -> (Vec<UserId>, bool) {
        let called = self.names.iter().filter(|(name, user)| {
            body.contains(&format!("@{name}")) && self.before.members.contains_key(user)
        });
        (
            called.map(|(_, user)| *user).collect(),
            body.contains("@all"),
        )
    }

    fn change_message(&self, own: &Member, what: &What) -> Judgement {
        let (What::Edit(pick, _)
        | What::Delete(pick)
        | What::Restore(pick)
        | What::React(pick, ..)
        | What::Pin(pick, _)) = what
        else {
            unreachable!("asked only for these");
        };
        let seq = pick.seq;
        let Some(entry) = self.before.entry(seq).filter(|_| seq >= own.sees_from) else {
            return Refused("not_found");
        };
        let is_own = entry.sender == self.actor;
        let may_post = own.role != MemberRole::ReadOnly;
        let manages = manages(own, self.before.kind);
        let allowed = match what {
            What::Edit(..) => is_own && may_post,
            What::Delete(_) => is_own || manages,
            What::Restore(_) => is_own,
            What::Pin(..) if self.before.kind == ConversationKind::Channel => manages,
            _ => may_post,
        };
        if !allowed {
            return Refused("forbidden");
        }
        let words = match (&entry.said, what) {
            (Said::Note(_) | Said::Text(_), What::Restore(_))
            | (Said::Gone { .. }, What::Delete(_)) => return Unchanged(Some(entry.rev)),
            (Said::Note(_), _) => return Refused("forbidden"),
            (Said::Gone { by, .. }, What::Restore(_)) if *by != self.actor => {
                return Refused("forbidden");
            }
            (Said::Gone { words, .. }, What::Restore(_)) | (Said::Text(words), _) => words,
            (Said::Gone { .. }, _) => return Refused("not_found"),
        };
        let mut words = words.clone();
        self.change_words(&mut words, what);
        let said = match what {
            What::Delete(_) => Said::Gone {
                by: self.actor,
                words,
            },
            _ => Said::Text(words),
        };
        if said == entry.said {
            return Unchanged(Some(entry.rev));
        }
        let recounted = match what {
            What::Delete(_) => entry.root.map(|root| (root, -1)),
            What::Restore(_) => entry.root.map(|root| (root, 1)),
            _ => None,
        };
        self.becomes(|next| {
            let rev = next.advance();
            let entry = next.entry_mut(seq).unwrap();
            (entry.said, entry.rev) = (said, rev);
            if let Some((root, difference)) = recounted {
                let rev = next.advance();
                let root = next.entry_mut(root).unwrap();
                root.thread = root.thread.map(|(count, last)| (count + difference, last));
                root.rev = rev;
            }
        })
    }

    fn change_words(&self, words: &mut Words, what: &What) {
        match what {
            What::Edit(_, body) if *body != words.body => {
                (words.calls, words.calls_all) = self.calls(body);
                words.body.clone_from(body);
                words.is_edited = true;
            }
            What::Pin(_, true) => words.pinned_by = words.pinned_by.or(Some(self.actor)),
            What::Delete(_) | What::Pin(_, false) => words.pinned_by = None,
            What::React(_, emoji, true) => {
                let kind = words.reactions.iter_mut().find(|(kind, _)| kind == emoji);
                match kind {
                    Some((_, users)) if users.contains(&self.actor) => {}
                    Some((_, users)) => users.push(self.actor),
                    None => words.reactions.push((emoji.to_string(), vec![self.actor])),
                }
            }
            What::React(_, emoji, false) => {
                for (kind, users) in &mut words.reactions {
                    users.retain(|user| kind != emoji || *user != self.actor);
                }
                words.reactions.retain(|(_, users)| !users.is_empty());
            }
            _ => {}
        }
    }

    fn leave(&self) -> Judgement {
        if self.before.kind == ConversationKind::Direct {
            return Refused("forbidden");
        }
        self.becomes(|next| next.release(self.actor, self.actor))
    }

    fn add(&self, own: &Member, whom: UserId) -> Judgement {
        if !manages(own, self.before.kind) {
            return Refused("forbidden");
        }
        if self.before.members.contains_key(&whom) {
            return Unchanged(None);
        }
        self.becomes(|next| next.admit(whom, self.actor))
    }

    fn remove(&self, own: &Member, whom: UserId) -> Judgement {
        let Some(role) = self.before.role(whom) else {
            return Refused("not_found");
        };
        if !manages(own, self.before.kind) || role == MemberRole::Owner {
            return Refused("forbidden");
        }
        self.becomes(|next| next.release(whom, self.actor))
    }

    fn change_role(&self, own: &Member, whom: UserId, role: MemberRole) -> Judgement {
        let Some(before) = self.before.role(whom) else {
            return Refused("not_found");
        };
        let plain = |role| matches!(role, MemberRole::Member | MemberRole::ReadOnly);
        let allowed = match own.role {
            _ if self.before.kind == ConversationKind::Direct => false,
            MemberRole::Owner => true,
            MemberRole::Admin => plain(before) && plain(role),
            MemberRole::Member | MemberRole::ReadOnly => false,
        };
        if !allowed {
            return Refused("forbidden");
        }
        if before == role {
            return Unchanged(None);
        }
        let mut next = self.before.clone();
        next.set_role(whom, role);
        let has_owner = next
            .members
            .values()
            .any(|member| member.role == MemberRole::Owner);
        if has_owner {
            Judgement::Becomes(Box::new(next))
        } else {
            Refused("last_owner")
        }
    }

    fn change_settings(
        &self,
        own: &Member,
        name: Option<&String>,
        history: Option<HistoryVisibility>,
    ) -> Judgement {
        if !manages(own, self.before.kind) {
            return Refused("forbidden");
        }
        let name = name.filter(|name| **name != self.before.name);
        let history = history.filter(|history| *history != self.before.history);
        if name.is_none() && history.is_none() {
            return Unchanged(None);
        }
        self.becomes(|next| {
            next.advance();
            next.history = history.unwrap_or(next.history);
            if let Some(name) = name {
                next.name.clone_from(name);
                let name = name.clone();
                next.post(self.actor, Said::Note(SystemNoteDto::Renamed { name }));
            }
        })
    }
}

/// How a conversation moves on.
impl State {
    fn advance(&mut self) -> i64 {
        self.rev += 1;
        self.rev
    }

    fn post(&mut self, sender: UserId, said: Said) {
        let rev = self.advance();
        self.messages.push(Entry {
            created_rev: rev,
            rev,
            sender,
            said,
            reply_to: None,
            root: None,
            thread: None,
        });
    }

    fn admit(&mut self, user_id: UserId, by: UserId) {
        let since = self.advance();
        let next_seq = i64::try_from(self.messages.len()).unwrap() + 1;
        let member = Member {
            role: MemberRole::Member,
            since,
            sees_from: match self.history {
                HistoryVisibility::Joined => next_seq,
                HistoryVisibility::All => 1,
            },
        };
        self.members.insert(user_id, member);
        self.post(by, Said::Note(SystemNoteDto::Joined { user_id }));
    }

    /// Where the last owner goes, the most senior member becomes one.
    fn release(&mut self, user_id: UserId, by: UserId) {
        self.advance();
        let gone = self.members.remove(&user_id);
        self.post(by, Said::Note(SystemNoteDto::Left { user_id }));
        let rank = |role| match role {
            MemberRole::Owner => 0,
            MemberRole::Admin => 1,
            MemberRole::Member => 2,
            MemberRole::ReadOnly => 3,
        };
        let senior = self
            .members
            .iter()
            .min_by_key(|(_, member)| (rank(member.role), member.since))
            .map(|(user, member)| (*user, member.role));
        if let Some((heir, role)) = senior
            && gone.is_some_and(|gone| gone.role == MemberRole::Owner)
            && role != MemberRole::Owner
        {
            self.set_role(heir, MemberRole::Owner);
        }
    }

    fn set_role(&mut self, user: UserId, role: MemberRole) {
        self.advance();
        if let Some(member) = self.members.get_mut(&user) {
            member.role = role;
        }
    }
}
