//! Changing what was written: what is told of it, and what remains.

use std::time::Duration;

use hubbub_application::chat::dto::{MessageDto, SendReceipt};
use hubbub_application::events::{ConversationEventChange, Event};
use hubbub_domain::ids::UserId;
use hubbub_domain::message::UNDO_DELETE;

use crate::deeds::Deed;
use crate::sending::{group, page, pair, post};
use crate::told::Follower;
use crate::world::{World, code};

/// The one step that was published: the message in its new state.
fn changed(world: &World) -> MessageDto {
    let events = world.events.take();
    let [Event::Conversation(step)] = &events[..] else {
        panic!("one step, not {events:?}");
    };
    let ConversationEventChange::MessageChanged(message) = &step.change else {
        panic!("a changed message, not {step:?}");
    };
    assert_eq!(step.to_rev, message.rev);
    assert_eq!(step.from_rev, message.rev.previous());
    message.clone()
}

/// Edits, which succeeds.
pub(crate) async fn edit(
    world: &World,
    author: UserId,
    sent: &SendReceipt,
    body: &str,
) -> SendReceipt {
    let (id, message) = (sent.conversation_id, sent.message_id);
    let edited = world.chat.edit(author, id, message, body.to_owned()).await;
    edited.unwrap()
}

#[tokio::test]
async fn an_edit_shows_what_was_said_before() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let sent = post(&world, ada, id, "tea at four").await;
    world.events.take();
    world.clock.advance(Duration::from_mins(1));
    let receipt = edit(&world, ada, &sent, "tea at five").await;
    let told = changed(&world);
    assert_eq!(page(&world, bob, id).await, std::slice::from_ref(&told));
    assert_eq!((told.body.as_str(), told.rev), ("tea at five", receipt.rev));
    assert_eq!(
        told.edited_at,
        Some(sent.sent_at.plus(Duration::from_mins(1)))
    );
    assert_eq!(
        receipt,
        SendReceipt {
            rev: receipt.rev,
            ..sent
        }
    );
    edit(&world, ada, &sent, "tea at six").await;
    let revisions = world
        .chat
        .revisions(bob, id, sent.message_id)
        .await
        .unwrap();
    let said: Vec<_> = revisions
        .iter()
        .map(|one| (one.body.as_str(), one.written_at))
        .collect();
    let since = [sent.sent_at, told.edited_at.unwrap()];
    assert_eq!(said, [("tea at four", since[0]), ("tea at five", since[1])]);
}

#[tokio::test]
async fn what_changes_nothing_takes_no_number_and_answers_the_present_place() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let sent = post(&world, ada, id, "tea").await;
    let (chat, message) = (&world.chat, sent.message_id);
    world.events.take();
    assert_eq!(edit(&world, ada, &sent, "tea").await, sent);
    assert_eq!(chat.restore(ada, id, message).await.unwrap(), sent);
    assert_eq!(chat.unpin(ada, id, message).await.unwrap(), sent.rev);
    let reaction = chat.remove_reaction(ada, id, message, "👍").await;
    assert_eq!(reaction.unwrap(), sent.rev);
    assert!(world.events.take().is_empty());

    let pinned = chat.pin(ada, id, message).await.unwrap();
    assert_eq!(chat.pin(ada, id, message).await.unwrap(), pinned);
    let given = chat.add_reaction(ada, id, message, "👍").await.unwrap();
    let again = chat.add_reaction(ada, id, message, "👍").await.unwrap();
    assert_eq!((given, again), (pinned.next(), given));
    let deleted = chat.delete(ada, id, message).await.unwrap();
    assert_eq!(chat.delete(ada, id, message).await.unwrap(), deleted);
    assert_eq!(world.events.take().len(), 3);
    assert_eq!(chat.get(ada, id).await.unwrap().rev, deleted.rev);
}

#[tokio::test]
async fn what_was_deleted_is_gone_from_every_answer_at_once() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let sent = post(&world, ada, id, "@bob secret").await;
    edit(&world, ada, &sent, "@bob secret!").await;
    let message = sent.message_id;
    world
        .chat
        .add_reaction(bob, id, message, "👍")
        .await
        .unwrap();
    world.chat.pin(bob, id, message).await.unwrap();
    world.events.take();
    world.chat.delete(ada, id, message).await.unwrap();
    let told = changed(&world);
    let found = world.chat.find(bob, id, message).await.unwrap();
    for seen in [&told, &found, &page(&world, bob, id).await[0]] {
        assert_eq!((seen.body.as_str(), seen.deleted_by), ("", Some(ada)));
        assert!(seen.mentions.is_none() && seen.reactions.is_empty());
        assert!(seen.pinned_at.is_none() && seen.edited_at.is_none());
    }
    assert!(world.chat.pins(bob, id).await.unwrap().messages.is_empty());
    for deed in [Deed::Edit, Deed::React, Deed::Pin, Deed::Revisions] {
        assert_eq!(
            deed.by(&world, ada, id, message).await,
            "not_found",
            "{deed:?}"
        );
    }
}

