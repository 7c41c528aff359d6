//! Many messages at once.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::MessageId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::{Mentions, Message};
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::{Append, MessageRange, PostKey};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::{Store, UnitOfWork};
use hubbub_domain::user::User;

use super::world::{
    admit, at, calling, client_id, conversation_id, draft, people, post, read, release, reply,
    stored_group,
};

pub(super) fn key(tea: &Conversation, sender: &User, number: u128) -> PostKey {
    PostKey {
        conversation_id: tea.id,
        sender_id: sender.id,
        client_id: client_id(number),
        reply_to: None,
        thread_root: None,
    }
}

pub(crate) async fn conversations_are_locked_in_the_order_of_their_ids(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut all = Vec::new();
    for number in 1..=3 {
        all.push(stored_group(&store, number, &[&ada]).await);
    }
    let ids = [3, 1, 9, 2].map(conversation_id);
    let mut unit = store.begin().await.unwrap();
    let locked = unit.log().lock(&ids).await.unwrap();
    assert_eq!(locked.conversations, all);
    if let Some(now) = locked.now {
        assert!(
            now > Timestamp::from_unix_micros(1_700_000_000_000_000),
            "it is a time: {now}"
        );
    }
    assert!(unit.log().lock(&[]).await.unwrap().conversations.is_empty());
}

pub(crate) async fn circumstances_are_answered_in_the_order_asked(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut books = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut first_stay = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await;
    release(unit.as_mut(), &mut tea, &mut first_stay).await;
    let stay = admit(unit.as_mut(), &mut tea, &bob, MemberRole::ReadOnly).await;
    let mine = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let bobs = post(unit.as_mut(), &mut tea, &bob, 2, 10).await;
    let elsewhere = post(unit.as_mut(), &mut books, &ada, 3, 10).await;
    let posts = [
        key(&tea, &eve, 1),
        key(&tea, &bob, 2),
        PostKey {
            reply_to: Some(mine.id),
            thread_root: Some(bobs.id),
            ..key(&tea, &bob, 9)
        },
        PostKey {
            reply_to: Some(mine.id),
            thread_root: Some(mine.id),
            ..key(&tea, &ada, 1)
        },
        // Of another conversation, or of none.
        PostKey {
            reply_to: Some(elsewhere.id),
            thread_root: Some(MessageId::from_uuid(uuid::Uuid::nil())),
            ..key(&tea, &ada, 3)
        },
        key(&tea, &bob, 2),
    ];
    let found = unit.log().find_circumstances(&posts).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|found| {
            let id = |message: &Option<Message>| message.as_ref().map(|message| message.id);
            let stay = found
                .stay
                .as_ref()
                .map(|stay| (stay.user_id, stay.from_rev));
            (
                id(&found.before),
                stay,
                id(&found.reply_to),
                id(&found.thread_root),
            )
        })
        .collect();
    let bobs_stay = Some((bob.id, stay.from_rev));
    let adas_stay = Some((ada.id, hubbub_domain::numbers::Rev::FIRST));
    assert_eq!(
        found,
        [
            (None, None, None, None),
            (Some(bobs.id), bobs_stay, None, None),
            (None, bobs_stay, Some(mine.id), Some(bobs.id)),
            (Some(mine.id), adas_stay, Some(mine.id), Some(mine.id)),
            (Some(elsewhere.id), adas_stay, None, None),
            (Some(bobs.id), bobs_stay, None, None),
        ]
    );
    assert!(unit.log().find_circumstances(&[]).await.unwrap().is_empty());
}

/// A batch of messages to one conversation.
pub(super) fn batch(tea: &Conversation, messages: Vec<Message>) -> Append {
    Append {
        conversations: vec![tea.clone()],
        read: messages
            .iter()
            .map(|message| (message.conversation_id, message.sender_id, message.seq))
            .collect(),
        messages,
        ..Append::default()
    }
}

/// By which way a batch gets into the log.
#[derive(Clone, Copy)]
enum Way {
    UnderLocks,
    IfUnmoved,
}

pub(crate) async fn a_batch_is_stored_as_if_one_by_one(store: Arc<dyn Store>) {
    is_stored_as_if_one_by_one(store, Way::UnderLocks).await;
}

pub(crate) async fn a_batch_that_was_decided_before_is_stored_as_if_one_by_one(
    store: Arc<dyn Store>,
) {
    is_stored_as_if_one_by_one(store, Way::IfUnmoved).await;
}

