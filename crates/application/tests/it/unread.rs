//! What counts as unread.

use hubbub_application::chat::SendMessage;
use hubbub_application::groups::ChangeSettings;
use hubbub_domain::conversation::HistoryVisibility;
use hubbub_domain::numbers::Seq;

use crate::reading::{reads, says, tea, unread};

#[tokio::test]
async fn notes_own_messages_deleted_ones_and_threads_never_count() {
    let (world, id, [ada, bob, charly]) = tea().await;
    let root = says(&world, ada, id, "counts").await;
    let gone = says(&world, ada, id, "does not, when deleted").await;
    says(&world, bob, id, "own").await;
    let reply = SendMessage {
        thread_of: Some(root),
        ..SendMessage::new(id, None, "in the thread".to_owned())
    };
    world.chat.send(charly, reply).await.unwrap();
    assert_eq!(unread(&world, bob, id).await, (2, 0));
    world.chat.delete(ada, id, gone).await.unwrap();
    let renamed = ChangeSettings {
        name: Some("Coffee".to_owned()),
        ..ChangeSettings::default()
    };
    let groups = &world.groups;
    groups.change_settings(ada, id, renamed).await.unwrap();
    assert_eq!(unread(&world, bob, id).await, (1, 0));
    assert_eq!(unread(&world, charly, id).await, (2, 0));
    assert_eq!(unread(&world, ada, id).await, (1, 0));
}

#[tokio::test]
async fn messages_that_call_the_reader_count_apart() {
    let (world, id, [ada, bob, charly]) = tea().await;
    says(&world, ada, id, "@bob, tea?").await;
    says(&world, ada, id, "@all: tea!").await;
    let taken_back = says(&world, ada, id, "@bob, hurry").await;
    says(&world, bob, id, "@bob is coming, @all").await;
    says(&world, ada, id, "`@bob` is your name").await;
    assert_eq!(unread(&world, bob, id).await, (4, 3));
    assert_eq!(unread(&world, charly, id).await, (5, 2));
    world.chat.delete(ada, id, taken_back).await.unwrap();
    assert_eq!(unread(&world, bob, id).await, (3, 2));
    reads(&world, bob, id, 2).await;
    assert_eq!(unread(&world, bob, id).await, (2, 1));
    let marked = Seq::FIRST;
    world.chat.mark_unread(bob, id, marked).await.unwrap();
    assert_eq!(unread(&world, bob, id).await, (3, 2));
}

#[tokio::test]
async fn counting_stops_at_a_hundred() {
    let (world, id, [ada, bob, _]) = tea().await;
    for number in 0..101 {
        says(&world, ada, id, &format!("@bob {number}")).await;
    }
    assert_eq!(unread(&world, bob, id).await, (100, 100));
    reads(&world, bob, id, 2).await;
    assert_eq!(unread(&world, bob, id).await, (100, 100));
    reads(&world, bob, id, 3).await;
    assert_eq!(unread(&world, bob, id).await, (99, 99));
}

#[tokio::test]
async fn who_joins_has_what_one_may_read_still_to_read() {
    let (world, id, [ada, _, _]) = tea().await;
    says(&world, ada, id, "past").await;
    let (dora, emil) = (
        world.guest_of(ada, "dora").await.user.id,
        world.guest_of(ada, "emil").await.user.id,
    );
    let groups = &world.groups;
    groups.add_member(ada, id, dora).await.unwrap();
    let open = ChangeSettings {
        history: Some(HistoryVisibility::All),
        ..ChangeSettings::default()
    };
    groups.change_settings(ada, id, open).await.unwrap();
    groups.add_member(ada, id, emil).await.unwrap();
    says(&world, ada, id, "present").await;
    assert_eq!(unread(&world, dora, id).await, (1, 0));
    assert_eq!(unread(&world, emil, id).await, (2, 0));
}
