//! What is only one user's about a conversation, and what others learn of it.

use std::time::Duration;

use hubbub_application::chat::{ChangePreferences, SendMessage};
use hubbub_application::groups::{ChangeSettings, NewGroup};
use hubbub_application::ports::Clock as _;
use hubbub_application::users::ChangeProfile;
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::NotificationLevel;

use crate::told::{Follower, told};
use crate::world::{World, code};

/// A group of the owner, bob and charly, whose founding is its first message.
pub(crate) async fn tea() -> (World, ConversationId, [UserId; 3]) {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let wish = NewGroup {
        name: "Tea".to_owned(),
        member_ids: vec![bob, charly],
        ..NewGroup::default()
    };
    let id = world.groups.create(ada, wish).await.unwrap().id;
    world.events.take();
    (world, id, [ada, bob, charly])
}

pub(crate) async fn says(
    world: &World,
    sender: UserId,
    id: ConversationId,
    body: &str,
) -> MessageId {
    let send = SendMessage::new(id, None, body.to_owned());
    world.chat.send(sender, send).await.unwrap().message_id
}

pub(crate) async fn reads(world: &World, reader: UserId, id: ConversationId, seq: i64) {
    let seq = Seq::new(seq);
    world.chat.mark_read(reader, id, seq, None).await.unwrap();
}

/// How many messages somebody has not read, and how many of them call the reader.
pub(crate) async fn unread(world: &World, reader: UserId, id: ConversationId) -> (i64, i64) {
    let personal = world.chat.get(reader, id).await.unwrap().personal;
    (personal.unread_count, personal.mention_count)
}

async fn keeps_private(world: &World, user: UserId, is_private: bool) {
    let wish = ChangeProfile {
        private_receipts: Some(is_private),
        ..ChangeProfile::default()
    };
    world.users.change_profile(user, wish).await.unwrap();
    world.events.take();
}

#[tokio::test]
async fn reading_on_moves_the_marker_and_never_back() {
    let (world, id, [ada, bob, _]) = tea().await;
    for number in 2..=6 {
        says(&world, ada, id, &format!("message {number}")).await;
    }
    assert_eq!(unread(&world, bob, id).await, (5, 0));
    world.events.take();
    reads(&world, bob, id, 4).await;
    assert_eq!(
        told(&world).await,
        [
            "bob has read to 4, 2 unread",
            "bob is seen to have read to 4"
        ]
    );
    for seq in [1, 4, 0] {
        reads(&world, bob, id, seq).await;
    }
    assert!(told(&world).await.is_empty(), "no number for no change");
    reads(&world, bob, id, 99).await;
    assert_eq!(
        told(&world).await,
        [
            "bob has read to 6, 0 unread",
            "bob is seen to have read to 6"
        ],
        "clamped to what there is"
    );
}

#[tokio::test]
async fn what_is_marked_unread_counts_again_and_others_see_nothing_of_it() {
    let (world, id, [ada, bob, _]) = tea().await;
    for number in 2..=6 {
        says(&world, ada, id, &format!("message {number}")).await;
    }
    reads(&world, bob, id, 6).await;
    world.events.take();
    let mark = async |seq| {
        let seq = Seq::new(seq);
        world.chat.mark_unread(bob, id, seq).await.unwrap();
        told(&world).await
    };
    assert_eq!(mark(5).await, ["bob has read to 6, 2 unread"]);
    assert!(mark(5).await.is_empty(), "again");
    let personal = world.chat.get(bob, id).await.unwrap().personal;
    assert_eq!(personal.unread_from, Some(Seq::new(5)));
    assert_eq!(
        mark(0).await,
        ["bob has read to 6, 5 unread"],
        "from the first, whose note never counts"
    );
    assert_eq!(
        mark(99).await,
        ["bob has read to 6, 1 unread"],
        "from the last"
    );
    let receipts = world.chat.receipts(ada, id).await.unwrap();
    let of_bob = receipts.iter().find(|receipt| receipt.user_id == bob);
    assert_eq!(of_bob.unwrap().seq.get(), 6);

    reads(&world, bob, id, 2).await;
    assert_eq!(
        told(&world).await,
        ["bob has read to 6, 0 unread"],
        "reading ends it, and others have nothing to learn"
    );
}

#[tokio::test]
async fn nothing_is_marked_unread_that_one_cannot_see() {
    let (world, id, [ada, _, _]) = tea().await;
    for number in 2..=4 {
        says(&world, ada, id, &format!("message {number}")).await;
    }
    let dora = world.guest_of(ada, "dora").await.user.id;
    world.groups.add_member(ada, id, dora).await.unwrap();
    let first = Seq::FIRST;
    world.chat.mark_unread(dora, id, first).await.unwrap();
    let personal = world.chat.get(dora, id).await.unwrap().personal;
    assert_eq!(
        (personal.unread_from, personal.unread_count),
        (Some(Seq::new(5)), 0),
        "from the note of the own joining"
    );
    let direct = world.chat.open_direct(ada, dora).await.unwrap().id;
    world.events.take();
    world.chat.mark_unread(dora, direct, first).await.unwrap();
    assert!(told(&world).await.is_empty(), "there is nothing at all");
}

