//! What messages say, and what others do with them.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::message::{Content, Mentions, Message, NewMessage, Revision, SystemNote};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::{Store, UnitOfWork};

use super::world::{
    at, body, calling, change, draft, emoji, found, people, post, post_new, reply, stored_group,
    title,
};

pub(crate) async fn every_kind_of_content_is_found_as_stored(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mentions = Mentions {
        user_ids: vec![bob.id, ada.id],
        all: true,
    };
    let mut text = tea.post(calling(&ada, 1, mentions), at(10));
    for (user, kind) in [(&bob, "👍"), (&ada, "❤️"), (&ada, "👍")] {
        tea.add_reaction(&mut text, user.id, emoji(kind)).unwrap();
    }
    tea.pin(&mut text, bob.id, at(11)).unwrap();
    tea.edit(
        &mut text,
        body(" it's \"new\"\n\u{1F375} "),
        Mentions::default(),
        at(12),
    )
    .unwrap();
    let notes = [
        SystemNote::Founded,
        SystemNote::Joined { user_id: bob.id },
        SystemNote::Left { user_id: bob.id },
        SystemNote::Renamed {
            name: title("Coffee \"&\" more").name,
        },
        SystemNote::TopicChanged {
            topic: title("Tea").topic,
        },
        SystemNote::TopicChanged { topic: None },
    ];
    let mut all = vec![text];
    for (key, note) in (2..).zip(notes) {
        let note = NewMessage {
            content: Content::System(note),
            ..draft(&ada, key)
        };
        all.push(tea.post(note, at(13)));
    }
    all.push(tea.post(
        NewMessage {
            reply_to: Some(all[0].reference()),
            ..reply(&bob, 20, &all[0])
        },
        at(14),
    ));
    for message in &all {
        unit.messages().add(message).await.unwrap();
    }
    for message in &all {
        assert_eq!(&found(unit.as_mut(), message).await, message);
    }
    let listed = unit
        .messages()
        .list(tea.id, Seq::FIRST, MessageRange::Newest, 50)
        .await;
    assert_eq!(listed.unwrap(), all);
}

pub(crate) async fn a_message_is_found_only_in_its_conversation(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let other = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    assert_eq!(
        unit.messages().find(other.id, message.id).await.unwrap(),
        None
    );
}

/// A change of a message, with those whom it may call.
type Step = fn(&mut Conversation, &mut Message, &Mentions);

pub(crate) async fn a_changed_message_is_stored_whole(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let called = Mentions {
        user_ids: vec![bob.id],
        all: false,
    };
    let steps: [Step; 6] = [
        |tea, message, called| {
            tea.edit(message, body("@bob, look"), called.clone(), at(11))
                .unwrap();
        },
        |tea, message, called| {
            tea.add_reaction(message, called.user_ids[0], emoji("👍"))
                .unwrap();
        },
        |tea, message, called| {
            tea.pin(message, called.user_ids[0], at(12)).unwrap();
        },
        |tea, message, called| {
            tea.remove_reaction(message, called.user_ids[0], &emoji("👍"))
                .unwrap();
        },
        |tea, message, _| {
            tea.unpin(message).unwrap();
        },
        |tea, message, _| {
            tea.edit(message, body("never mind"), Mentions::default(), at(13))
                .unwrap();
        },
    ];
    for step in steps {
        let before = message.rev;
        step(&mut tea, &mut message, &called);
        assert!(message.rev > before, "something changed");
        change(unit.as_mut(), &tea, &message).await;
        assert_eq!(found(unit.as_mut(), &message).await, message);
    }
}

pub(crate) async fn earlier_texts_are_kept_in_order(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let revision = |second| Revision {
        body: body(&format!("text {second}")),
        written_at: at(second),
    };
    for second in 10..13 {
        unit.messages()
            .add_revision(message.id, &revision(second))
            .await
            .unwrap();
    }
    let revisions = unit.messages().list_revisions(message.id).await.unwrap();
    assert_eq!(revisions, [revision(10), revision(11), revision(12)]);
    assert_eq!(
        unit.messages().count_revisions(message.id).await.unwrap(),
        3
    );
}

