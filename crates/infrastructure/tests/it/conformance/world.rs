//! Short ways to the people and conversations that the cases need.

use std::sync::Arc;

use hubbub_domain::conversation::{
    Conversation, ConversationName, DirectPair, Subject, Title, Topic,
};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::message::{
    Content, Emoji, Mentions, Message, MessageBody, NewMessage, RequestHash, Text,
};
use hubbub_domain::numbers::Seq;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::{Store, UnitOfWork};
use hubbub_domain::user::{DisplayName, PasswordHash, ServerRole, User, Username};
use uuid::Uuid;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000)
}

pub(crate) fn person(username: &str, display_name: &str) -> User {
    User {
        id: UserId::from_uuid(named(username)),
        username: Username::parse(username).unwrap(),
        display_name: DisplayName::parse(display_name).unwrap(),
        role: ServerRole::Member,
        created_at: at(1),
    }
}

/// An id that follows from a name, so that failures read well and order is known.
fn named(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    Uuid::from_bytes(bytes)
}

pub(crate) fn conversation_id(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn client_id(number: u128) -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn group(number: u128, name: &str) -> Conversation {
    Conversation::found(conversation_id(number), Subject::Group(title(name)), at(1))
}

pub(crate) fn channel(number: u128, name: &str) -> Conversation {
    Conversation::found(
        conversation_id(number),
        Subject::Channel(title(name)),
        at(1),
    )
}

pub(crate) fn title(name: &str) -> Title {
    Title {
        name: ConversationName::parse(name).unwrap(),
        topic: Topic::parse("About things").unwrap(),
    }
}

pub(crate) fn pair(one: &User, other: &User) -> DirectPair {
    DirectPair::of(one.id, other.id).unwrap()
}

/// Stores people in a unit of work of their own.
pub(crate) async fn people<const N: usize>(store: &Arc<dyn Store>, names: [&str; N]) -> [User; N] {
    let mut unit = store.begin().await.unwrap();
    let people = names.map(|name| person(name, name));
    for person in &people {
        unit.users().add(person, &hash()).await.unwrap();
    }
    unit.commit().await.unwrap();
    people
}

pub(crate) fn hash() -> PasswordHash {
    PasswordHash::from_phc("$argon2id$stand-in".to_owned())
}

/// Admits somebody to a stored conversation.
pub(crate) async fn admit(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    user: &User,
    role: MemberRole,
) -> Membership {
    let stay = conversation.admit(user.id, role, at(2));
    unit.conversations().update(conversation).await.unwrap();
    let rev = unit.users().next_rev(user.id).await.unwrap();
    unit.memberships().add(&stay, rev).await.unwrap();
    stay
}

/// Ends a stay in a stored conversation.
pub(crate) async fn release(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    stay: &mut Membership,
) {
    conversation.release(stay);
    unit.conversations().update(conversation).await.unwrap();
    let rev = unit.users().next_rev(stay.user_id).await.unwrap();
    unit.memberships().update(stay, Some(rev)).await.unwrap();
}

/// Posts to a stored conversation under the given key.
pub(crate) async fn post(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    sender: &User,
    key: u128,
    second: i64,
) -> Message {
    post_new(unit, conversation, draft(sender, key), second).await
}

/// Posts something to a stored conversation.
pub(crate) async fn post_new(
    unit: &mut dyn UnitOfWork,
    conversation: &mut Conversation,
    message: NewMessage,
    second: i64,
) -> Message {
    let message = conversation.post(message, at(second));
    unit.messages().add(&message).await.unwrap();
    unit.conversations().update(conversation).await.unwrap();
    message
}

/// Stores a changed message of a stored conversation.
pub(crate) async fn change(
    unit: &mut dyn UnitOfWork,
    conversation: &Conversation,
    message: &Message,
) {
    unit.messages().update(message).await.unwrap();
    unit.conversations().update(conversation).await.unwrap();
}

/// Moves somebody's read marker, at the next place of the own log.
pub(crate) async fn read(
    unit: &mut dyn UnitOfWork,
    conversation: ConversationId,
    user: &User,
    seq: i64,
) {
    let mut state = unit
        .personal_states()
        .find(conversation, user.id)
        .await
        .unwrap();
    state.read_to(Seq::new(seq));
    let rev = unit.users().next_rev(user.id).await.unwrap();
    let saved = unit.personal_states();
    saved
        .save(conversation, user.id, &state, rev)
        .await
        .unwrap();
}

pub(crate) fn draft(sender: &User, key: u128) -> NewMessage {
    calling(sender, key, Mentions::default())
}

/// A message that calls people.
pub(crate) fn calling(sender: &User, key: u128, mentions: Mentions) -> NewMessage {
    NewMessage {
        id: MessageId::from_uuid(Uuid::from_u128(key + 1_000_000)),
        sender_id: sender.id,
        client_id: client_id(key),
        request_hash: RequestHash([9; 32]),
        content: Content::Text(Text::new(body(&format!("message {key}")), mentions)),
        reply_to: None,
        thread_root: None,
    }
}

/// A reply in a thread.
pub(crate) fn reply(sender: &User, key: u128, root: &Message) -> NewMessage {
    NewMessage {
        thread_root: Some(root.reference()),
        ..draft(sender, key)
    }
}

pub(crate) fn body(text: &str) -> MessageBody {
    MessageBody::parse(text.to_owned()).unwrap()
}

/// A stored group with its first member as owner.
pub(crate) async fn stored_group(
    store: &Arc<dyn Store>,
    number: u128,
    members: &[&User],
) -> Conversation {
    let mut group = group(number, "Tea");
    let mut unit = store.begin().await.unwrap();
    unit.conversations().add(&group).await.unwrap();
    for (place, member) in members.iter().enumerate() {
        let role = if place == 0 {
            MemberRole::Owner
        } else {
            MemberRole::Member
        };
        admit(unit.as_mut(), &mut group, member, role).await;
    }
    unit.commit().await.unwrap();
    group
}

/// The message as it is found by its id.
pub(crate) async fn found(unit: &mut dyn UnitOfWork, message: &Message) -> Message {
    let found = unit
        .messages()
        .find(message.conversation_id, message.id)
        .await;
    found.unwrap().expect("it is there")
}

pub(crate) fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}
