//! Threads: replies at their places in the log, and the summary at the root.

use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::{MessageDto, SendReceipt, ThreadDto};
use hubbub_application::events::{ConversationEventChange, Event};
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use tokio::task::JoinSet;

use crate::sending::{group, page, pair, post};
use crate::told::Follower;
use crate::world::{World, code};

fn reply_to(id: ConversationId, root: MessageId, body: &str) -> SendMessage {
    SendMessage {
        thread_of: Some(root),
        ..SendMessage::new(id, None, body.to_owned())
    }
}

async fn reply(world: &World, who: UserId, root: &SendReceipt, body: &str) -> SendReceipt {
    let send = reply_to(root.conversation_id, root.message_id, body);
    world.chat.send(who, send).await.unwrap()
}

async fn summary(world: &World, reader: UserId, root: &SendReceipt) -> Option<ThreadDto> {
    let (id, message) = (root.conversation_id, root.message_id);
    world.chat.find(reader, id, message).await.unwrap().thread
}

async fn follows(world: &World, user: UserId, root: &SendReceipt) -> bool {
    let mut view = world.store.read().await.unwrap();
    let state = view.personal_states().find_thread(user, root.message_id);
    state.await.unwrap().is_some_and(|state| state.is_following)
}

fn steps(world: &World) -> Vec<(i64, bool, MessageDto)> {
    let events = world.events.take().into_iter();
    events
        .map(|event| match event {
            Event::Conversation(step) => match &step.change {
                ConversationEventChange::MessagePosted(message) => {
                    (step.to_rev.get(), true, message.clone())
                }
                ConversationEventChange::MessageChanged(message) => {
                    (step.to_rev.get(), false, message.clone())
                }
                other => panic!("a message, not {other:?}"),
            },
            other => panic!("a step of the conversation, not {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_reply_takes_its_place_in_the_log_and_then_the_root_changes() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let root = post(&world, ada, id, "tea?").await;
    world.events.take();
    let first = reply(&world, bob, &root, "yes").await;
    let told = steps(&world);
    let [(posted_at, true, posted), (changed_at, false, changed)] = &told[..] else {
        panic!("the reply, then the root, not {told:?}");
    };
    assert_eq!(
        (*posted_at, *changed_at),
        (first.rev.get(), first.rev.get() + 1)
    );
    assert_eq!(
        (posted.thread_of, posted.seq.get()),
        (Some(root.message_id), 2)
    );
    let expected = ThreadDto {
        reply_count: 1,
        last_reply_seq: first.seq,
        last_reply_at: first.sent_at,
    };
    assert_eq!((changed.seq, changed.thread), (root.seq, Some(expected)));
    assert_eq!(
        page(&world, ada, id).await,
        [changed.clone(), posted.clone()]
    );
}

#[tokio::test]
async fn many_replies_at_once_are_all_counted() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let roots = [
        post(&world, ada, id, "tea?").await,
        post(&world, ada, id, "cake?").await,
    ];
    let mut follower = Follower::new(&world, &[ada]).await;
    let mut sends = JoinSet::new();
    for number in 0..60 {
        let (chat, who) = (world.chat.clone(), if number % 2 == 0 { ada } else { bob });
        let root = roots[number % 3 % 2].message_id;
        sends.spawn(async move {
            let send = reply_to(id, root, "yes");
            chat.send(who, send).await.unwrap().seq
        });
    }
    let places = sends.join_all().await;
    follower.follow(&world);
    follower.has_arrived(&world).await;
    let (first, second) = (
        summary(&world, bob, &roots[0]).await.unwrap(),
        summary(&world, bob, &roots[1]).await.unwrap(),
    );
    assert_eq!((first.reply_count, second.reply_count), (40, 20));
    let newest = first.last_reply_seq.max(second.last_reply_seq);
    assert_eq!(Some(newest), places.into_iter().max());
}

#[tokio::test]
async fn a_thread_hangs_on_what_people_say_and_not_on_a_reply() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let note = page(&world, ada, tea).await[0].message_id;
    let root = post(&world, ada, tea, "tea?").await;
    let in_thread = reply(&world, bob, &root, "yes").await.message_id;
    let deleted = post(&world, ada, tea, "cake?").await.message_id;
    world.chat.delete(ada, tea, deleted).await.unwrap();
    let head = world.chat.get(ada, tea).await.unwrap().rev;
    for (target, expected) in [
        (note, "invalid_request"),
        (in_thread, "invalid_request"),
        (deleted, "not_found"),
    ] {
        let sent = world.chat.send(bob, reply_to(tea, target, "hm")).await;
        assert_eq!(code(sent), expected);
    }
    assert_eq!(world.chat.get(ada, tea).await.unwrap().rev, head);
}

#[tokio::test]
async fn deleted_replies_are_counted_out_and_in_again() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let root = post(&world, ada, id, "tea?").await;
    let first = reply(&world, bob, &root, "yes").await;
    let second = reply(&world, bob, &root, "no").await;
    let mut follower = Follower::new(&world, &[ada]).await;
    let count = async || {
        let thread = summary(&world, ada, &root).await.unwrap();
        assert_eq!(thread.last_reply_seq, second.seq, "it stays where it is");
        thread.reply_count
    };
    world.chat.delete(bob, id, second.message_id).await.unwrap();
    world.chat.delete(bob, id, second.message_id).await.unwrap();
    assert_eq!(count().await, 1);
    world.chat.delete(bob, id, first.message_id).await.unwrap();
    assert_eq!(count().await, 0);
    world
        .chat
        .restore(bob, id, second.message_id)
        .await
        .unwrap();
    assert_eq!(count().await, 1);
    follower.follow(&world);
    follower.has_arrived(&world).await;
}

