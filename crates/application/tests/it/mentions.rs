//! What a message refers to: others that it answers, and people whom it calls.

use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::{MentionsDto, ReplyDto};
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use uuid::Uuid;

use crate::sending::{group, message, page, pair, post};
use crate::world::{World, code};

#[tokio::test]
async fn a_reply_names_the_message_that_it_answers() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let question = post(&world, ada, id, "tea?").await;
    let reply = SendMessage {
        reply_to: Some(question.message_id),
        ..message(id, 1, "yes")
    };
    world.chat.send(bob, reply).await.unwrap();
    let answers = ReplyDto {
        message_id: question.message_id,
        seq: question.seq,
        sender_id: ada,
    };
    assert_eq!(page(&world, ada, id).await[1].reply_to, Some(answers));
}

#[tokio::test]
async fn nobody_answers_what_one_may_not_see() {
    let world = World::new().await;
    let (ada, [bob, late]) = world.people(["bob", "late"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let other = group(&world, ada, &[bob]).await;
    let early = post(&world, ada, tea, "before").await.message_id;
    let elsewhere = post(&world, ada, other, "elsewhere").await.message_id;
    world.groups.add_member(ada, tea, late).await.unwrap();
    let nothing = MessageId::from_uuid(Uuid::nil());
    for (sender, target, expected) in [
        (late, early, "not_found"),
        (bob, elsewhere, "not_found"),
        (bob, nothing, "not_found"),
        (bob, early, "ok"),
    ] {
        for in_thread in [false, true] {
            let reply = SendMessage {
                reply_to: (!in_thread).then_some(target),
                thread_of: in_thread.then_some(target),
                ..SendMessage::new(tea, None, "about that".to_owned())
            };
            let sent = world.chat.send(sender, reply).await;
            assert_eq!(code(sent), expected, "in a thread: {in_thread}");
        }
    }
}

async fn called(world: &World, reader: UserId, id: ConversationId) -> MentionsDto {
    let last = page(world, reader, id).await.pop().unwrap();
    last.mentions.unwrap_or(MentionsDto {
        user_ids: Vec::new(),
        all: false,
    })
}

#[tokio::test]
async fn a_message_calls_the_members_whom_it_names() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let tea = group(&world, ada, &[bob]).await;
    post(&world, ada, tea, "@bob, @eve, @nobody: tea!").await;
    assert_eq!(called(&world, bob, tea).await.user_ids, [bob]);
    world.groups.add_member(ada, tea, eve).await.unwrap();
    post(&world, ada, tea, "@eve @bob").await;
    assert_eq!(called(&world, bob, tea).await.user_ids, [eve, bob]);
    post(&world, ada, tea, "nobody").await;
    assert!(
        page(&world, ada, tea)
            .await
            .pop()
            .unwrap()
            .mentions
            .is_none()
    );
}

#[tokio::test]
async fn calling_everybody_must_be_confirmed_where_they_are_many() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let mut members = Vec::new();
    for number in 1..50 {
        members.push(world.guest_of(ada, &format!("guest{number}")).await.user.id);
    }
    let tea = group(&world, ada, &members).await;
    post(&world, ada, tea, "@all").await;
    assert!(called(&world, ada, tea).await.all, "50 are not many");
    let one_more = world.guest_of(ada, "bob").await.user.id;
    world.groups.add_member(ada, tea, one_more).await.unwrap();
    post(&world, ada, tea, "@all").await;
    assert!(!called(&world, ada, tea).await.all);
    for (body, is_called) in [("@all", true), ("all", false)] {
        let confirmed = SendMessage {
            notify_all: true,
            ..SendMessage::new(tea, None, body.to_owned())
        };
        world.chat.send(ada, confirmed).await.unwrap();
        assert_eq!(called(&world, ada, tea).await.all, is_called, "{body}");
    }
}