pub(crate) async fn pins_are_listed_the_latest_first(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut other = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut all = Vec::new();
    for (key, pinned_at) in [(1, 30), (2, 20), (3, 40), (4, 20)] {
        let mut message = post(unit.as_mut(), &mut tea, &ada, key, 10).await;
        tea.pin(&mut message, ada.id, at(pinned_at)).unwrap();
        change(unit.as_mut(), &tea, &message).await;
        all.push(message);
    }
    post(unit.as_mut(), &mut tea, &ada, 5, 10).await;
    let mut elsewhere = post(unit.as_mut(), &mut other, &ada, 6, 10).await;
    other.pin(&mut elsewhere, ada.id, at(50)).unwrap();
    change(unit.as_mut(), &other, &elsewhere).await;

    let id = tea.id;
    let pinned = async |unit: &mut dyn UnitOfWork, visible_from, limit| {
        let pinned = unit
            .messages()
            .list_pinned(id, Seq::new(visible_from), limit)
            .await;
        let seqs = pinned.unwrap().into_iter().map(|message| message.seq.get());
        seqs.collect::<Vec<_>>()
    };
    assert_eq!(pinned(unit.as_mut(), 1, 10).await, [3, 1, 4, 2]);
    assert_eq!(pinned(unit.as_mut(), 2, 2).await, [3, 4]);
    assert_eq!(unit.messages().count_pinned(tea.id).await.unwrap(), 4);
    tea.unpin(&mut all[0]).unwrap();
    change(unit.as_mut(), &tea, &all[0]).await;
    tea.delete(&mut all[2], ada.id, at(60)).unwrap();
    change(unit.as_mut(), &tea, &all[2]).await;
    assert_eq!(pinned(unit.as_mut(), 1, 10).await, [4, 2]);
    assert_eq!(unit.messages().count_pinned(tea.id).await.unwrap(), 2);
}

pub(crate) async fn a_thread_is_paged_like_a_conversation(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut roots = Vec::new();
    for key in 1..=2 {
        roots.push(post(unit.as_mut(), &mut tea, &ada, key, 10).await);
    }
    // 3 to 12, every other one in the first thread: 3, 5, 7, 9, 11
    for key in 3..=12 {
        let root = &roots[usize::from(key % 2 == 0)];
        let reply = post_new(unit.as_mut(), &mut tea, reply(&ada, key, root), 11).await;
        assert_eq!(reply.thread_root, Some(root.reference()));
    }
    let seq = Seq::new;
    for (visible_from, range, limit, expected) in [
        (1, MessageRange::Newest, 2, vec![9, 11]),
        (1, MessageRange::Newest, 50, vec![3, 5, 7, 9, 11]),
        (6, MessageRange::Newest, 50, vec![7, 9, 11]),
        (1, MessageRange::Before(seq(9)), 2, vec![5, 7]),
        (1, MessageRange::After(seq(5)), 2, vec![7, 9]),
        (8, MessageRange::After(seq(5)), 2, vec![9, 11]),
        (1, MessageRange::Around(seq(7)), 3, vec![5, 7, 9]),
    ] {
        let page = unit.messages();
        let page = page
            .list_thread(tea.id, roots[0].id, seq(visible_from), range, limit)
            .await;
        let seqs: Vec<_> = page
            .unwrap()
            .iter()
            .map(|message| message.seq.get())
            .collect();
        assert_eq!(seqs, expected, "{range:?} from {visible_from}");
    }
    let elsewhere = super::world::conversation_id(2);
    let page = unit.messages();
    let page = page
        .list_thread(elsewhere, roots[0].id, seq(1), MessageRange::Newest, 50)
        .await;
    assert!(
        page.unwrap().is_empty(),
        "it is no thread of that conversation"
    );
}
