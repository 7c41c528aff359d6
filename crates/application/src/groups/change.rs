//! The one way in which who belongs to a group and what it is called changes.
//!
//! Each change is followed by the note of the system that tells of it, in the same unit of work. So who was admitted sees the note,
//! and who was removed does not: the removal is the last that is seen.
//!
//! Row locks are taken in the same order everywhere: the conversation, then an invitation, then users in the order of their ids.

use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, SettingsChange};
use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::message::{Content, Message, NewMessage, RequestHash, SystemNote};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::UnitOfWork;
use hubbub_domain::user::User;

use super::membership::{begin, told_members, told_user};
use crate::chat::dto::SettingsDto;
use crate::events::{ConversationEvent, ConversationEventChange, Event, UserEventChange};
use crate::ports::{Clock, EventBus, IdGenerator};

/// A group in the middle of a unit of work that changes it: under its lock, or not stored yet.
pub(crate) struct GroupChange<'a> {
    pub(crate) unit: Box<dyn UnitOfWork>,
    pub(super) conversation: Conversation,
    actor: UserId,
    pub(super) now: Timestamp,
    ids: &'a dyn IdGenerator,
    events: Vec<Event>,
}

impl<'a> GroupChange<'a> {
    /// Takes the lock of a group that `actor` will change.
    pub(crate) async fn lock(
        mut unit: Box<dyn UnitOfWork>,
        id: ConversationId,
        actor: UserId,
        clock: &dyn Clock,
        ids: &'a dyn IdGenerator,
    ) -> Result<Option<Self>, RepositoryError> {
        let mut locked = unit.log().lock(&[id]).await?;
        let now = locked.now.unwrap_or_else(|| clock.now());
        Ok(locked
            .conversations
            .pop()
            .map(|conversation| Self::new(unit, conversation, actor, now, ids)))
    }

    /// Begins with a group that is not stored yet.
    pub(super) fn new(
        unit: Box<dyn UnitOfWork>,
        conversation: Conversation,
        actor: UserId,
        now: Timestamp,
        ids: &'a dyn IdGenerator,
    ) -> Self {
        Self {
            unit,
            conversation,
            actor,
            now,
            ids,
            events: Vec::new(),
        }
    }

    /// Stores a new group with its members, the owner first. None of them is told of by a note of its own.
    pub(super) async fn found(&mut self, members: &[User]) -> Result<(), RepositoryError> {
        let mut entrants = Vec::with_capacity(members.len());
        for user in members {
            let role = if user.id == self.actor {
                MemberRole::Owner
            } else {
                MemberRole::Member
            };
            let stay = self.conversation.admit(user.id, role, self.now);
            self.events.push(told_members(user, &stay));
            entrants.push((user, stay));
        }
        let note = self.post(SystemNote::Founded);
        self.unit.conversations().add(&self.conversation).await?;
        self.store_note(&note).await?;
        entrants.sort_unstable_by_key(|(user, _)| user.id);
        for (place, (user, stay)) in entrants.into_iter().enumerate() {
            let gained = begin(self.unit.as_mut(), &stay, user).await?;
            self.events.insert(place, gained);
        }
        self.told_message(&note);
        Ok(())
    }

    /// Admits a user.
    pub(crate) async fn admit(
        &mut self,
        user: &User,
        role: MemberRole,
    ) -> Result<(), RepositoryError> {
        let stay = self.conversation.admit(user.id, role, self.now);
        let note = self.post(SystemNote::Joined { user_id: user.id });
        self.store(&[&note]).await?;
        let gained = begin(self.unit.as_mut(), &stay, user).await?;
        self.events.extend([gained, told_members(user, &stay)]);
        self.told_message(&note);
        Ok(())
    }