#[tokio::test]
async fn who_takes_part_in_a_thread_follows_it() {
    let world = World::new().await;
    let (ada, [bob, eve, mallory]) = world.people(["bob", "eve", "mallory"]).await;
    let tea = group(&world, ada, &[bob, eve, mallory]).await;
    let root = post(&world, ada, tea, "tea, @mallory?").await;
    assert!(!follows(&world, ada, &root).await, "there is no thread yet");
    let first = reply(&world, bob, &root, "ask @eve").await;
    for (user, expected) in [(ada, true), (bob, true), (eve, true), (mallory, false)] {
        assert_eq!(follows(&world, user, &root).await, expected);
    }
    let (chat, words) = (&world.chat, "ask @mallory".to_owned());
    chat.edit(bob, tea, first.message_id, words).await.unwrap();
    assert!(
        follows(&world, mallory, &root).await,
        "who is called by an edit"
    );
}

#[tokio::test]
async fn a_thread_is_read_in_pages_that_know_of_its_other_replies() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let root = post(&world, ada, id, "tea?").await;
    let other = post(&world, ada, id, "cake?").await;
    let mut places = Vec::new();
    for _ in 0..6 {
        post(&world, ada, id, "meanwhile").await;
        reply(&world, ada, &other, "elsewhere").await;
        places.push(reply(&world, bob, &root, "yes").await.seq);
    }
    let [first, second, third, .., last] = places[..] else {
        panic!("six replies");
    };
    let near = third.next();
    for (range, limit, expected, sides) in [
        (MessageRange::Newest, 50, &places[..], (false, false)),
        (MessageRange::Newest, 2, &places[4..], (true, false)),
        (MessageRange::Before(third), 2, &places[..2], (false, true)),
        (MessageRange::Before(third), 1, &places[1..2], (true, true)),
        (MessageRange::After(second), 2, &places[2..4], (true, true)),
        (MessageRange::Before(first), 2, &[], (false, true)),
        (MessageRange::After(last), 2, &[], (true, false)),
        (MessageRange::Around(near), 2, &places[2..4], (true, true)),
    ] {
        let page = world.chat.thread(bob, id, root.message_id, range, limit);
        let page = page.await.unwrap();
        let seqs: Vec<Seq> = page.messages.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, expected, "{range:?}");
        assert_eq!((page.has_before, page.has_after), sides, "{range:?}");
    }
}

#[tokio::test]
async fn a_thread_whose_root_one_may_not_see_is_not_there() {
    let world = World::new().await;
    let (ada, [bob, late, eve]) = world.people(["bob", "late", "eve"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let root = post(&world, ada, tea, "tea?").await;
    reply(&world, bob, &root, "yes").await;
    world.groups.add_member(ada, tea, late).await.unwrap();
    for (reader, expected) in [(bob, "ok"), (late, "not_found"), (eve, "not_found")] {
        let newest = MessageRange::Newest;
        let read = world.chat.thread(reader, tea, root.message_id, newest, 50);
        assert_eq!(code(read.await), expected);
    }
}
