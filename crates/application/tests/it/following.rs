use hubbub_application::chat::SendMessage;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::Seq;
use uuid::Uuid;

use crate::reading::{says, tea, unread};
use crate::told::told;
use crate::world::{World, code};

async fn replies(world: &World, sender: UserId, id: ConversationId, root: MessageId, body: &str) {
    let send = SendMessage {
        thread_of: Some(root),
        ..SendMessage::new(id, None, body.to_owned())
    };
    world.chat.send(sender, send).await.unwrap();
}

/// The threads that somebody follows, with what is left to read of each.
async fn follows(world: &World, user: UserId) -> Vec<(String, i64)> {
    let followed = world.chat.followed_threads(user).await.unwrap();
    followed
        .into_iter()
        .map(|thread| (thread.root.body, thread.state.unread_count))
        .collect()
}

async fn read_thread(world: &World, user: UserId, id: ConversationId, root: MessageId, seq: i64) {
    let seq = Seq::new(seq);
    let read = world.chat.mark_read(user, id, seq, Some(root));
    read.await.unwrap();
}

#[tokio::test]
async fn a_thread_has_a_marker_of_its_own_that_the_conversation_does_not_mix_with() {
    let (world, id, [ada, bob, charly]) = tea().await;
    let root = says(&world, ada, id, "root").await;
    replies(&world, bob, id, root, "one").await;
    replies(&world, bob, id, root, "two").await;
    assert_eq!(follows(&world, ada).await, [("root".to_owned(), 2)]);
    assert_eq!(follows(&world, bob).await, [("root".to_owned(), 0)]);
    assert!(follows(&world, charly).await.is_empty());
    assert_eq!(unread(&world, ada, id).await, (0, 0));
    world.events.take();
    read_thread(&world, ada, id, root, 3).await;
    assert_eq!(
        told(&world).await,
        ["owner follows a thread, has read to 3, 1 unread"]
    );
    let main = world.chat.get(ada, id).await.unwrap().personal;
    assert_eq!(main.last_read_seq.get(), 2);
    for seq in [1, 3] {
        read_thread(&world, ada, id, root, seq).await;
    }
    assert!(told(&world).await.is_empty(), "no number for no change");
    read_thread(&world, ada, id, root, 99).await;
    assert_eq!(
        told(&world).await,
        ["owner follows a thread, has read to 4, 0 unread"],
        "clamped to the last reply"
    );
    read_thread(&world, ada, id, root, 100).await;
    assert!(told(&world).await.is_empty(), "which was read already");
}

#[tokio::test]
async fn a_thread_is_followed_or_not_as_one_likes() {
    let (world, id, [ada, bob, charly]) = tea().await;
    let root = says(&world, ada, id, "root").await;
    replies(&world, bob, id, root, "one").await;
    world.events.take();
    let follow = async |user, is_following| {
        let follow = world.chat.follow_thread(user, id, root, is_following);
        let state = follow.await.unwrap();
        (state.following, state.unread_count)
    };
    assert_eq!(follow(charly, true).await, (true, 1));
    assert_eq!(follow(charly, true).await, (true, 1), "again");
    assert_eq!(
        told(&world).await,
        ["charly follows a thread, has read to 2, 1 unread"]
    );
    assert_eq!(follow(ada, false).await, (false, 1));
    assert!(follows(&world, ada).await.is_empty());
    replies(&world, ada, id, root, "still not following").await;
    assert!(follows(&world, ada).await.is_empty());
    replies(&world, charly, id, root, "hello").await;
    assert_eq!(follows(&world, charly).await, [("root".to_owned(), 2)]);
}

#[tokio::test]
async fn looking_at_a_thread_is_not_refusing_to_follow_it() {
    let (world, id, [ada, bob, charly]) = tea().await;
    let root = says(&world, ada, id, "root").await;
    replies(&world, bob, id, root, "one").await;
    world.events.take();
    read_thread(&world, charly, id, root, 3).await;
    let unfollow = world.chat.follow_thread(charly, id, root, false);
    assert!(!unfollow.await.unwrap().following);
    assert!(told(&world).await.is_empty());
    replies(&world, bob, id, root, "@charly?").await;
    assert_eq!(follows(&world, charly).await, [("root".to_owned(), 2)]);
}

#[tokio::test]
async fn only_what_people_said_outside_threads_can_be_followed() {
    let (world, id, [ada, bob, _]) = tea().await;
    let root = says(&world, ada, id, "root").await;
    replies(&world, bob, id, root, "reply").await;
    let gone = says(&world, ada, id, "gone").await;
    world.chat.delete(ada, id, gone).await.unwrap();
    let newest = hubbub_domain::repository::MessageRange::Newest;
    let page = world.chat.history(ada, id, newest, 50).await.unwrap();
    let (note, reply) = (page.messages[0].message_id, page.messages[2].message_id);
    let nothing = MessageId::from_uuid(Uuid::nil());
    let elsewhere = world.chat.open_direct(ada, bob).await.unwrap().id;
    let other = says(&world, ada, elsewhere, "elsewhere").await;
    for (message, expected) in [
        (note, "invalid_request"),
        (reply, "invalid_request"),
        (gone, "not_found"),
        (nothing, "not_found"),
        (other, "not_found"),
        (root, "ok"),
    ] {
        let follow = world.chat.follow_thread(ada, id, message, true).await;
        assert_eq!(code(follow), expected);
        let read = world.chat.mark_read(ada, id, Seq::FIRST, Some(message));
        assert_eq!(code(read.await), expected);
    }
    world.chat.delete(ada, id, root).await.unwrap();
    let unfollow = world.chat.follow_thread(bob, id, root, false).await;
    assert!(!unfollow.unwrap().following, "there are replies");
}

#[tokio::test]
async fn a_thread_is_out_of_sight_for_who_left_and_for_who_came_too_late() {
    let (world, id, [ada, bob, _]) = tea().await;
    let root = says(&world, ada, id, "root").await;
    replies(&world, bob, id, root, "one").await;
    world.groups.leave(bob, id).await.unwrap();
    assert!(follows(&world, bob).await.is_empty());
    let follow = || world.chat.follow_thread(bob, id, root, true);
    assert_eq!(code(follow().await), "not_found");
    world.groups.add_member(ada, id, bob).await.unwrap();
    assert_eq!(code(follow().await), "not_found", "before the return");
    assert!(follows(&world, bob).await.is_empty());
}