    /// Ends a stay.
    pub(super) async fn release(
        &mut self,
        mut stay: Membership,
        user: &User,
    ) -> Result<(), RepositoryError> {
        self.conversation.release(&mut stay);
        let note = self.post(SystemNote::Left { user_id: user.id });
        self.store(&[&note]).await?;
        let user_rev = self.unit.users().next_rev(user.id).await?;
        let memberships = self.unit.memberships();
        memberships.update(&stay, Some(user_rev)).await?;
        self.events.push(told_members(user, &stay));
        let lost = UserEventChange::ConversationLost {
            conversation_id: self.conversation.id,
        };
        self.events.push(told_user(user, user_rev, lost));
        self.told_message(&note);
        Ok(())
    }

    /// Gives a member another role.
    pub(super) async fn change_role(
        &mut self,
        mut stay: Membership,
        user: &User,
        role: MemberRole,
    ) -> Result<(), RepositoryError> {
        self.conversation.change_role(&mut stay, role);
        self.store(&[]).await?;
        self.unit.memberships().update(&stay, None).await?;
        self.events.push(told_members(user, &stay));
        Ok(())
    }

    /// Changes name, topic or visible history. Nothing is stored where nothing is different.
    pub(super) async fn change_settings(
        &mut self,
        change: SettingsChange,
    ) -> Result<(), RepositoryError> {
        let before = self.conversation.title().cloned();
        if !self.conversation.change_settings(change) {
            return Ok(());
        }
        self.events
            .push(Event::Conversation(Arc::new(ConversationEvent {
                conversation_id: self.conversation.id,
                from_rev: self.conversation.settings_rev.previous(),
                to_rev: self.conversation.settings_rev,
                change: ConversationEventChange::Settings(SettingsDto::new(&self.conversation)),
                hidden_from: Vec::new(),
            })));
        let (mut renamed, mut topic_changed) = (None, None);
        if let Some((before, after)) = before.zip(self.conversation.title().cloned()) {
            if before.name != after.name {
                renamed = Some(self.post(SystemNote::Renamed { name: after.name }));
            }
            if before.topic != after.topic {
                topic_changed = Some(self.post(SystemNote::TopicChanged { topic: after.topic }));
            }
        }
        let notes: Vec<_> = [&renamed, &topic_changed].into_iter().flatten().collect();
        self.store(&notes).await?;
        for note in notes {
            self.told_message(note);
        }
        Ok(())
    }

    /// Whether anything was changed.
    pub(super) fn has_changed(&self) -> bool {
        !self.events.is_empty()
    }

    /// Makes everything durable, and tells of it.
    pub(crate) async fn commit(self, bus: &dyn EventBus) -> Result<(), RepositoryError> {
        self.unit.commit().await?;
        for event in self.events {
            bus.publish(event);
        }
        Ok(())
    }

    /// Takes a note into the log, by the hand of the actor and under a key that nobody has used.
    fn post(&mut self, note: SystemNote) -> Message {
        let message = NewMessage {
            id: MessageId::from_uuid(self.ids.uuid()),
            sender_id: self.actor,
            client_id: ClientId::from_uuid(self.ids.uuid()),
            // No request carried it. A request under its key, which everybody can read, is never taken for a retry.
            request_hash: RequestHash([0; 32]),
            content: Content::System(note),
            reply_to: None,
            thread_root: None,
        };
        self.conversation.post(message, self.now)
    }

    /// Stores how far the conversation has come, and the notes on the way.
    async fn store(&mut self, notes: &[&Message]) -> Result<(), RepositoryError> {
        self.unit.conversations().update(&self.conversation).await?;
        for note in notes {
            self.store_note(note).await?;
        }
        Ok(())
    }

    /// Stores a note. As with any message, who had read everything before the own one has read it as well.
    async fn store_note(&mut self, note: &Message) -> Result<(), RepositoryError> {
        self.unit.messages().add(note).await?;
        let states = self.unit.personal_states();
        states
            .read_own(note.conversation_id, note.sender_id, note.seq)
            .await
    }

    fn told_message(&mut self, message: &Message) {
        let event = ConversationEvent::of_message(message);
        self.events.push(Event::Conversation(Arc::new(event)));
    }
}
