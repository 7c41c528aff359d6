//! Who may do what with a message.

use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::member::MemberRole;
use uuid::Uuid;

use crate::sending::{group, page, pair, post};
use crate::world::{World, code};

/// Everything that can be done with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Edit,
    Delete,
    Restore,
    React,
    TakeBack,
    Pin,
    Unpin,
    Find,
    Revisions,
}

const DEEDS: [Deed; 9] = [
    Deed::Edit,
    Deed::Delete,
    Deed::Restore,
    Deed::React,
    Deed::TakeBack,
    Deed::Pin,
    Deed::Unpin,
    Deed::Find,
    Deed::Revisions,
];

impl Deed {
    /// Does it. Answers the code of the refusal, or `ok`.
    pub(crate) async fn by(
        self,
        world: &World,
        actor: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> &'static str {
        let chat = &world.chat;
        match self {
            Self::Edit => code(chat.edit(actor, id, message, "edited".to_owned()).await),
            Self::Delete => code(chat.delete(actor, id, message).await),
            Self::Restore => code(chat.restore(actor, id, message).await),
            Self::React => code(chat.add_reaction(actor, id, message, "👍").await),
            Self::TakeBack => code(chat.remove_reaction(actor, id, message, "👍").await),
            Self::Pin => code(chat.pin(actor, id, message).await),
            Self::Unpin => code(chat.unpin(actor, id, message).await),
            Self::Find => code(chat.find(actor, id, message).await),
            Self::Revisions => code(chat.revisions(actor, id, message).await),
        }
    }
}

#[tokio::test]
async fn everybody_may_do_what_role_and_authorship_allow() {
    let world = World::new().await;
    let (owner, [admin, author, member, reader, gone, stranger]) = world
        .people(["admin", "author", "member", "reader", "gone", "stranger"])
        .await;
    let members = [admin, author, member, reader, gone];
    let tea = group(&world, owner, &members).await;
    let roles = [(admin, MemberRole::Admin), (reader, MemberRole::ReadOnly)];
    let by_reader = post(&world, reader, tea, "before I was made to listen").await;
    for (user, role) in roles {
        let change = world.groups.change_role(owner, tea, user, role).await;
        change.unwrap();
    }
    let early = post(&world, author, tea, "early").await.message_id;
    world.groups.leave(gone, tea).await.unwrap();
    let late = world.guest_of(owner, "late").await.user.id;
    world.groups.add_member(owner, tea, late).await.unwrap();

    let all = |code| [code; DEEDS.len()];
    // Edit, Delete, Restore, React, TakeBack, Pin, Unpin, Find, Revisions
    let (yes, no, hidden) = ("ok", "forbidden", "not_found");
    for (who, name, expected) in [
        (author, "author", all(yes)),
        (
            owner,
            "owner",
            [no, yes, no, hidden, hidden, hidden, hidden, yes, hidden],
        ),
        (
            admin,
            "admin",
            [no, yes, no, hidden, hidden, hidden, hidden, yes, hidden],
        ),
        (member, "member", [no, no, no, yes, yes, yes, yes, yes, yes]),
        (reader, "reader", [no, no, no, no, no, no, no, yes, yes]),
        (late, "who came later", all(hidden)),
        (gone, "who left", all(hidden)),
        (stranger, "stranger", all(hidden)),
    ] {
        let message = if who == late {
            early
        } else {
            post(&world, author, tea, "hello").await.message_id
        };
        for (deed, expected) in DEEDS.into_iter().zip(expected) {
            let done = deed.by(&world, who, tea, message).await;
            assert_eq!(done, expected, "{name}: {deed:?}");
        }
    }
    let nothing = MessageId::from_uuid(Uuid::nil());
    for deed in DEEDS {
        assert_eq!(
            deed.by(&world, owner, tea, nothing).await,
            hidden,
            "{deed:?}"
        );
    }
    // Who may only read can still take back what was said before.
    let own = by_reader.message_id;
    assert_eq!(Deed::Edit.by(&world, reader, tea, own).await, no);
    assert_eq!(Deed::Delete.by(&world, reader, tea, own).await, yes);
    assert_eq!(Deed::Restore.by(&world, reader, tea, own).await, yes);
}

#[tokio::test]
async fn a_message_is_not_found_by_way_of_another_conversation() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let tea = group(&world, ada, &[bob]).await;
    let message = post(&world, ada, id, "hello").await.message_id;
    for deed in DEEDS {
        assert_eq!(
            deed.by(&world, ada, tea, message).await,
            "not_found",
            "{deed:?}"
        );
    }
}

#[tokio::test]
async fn a_note_of_the_system_is_nobodys_to_change() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let tea = group(&world, ada, &[]).await;
    let note = page(&world, ada, tea).await[0].message_id;
    for deed in DEEDS {
        let expected = match deed {
            Deed::Restore | Deed::Find | Deed::Revisions => "ok",
            _ => "forbidden",
        };
        assert_eq!(deed.by(&world, ada, tea, note).await, expected, "{deed:?}");
    }
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn in_a_direct_conversation_nobody_deletes_the_others_words() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let message = post(&world, ada, id, "hello").await.message_id;
    assert_eq!(Deed::Delete.by(&world, bob, id, message).await, "forbidden");
    assert_eq!(Deed::Pin.by(&world, bob, id, message).await, "ok");
}

#[tokio::test]
async fn what_a_manager_deleted_stays_deleted() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let message = post(&world, bob, tea, "rude").await.message_id;
    assert_eq!(Deed::Delete.by(&world, ada, tea, message).await, "ok");
    assert_eq!(
        Deed::Restore.by(&world, bob, tea, message).await,
        "forbidden"
    );
    assert_eq!(
        Deed::Restore.by(&world, ada, tea, message).await,
        "forbidden"
    );
}
