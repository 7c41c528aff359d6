//! Storing what was decided before the lock.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::{Mentions, Message};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::{Append, MessageRange};
use hubbub_domain::unit_of_work::Store;

use super::log::{batch, key};
use super::world::{
    admit, at, calling, client_id, draft, people, person, post, reply, stored_group,
};

pub(crate) async fn a_sight_shows_where_everything_stands(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let books = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let before = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();
    let mut unknown = key(&tea, &ada, 9);
    unknown.conversation_id = super::world::conversation_id(99);
    let posts = [
        key(&books, &bob, 1),
        key(&tea, &ada, 1),
        unknown,
        key(&tea, &bob, 1),
    ];
    let mut log = store.optimistic_log().unwrap();
    let mut sighting = log.sight(&posts).await.unwrap();
    sighting.conversations.sort_by_key(|found| found.id);
    assert_eq!(sighting.conversations, [tea.clone(), books.clone()]);
    let [bobs_books, adas_tea, nowhere, bobs_tea] = &sighting.circumstances[..] else {
        panic!("one for each post");
    };
    assert!(bobs_books.stay.is_none() && bobs_books.before.is_none());
    assert_eq!(adas_tea.before.as_ref(), Some(&before));
    assert!(nowhere.stay.is_none());
    assert!(bobs_tea.stay.is_some() && bobs_tea.before.is_none());
    let stays = sighting.stays.iter();
    let mut stays: Vec<_> = stays
        .map(|stay| (stay.conversation_id, stay.user_id))
        .collect();
    stays.sort_unstable();
    assert_eq!(
        stays,
        [(tea.id, ada.id), (tea.id, bob.id), (books.id, ada.id)]
    );
    assert!(log.sight(&[]).await.unwrap().conversations.is_empty());
}

pub(crate) async fn where_a_conversation_has_moved_nothing_is_stored(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut books = stored_group(&store, 2, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();
    let seen = [(tea.id, tea.last_rev), (books.id, books.last_rev)];

    let mut unit = store.begin().await.unwrap();
    let mut moved = tea.clone();
    admit(unit.as_mut(), &mut moved, &eve, MemberRole::Member).await;
    unit.commit().await.unwrap();
    let called = Mentions {
        user_ids: vec![bob.id],
        all: false,
    };
    let mut messages = vec![tea.post(calling(&ada, 2, called), at(11))];
    let in_thread = tea.post(reply(&ada, 3, &root), at(11));
    tea.extend_thread(&mut root, &in_thread);
    messages.push(in_thread);
    messages.push(books.post(draft(&ada, 4), at(11)));
    let append = Append {
        conversations: vec![tea.clone(), books.clone()],
        roots: vec![root],
        ..batch(&tea, messages)
    };
    let mut log = store.optimistic_log().unwrap();
    let stored = log.append_if_unmoved(&seen, &append).await.unwrap();

    assert_eq!(in_log(&store, &moved).await, [1]);
    let mut view = store.read().await.unwrap();
    let found = view.conversations().find(tea.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&moved));
    let states = view.personal_states();
    let adas = states.find(tea.id, ada.id).await.unwrap();
    assert_eq!(adas.read_seq, Seq::ZERO, "nor has a marker moved");
    let bobs = states.find(tea.id, bob.id).await.unwrap();
    let unread = states.count_unread(tea.id, bob.id, &bobs).await.unwrap();
    assert_eq!((unread.messages, unread.mentions), (1, 0));
    drop(view);
    // A store may leave the others for another time as well, if it says so.
    match &stored.conversations[..] {
        [] => assert!(in_log(&store, &books).await.is_empty()),
        others => {
            assert_eq!(others, [books.id]);
            assert_eq!(in_log(&store, &books).await, [1]);
        }
    }
}

pub(crate) async fn of_two_who_have_seen_the_same_one_stores(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    for number in 1..=20 {
        let seen = [(tea.id, tea.last_rev)];
        let mut other = tea.clone();
        let one = batch_of(&mut tea, draft(&ada, 2 * number));
        let two = batch_of(&mut other, draft(&ada, 2 * number + 1));
        let (mut log, mut other_log) = (
            store.optimistic_log().unwrap(),
            store.optimistic_log().unwrap(),
        );
        let (one, two) = tokio::join!(
            log.append_if_unmoved(&seen, &one),
            other_log.append_if_unmoved(&seen, &two)
        );
        let winners = [one.unwrap(), two.unwrap()];
        let winners = winners
            .iter()
            .filter(|stored| !stored.conversations.is_empty());
        assert_eq!(winners.count(), 1);
    }
    assert!(in_log(&store, &tea).await.into_iter().eq(1..=20));
}

pub(crate) async fn where_a_key_is_taken_nothing_is_stored(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut books = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();
    let seen = [(tea.id, tea.last_rev), (books.id, books.last_rev)];
    let (before, books_before) = (tea.clone(), books.clone());
    let mut again = draft(&person("ada", "ada"), 3);
    again.client_id = client_id(1);
    let messages = vec![tea.post(draft(&ada, 2), at(11)), books.post(again, at(11))];
    let append = Append {
        conversations: vec![tea.clone(), books.clone()],
        ..batch(&tea, messages)
    };
    let mut log = store.optimistic_log().unwrap();
    let refused = log.append_if_unmoved(&seen, &append).await.unwrap_err();
    assert!(refused.is_conflict());
    let mut view = store.read().await.unwrap();
    for conversation in [before, books_before] {
        let stored = view.conversations().find(conversation.id).await.unwrap();
        assert_eq!(stored, Some(conversation));
    }
    drop(view);
    assert_eq!(in_log(&store, &tea).await, [1]);
    // The same log goes on after it.
    let mut tea = log
        .sight(&[key(&tea, &ada, 4)])
        .await
        .unwrap()
        .conversations
        .remove(0);
    let seen = [(tea.id, tea.last_rev)];
    let append = batch_of(&mut tea, draft(&ada, 4));
    let stored = log.append_if_unmoved(&seen, &append).await.unwrap();
    assert_eq!(stored.conversations, [tea.id]);
    assert_eq!(in_log(&store, &tea).await, [1, 2]);
}

fn batch_of(
    conversation: &mut Conversation,
    message: hubbub_domain::message::NewMessage,
) -> Append {
    let message = conversation.post(message, at(11));
    batch(conversation, vec![message])
}

/// The places of a conversation's messages.
async fn in_log(store: &Arc<dyn Store>, conversation: &Conversation) -> Vec<i64> {
    let mut view = store.read().await.unwrap();
    let page = view.messages();
    let page = page
        .list(conversation.id, Seq::FIRST, MessageRange::Newest, 500)
        .await;
    page.unwrap()
        .iter()
        .map(|message: &Message| message.seq.get())
        .collect()
}
