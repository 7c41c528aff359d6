//! The one place where the log moves on: every change takes the next number here, while storage holds the conversation's lock.

use super::{Conversation, HistoryVisibility, SettingsChange, Subject};
use crate::ids::UserId;
use crate::member::{MemberRole, Membership};
use crate::message::{
    Content, Deletion, Emoji, Mentions, Message, MessageBody, NewMessage, Pin, Revision, Thread,
    UNDO_DELETE, Unchangeable,
};
use crate::numbers::{Rev, Seq};
use crate::timestamp::Timestamp;

/// Members.
impl Conversation {
    /// Begins a stay. What the new member may read of the past is decided now, by [`Conversation::history`].
    pub fn admit(&mut self, user_id: UserId, role: MemberRole, now: Timestamp) -> Membership {
        let rev = self.advance();
        self.member_count += 1;
        Membership {
            conversation_id: self.id,
            user_id,
            role,
            from_rev: rev,
            to_rev: None,
            visible_from_seq: match self.history {
                HistoryVisibility::Joined => self.last_seq.next(),
                HistoryVisibility::All => Seq::FIRST,
            },
            rev,
            joined_at: now,
        }
    }

    /// Ends a stay. The departure is the last change that the member sees.
    pub fn release(&mut self, membership: &mut Membership) {
        let rev = self.advance();
        self.member_count -= 1;
        membership.to_rev = Some(rev);
        membership.rev = rev;
    }

    /// Gives a member another role.
    pub fn change_role(&mut self, membership: &mut Membership, role: MemberRole) {
        membership.rev = self.advance();
        membership.role = role;
    }

    /// Changes name, topic or visible history. Answers whether anything is different now. Direct conversations have no settings.
    pub fn change_settings(&mut self, change: SettingsChange) -> bool {
        let before = (self.title().cloned(), self.history);
        if let Subject::Group(title) | Subject::Channel(title) = &mut self.subject {
            if let Some(name) = change.name {
                title.name = name;
            }
            if let Some(topic) = change.topic {
                title.topic = topic;
            }
            self.history = change.history.unwrap_or(self.history);
        }
        let is_different = before != (self.title().cloned(), self.history);
        if is_different {
            self.settings_rev = self.advance();
        }
        is_different
    }
}

/// Messages.
impl Conversation {
    /// Takes a message into the log. Its time is never earlier than that of the message before it, whatever the clock says.
    pub fn post(&mut self, message: NewMessage, now: Timestamp) -> Message {
        let rev = self.advance();
        self.last_seq = self.last_seq.next();
        self.last_activity_at = self.last_activity_at.max(now);
        Message {
            id: message.id,
            conversation_id: self.id,
            seq: self.last_seq,
            created_rev: rev,
            rev,
            sender_id: message.sender_id,
            client_id: message.client_id,
            request_hash: message.request_hash,
            content: message.content,
            reply_to: message.reply_to,
            thread_root: message.thread_root,
            thread: None,
            sent_at: self.last_activity_at,
        }
    }

    /// Notes at a thread's root that `reply` has come.
    pub fn extend_thread(&mut self, root: &mut Message, reply: &Message) {
        let reply_count = root.thread.map_or(0, |thread| thread.reply_count) + 1;
        root.thread = Some(Thread {
            reply_count,
            last_reply_seq: reply.seq,
            last_reply_at: reply.sent_at,
        });
        root.rev = self.advance();
    }

    /// Notes at a thread's root that a reply was deleted, or that its deletion was taken back.
    pub fn recount_thread(&mut self, root: &mut Message, difference: i64) {
        if let Some(thread) = &mut root.thread {
            thread.reply_count = (thread.reply_count + difference).max(0);
            root.rev = self.advance();
        }
    }

    /// Changes what a message says. Answers the text that it had, or `None` if it says so already.
    pub fn edit(
        &mut self,
        message: &mut Message,
        body: MessageBody,
        mentions: Mentions,
        now: Timestamp,
    ) -> Result<Option<Revision>, Unchangeable> {
        let sent_at = message.sent_at;
        let text = message.text_mut()?;
        if text.body == body {
            return Ok(None);
        }
        let before = Revision {
            body: std::mem::replace(&mut text.body, body),
            written_at: text.edited_at.unwrap_or(sent_at),
        };
        text.mentions = mentions;
        text.edited_at = Some(now.max(before.written_at));
        message.rev = self.advance();
        Ok(Some(before))
    }

    /// Deletes a message; its place remains. What it said is kept for the author's second thoughts. Answers whether it was there.
    pub fn delete(
        &mut self,
        message: &mut Message,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool, Unchangeable> {
        match &mut message.content {
            Content::System(_) => Err(Unchangeable::System),
            Content::Deleted(_) => Ok(false),
            Content::Text(text) => {
                // A pin does not come back with the words: others may have been pinned since.
                text.pin = None;
                let kept = Some(Box::new(text.clone()));
                message.content = Content::Deleted(Deletion { by, at: now, kept });
                message.rev = self.advance();
                Ok(true)
            }
        }
    }

    /// Takes a deletion back, which only the author can whose own it was, for [`UNDO_DELETE`]. Answers whether it was deleted.
    pub fn restore(
        &mut self,
        message: &mut Message,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool, Unchangeable> {
        let Content::Deleted(deletion) = &mut message.content else {
            return Ok(false);
        };
        let is_own = deletion.by == by && message.sender_id == by;
        if !is_own || now.since(deletion.at) > UNDO_DELETE {
            return Err(Unchangeable::NotRestorable);
        }
        let kept = deletion.kept.take().ok_or(Unchangeable::NotRestorable)?;
        message.content = Content::Text(*kept);
        message.rev = self.advance();
        Ok(true)
    }

    /// Puts a reaction beneath a message. Answers whether it is new.
    pub fn add_reaction(
        &mut self,
        message: &mut Message,
        user: UserId,
        emoji: Emoji,
    ) -> Result<bool, Unchangeable> {
        let is_new = message.text_mut()?.reactions.add(user, emoji)?;
        self.note(message, is_new);
        Ok(is_new)
    }

    /// Takes a reaction away. Answers whether it was there.
    pub fn remove_reaction(
        &mut self,
        message: &mut Message,
        user: UserId,
        emoji: &Emoji,
    ) -> Result<bool, Unchangeable> {
        let was_there = message.text_mut()?.reactions.remove(user, emoji);
        self.note(message, was_there);
        Ok(was_there)
    }

    /// Pins a message. Answers whether it was not pinned.
    pub fn pin(
        &mut self,
        message: &mut Message,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool, Unchangeable> {
        let pin = &mut message.text_mut()?.pin;
        let is_new = pin.is_none();
        pin.get_or_insert(Pin { by, at: now });
        self.note(message, is_new);
        Ok(is_new)
    }

    /// Takes a pin away. Answers whether it was there.
    pub fn unpin(&mut self, message: &mut Message) -> Result<bool, Unchangeable> {
        let was_pinned = message.text_mut()?.pin.take().is_some();
        self.note(message, was_pinned);
        Ok(was_pinned)
    }

    fn note(&mut self, message: &mut Message, has_changed: bool) {
        if has_changed {
            message.rev = self.advance();
        }
    }

    fn advance(&mut self) -> Rev {
        self.last_rev = self.last_rev.next();
        self.last_rev
    }
}

#[cfg(test)]
mod tests;