#[tokio::test]
async fn a_deletion_is_taken_back_by_its_author_and_not_for_long() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let sent = post(&world, ada, id, "@bob tea").await;
    let message = sent.message_id;
    world
        .chat
        .add_reaction(bob, id, message, "👍")
        .await
        .unwrap();
    let before = world.chat.find(bob, id, message).await.unwrap();
    world.chat.delete(ada, id, message).await.unwrap();
    world.clock.advance(UNDO_DELETE);
    assert_eq!(world.chat.purge_deleted().await.unwrap(), 0);
    assert_eq!(
        Deed::Restore.by(&world, bob, id, message).await,
        "forbidden"
    );
    let restored = world.chat.restore(ada, id, message).await.unwrap();
    let after = world.chat.find(bob, id, message).await.unwrap();
    assert_eq!(
        after,
        MessageDto {
            rev: restored.rev,
            ..before
        }
    );

    world.chat.delete(ada, id, message).await.unwrap();
    world.clock.advance(UNDO_DELETE + Duration::from_micros(1));
    assert_eq!(Deed::Restore.by(&world, ada, id, message).await, "too_late");
}

#[tokio::test]
async fn what_was_deleted_is_purged_when_it_cannot_come_back() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    for number in 0..3 {
        let sent = post(&world, ada, id, &number.to_string()).await;
        edit(&world, ada, &sent, "secret").await;
        world.chat.delete(ada, id, sent.message_id).await.unwrap();
    }
    let kept = post(&world, ada, id, "kept").await;
    edit(&world, ada, &kept, "kept on").await;
    let before = page(&world, ada, id).await;
    world.clock.advance(UNDO_DELETE + Duration::from_micros(1));
    world.events.take();
    assert_eq!(world.chat.purge_deleted().await.unwrap(), 3);
    assert_eq!(world.chat.purge_deleted().await.unwrap(), 0);
    assert!(world.events.take().is_empty(), "nobody could see it before");
    assert_eq!(page(&world, ada, id).await, before);
    let mut view = world.store.read().await.unwrap();
    for message in &before[..3] {
        let revisions = view.messages().list_revisions(message.message_id).await;
        assert!(revisions.unwrap().is_empty());
    }
    drop(view);
    let revisions = world.chat.revisions(ada, id, kept.message_id).await;
    assert_eq!(revisions.unwrap().len(), 1);
    let first = before[0].message_id;
    assert_eq!(Deed::Restore.by(&world, ada, id, first).await, "too_late");
}

#[tokio::test]
async fn an_edit_calls_whom_it_names_now() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let tea = group(&world, ada, &[bob, eve]).await;
    let sent = post(&world, ada, tea, "@bob").await;
    world.events.take();
    edit(&world, ada, &sent, "@eve @all").await;
    let mentions = changed(&world).mentions.unwrap();
    assert_eq!((mentions.user_ids, mentions.all), (vec![eve], true));
    edit(&world, ada, &sent, "nobody").await;
    assert!(changed(&world).mentions.is_none());
}

#[tokio::test]
async fn changes_made_at_once_each_take_one_number() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let message = post(&world, ada, tea, "tea").await.message_id;
    let mut follower = Follower::new(&world, &[ada]).await;
    let mut deeds = tokio::task::JoinSet::new();
    for number in 0..60 {
        let (chat, who) = (world.chat.clone(), if number % 2 == 0 { ada } else { bob });
        deeds.spawn(async move {
            match number % 3 {
                0 => code(chat.add_reaction(who, tea, message, "👍").await),
                1 => code(chat.remove_reaction(who, tea, message, "👍").await),
                _ => code(chat.edit(ada, tea, message, number.to_string()).await),
            }
        });
    }
    assert!(deeds.join_all().await.into_iter().all(|code| code == "ok"));
    follower.follow(&world);
    follower.has_arrived(&world).await;
}