async fn is_stored_as_if_one_by_one(store: Arc<dyn Store>, way: Way) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut books = stored_group(&store, 2, &[&ada, &bob]).await;
    let untouched = stored_group(&store, 3, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    read(unit.as_mut(), tea.id, &bob, 1).await;
    let seen = [(tea.id, tea.last_rev), (books.id, books.last_rev)];
    let called = Mentions {
        user_ids: vec![ada.id, bob.id],
        all: false,
    };
    let mut messages = Vec::new();
    for number in 100..250 {
        messages.push(tea.post(calling(&bob, number, called.clone()), at(11)));
    }
    let last = tea.post(reply(&bob, 250, &root), at(12));
    tea.extend_thread(&mut root, &last);
    messages.push(last);
    messages.push(tea.post(draft(&ada, 251), at(12)));
    messages.push(tea.post(draft(&bob, 252), at(12)));
    for number in 300..350 {
        messages.push(books.post(draft(&ada, number), at(13)));
    }
    let own_thread = ThreadState {
        is_following: true,
        ..ThreadState::new(tea.id, root.id, root.seq, ada.id)
    };
    let unfollowed = ThreadState::new(tea.id, root.id, root.seq, bob.id);
    unit.personal_states()
        .save_thread(&unfollowed, None)
        .await
        .unwrap();
    unit.commit().await.unwrap();
    let append = Append {
        conversations: vec![tea.clone(), books.clone()],
        roots: vec![root.clone()],
        followed: vec![
            own_thread,
            ThreadState {
                is_following: true,
                ..unfollowed
            },
        ],
        ..batch(&tea, messages)
    };
    match way {
        Way::UnderLocks => {
            let mut unit = store.begin().await.unwrap();
            unit.log().append(&append).await.unwrap();
            unit.commit().await.unwrap();
        }
        Way::IfUnmoved => {
            let mut log = store.optimistic_log().unwrap();
            let stored = log.append_if_unmoved(&seen, &append).await.unwrap();
            assert_eq!(stored.conversations.len(), 2);
        }
    }

    let mut view = store.read().await.unwrap();
    for conversation in [&tea, &books, &untouched] {
        let stored = view.conversations().find(conversation.id).await.unwrap();
        assert_eq!(stored.as_ref(), Some(conversation));
    }
    let mut stored = Vec::new();
    for conversation in [&tea, &books] {
        let page = view.messages();
        let page = page
            .list(conversation.id, Seq::FIRST, MessageRange::Newest, 500)
            .await;
        stored.extend(page.unwrap());
    }
    let expected = [vec![root.clone()], append.messages.clone()].concat();
    assert_eq!(stored, expected);
    let states = view.personal_states();
    // Bob had read what came before his own, up to Ada's. Ada had not read Bob's, and wrote all of the other conversation.
    let bobs = states.find(tea.id, bob.id).await.unwrap();
    assert_eq!(bobs.read_seq, Seq::new(152));
    let adas = states.find(tea.id, ada.id).await.unwrap();
    assert_eq!(adas.read_seq, Seq::ZERO);
    let adas_books = states.find(books.id, ada.id).await.unwrap();
    assert_eq!(adas_books.read_seq, Seq::new(50));
    let unread = states.count_unread(tea.id, ada.id, &adas).await.unwrap();
    assert_eq!((unread.messages, unread.mentions), (100, 100));
    let unread = states.count_unread(tea.id, bob.id, &bobs).await.unwrap();
    assert_eq!((unread.messages, unread.mentions), (1, 0));
    let thread = states.find_thread(ada.id, root.id).await.unwrap();
    assert_eq!(thread, Some(own_thread));
    let thread = states.find_thread(bob.id, root.id).await.unwrap();
    assert_eq!(thread, Some(unfollowed), "who has a view keeps it");
}

pub(crate) async fn a_batch_with_a_taken_key_is_a_conflict(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    unit.commit().await.unwrap();

    let mut unit = store.begin().await.unwrap();
    let before = tea.clone();
    let mut again = draft(&ada, 3);
    again.client_id = client_id(1);
    let messages = vec![tea.post(draft(&ada, 2), at(11)), tea.post(again, at(11))];
    let append = batch(&tea, messages);
    let refused = unit.log().append(&append).await.unwrap_err();
    assert!(refused.is_conflict());
    drop(unit);
    let mut view = store.read().await.unwrap();
    let stored = view.conversations().find(tea.id).await.unwrap();
    assert_eq!(stored, Some(before), "nothing of it is stored");
}

pub(crate) async fn nothing_is_a_batch_too(store: Arc<dyn Store>) {
    let mut unit: Box<dyn UnitOfWork> = store.begin().await.unwrap();
    unit.log().append(&Append::default()).await.unwrap();
    unit.commit().await.unwrap();
}