#[tokio::test]
async fn who_writes_has_read_what_came_before_only_if_so() {
    let (world, id, [ada, bob, _]) = tea().await;
    let marker = async |user| {
        let personal = world.chat.get(user, id).await.unwrap().personal;
        personal.last_read_seq.get()
    };
    assert_eq!(marker(ada).await, 1, "the note of the own founding");
    says(&world, ada, id, "one").await;
    assert_eq!(marker(ada).await, 2);
    says(&world, bob, id, "two").await;
    assert_eq!(marker(bob).await, 0, "one is still unread");
    let renamed = ChangeSettings {
        name: Some("Coffee".to_owned()),
        ..ChangeSettings::default()
    };
    world
        .groups
        .change_settings(ada, id, renamed)
        .await
        .unwrap();
    assert_eq!(marker(ada).await, 2, "two is still unread");
}

#[tokio::test]
async fn a_conversation_is_muted_until_a_time_and_disturbs_as_told() {
    let (world, id, [_, bob, _]) = tea().await;
    let hour = world.clock.now().plus(Duration::from_hours(1));
    let mute = ChangePreferences {
        muted_until: Some(Some(hour)),
        level: None,
    };
    let change = |wish| world.chat.change_preferences(bob, id, wish);
    let personal = change(mute).await.unwrap();
    assert_eq!(
        (personal.muted_until, personal.level),
        (Some(hour), NotificationLevel::All)
    );
    assert_eq!(told(&world).await, ["bob has read to 0, 0 unread"]);
    assert_eq!(change(mute).await.unwrap(), personal, "again");
    assert!(told(&world).await.is_empty());
    let quiet = ChangePreferences {
        level: Some(NotificationLevel::Mentions),
        ..ChangePreferences::default()
    };
    let personal = change(quiet).await.unwrap();
    assert_eq!(
        (personal.muted_until, personal.level),
        (Some(hour), NotificationLevel::Mentions),
        "each by itself"
    );
    assert_eq!(world.chat.get(bob, id).await.unwrap().personal, personal);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(
        change(mute).await.unwrap().muted_until,
        None,
        "until a time that has come is not at all"
    );
    let loud = ChangePreferences {
        muted_until: Some(None),
        ..ChangePreferences::default()
    };
    assert_eq!(change(loud).await.unwrap().muted_until, None);
}

#[tokio::test]
async fn who_keeps_reading_private_neither_shows_nor_sees_it() {
    let (world, id, [ada, bob, charly]) = tea().await;
    says(&world, ada, id, "hello").await;
    reads(&world, charly, id, 1).await;
    keeps_private(&world, bob, true).await;
    reads(&world, bob, id, 2).await;
    assert_eq!(told(&world).await, ["bob has read to 2, 0 unread"]);
    let receipts = world.chat.receipts(ada, id).await.unwrap();
    let mut shown: Vec<_> = receipts
        .iter()
        .map(|receipt| (receipt.user_id, receipt.seq.get()))
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [(ada, 2), (charly, 1)]);
    assert!(world.chat.receipts(bob, id).await.unwrap().is_empty());
    keeps_private(&world, bob, false).await;
    assert_eq!(world.chat.receipts(bob, id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn in_a_large_conversation_only_the_reader_is_told_of_reading() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    for number in 1..=99 {
        world.guest_of(ada, &format!("guest{number}")).await;
    }
    reads(&world, ada, GENERAL, 99).await;
    let shown = world.chat.receipts(ada, GENERAL).await.unwrap();
    assert!(!shown.is_empty(), "a hundred members");
    let bob = world.guest_of(ada, "bob").await.user.id;
    world.events.take();
    reads(&world, bob, GENERAL, 1).await;
    assert_eq!(told(&world).await, ["bob has read to 1, 0 unread"]);
    assert!(world.chat.receipts(ada, GENERAL).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_one_may_not_see_cannot_be_read() {
    let (world, id, [ada, _, _]) = tea().await;
    let eve = world.guest_of(ada, "eve").await.user.id;
    let nowhere = ConversationId::from_uuid(uuid::Uuid::nil());
    let before = world.chat.heads(eve).await.unwrap();
    for id in [id, nowhere] {
        let (chat, seq) = (&world.chat, Seq::FIRST);
        let wish = ChangePreferences::default();
        assert_eq!(code(chat.mark_read(eve, id, seq, None).await), "not_found");
        assert_eq!(code(chat.mark_unread(eve, id, seq).await), "not_found");
        assert_eq!(
            code(chat.change_preferences(eve, id, wish).await),
            "not_found"
        );
        assert_eq!(code(chat.receipts(eve, id).await), "not_found");
    }
    let after = world.chat.heads(eve).await.unwrap();
    assert_eq!(before, after, "no number was taken");
}

#[tokio::test]
async fn ones_own_log_has_no_hole_whatever_several_devices_do_at_once() {
    let (world, id, [ada, bob, _]) = tea().await;
    for number in 0..20 {
        says(&world, ada, id, &format!("message {number}")).await;
    }
    let mut follower = Follower::new(&world, &[bob]).await;
    let mut devices = tokio::task::JoinSet::new();
    for seq in 1..=20 {
        let chat = world.chat.clone();
        devices.spawn(async move {
            let seq = Seq::new(seq);
            let done = match seq.get() % 3 {
                0 => chat.mark_unread(bob, id, seq).await,
                1 => chat.mark_read(bob, id, seq, None).await,
                _ => {
                    let wish = ChangePreferences {
                        level: Some(NotificationLevel::None),
                        ..ChangePreferences::default()
                    };
                    chat.change_preferences(bob, id, wish).await.map(drop)
                }
            };
            done.unwrap();
        });
    }
    devices.join_all().await;
    follower.follow(&world);
    follower.has_arrived(&world).await;
    let personal = world.chat.get(bob, id).await.unwrap().personal;
    assert_eq!(
        (personal.last_read_seq.get(), personal.level),
        (19, NotificationLevel::None),
        "no device undid what another did"
    );
}
