//! What messages say, what others do with them, and what is left of deleted ones.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::message::{
    Content, Emoji, Mentions, Message, NewMessage, Reaction, Revision, SystemNote,
};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::repository::{MessageRange, PostKey};
use hubbub_domain::unit_of_work::{Store, UnitOfWork};

use super::world::{
    at, body, calling, change, client_id, draft, people, post, post_new, reply, stored_group, title,
};

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

/// The message as it is found by its id.
async fn found(unit: &mut dyn UnitOfWork, message: &Message) -> Message {
    let found = unit
        .messages()
        .find(message.conversation_id, message.id)
        .await;
    found.unwrap().expect("it is there")
}

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

pub(crate) async fn a_changed_message_is_stored_whole(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let called = Mentions {
        user_ids: vec![bob.id],
        all: false,
    };
    type Step = fn(&mut Conversation, &mut Message, &Mentions);
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

const SECRET: &str = "what nobody may see again";

/// A message with everything that can hang on it, deleted at second 20.
async fn deleted(
    unit: &mut dyn UnitOfWork,
    tea: &mut Conversation,
    author: &hubbub_domain::user::User,
    key: u128,
) -> Message {
    let mut message = post(unit, tea, author, key, 10).await;
    let revision = Revision {
        body: body(SECRET),
        written_at: at(10),
    };
    unit.messages()
        .add_revision(message.id, &revision)
        .await
        .unwrap();
    tea.edit(&mut message, body(SECRET), Mentions::default(), at(11))
        .unwrap();
    tea.add_reaction(&mut message, author.id, emoji("👍"))
        .unwrap();
    change(unit, tea, &message).await;
    assert!(tea.delete(&mut message, author.id, at(20)).unwrap());
    change(unit, tea, &message).await;
    message
}

pub(crate) async fn what_was_deleted_is_told_by_no_answer(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let gone = deleted(unit.as_mut(), &mut tea, &ada, 2).await;
    let mut in_thread = post_new(unit.as_mut(), &mut tea, reply(&ada, 3, &root), 10).await;
    tea.delete(&mut in_thread, ada.id, at(20)).unwrap();
    change(unit.as_mut(), &tea, &in_thread).await;
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let messages = view.messages();
    let page = messages
        .list(tea.id, Seq::FIRST, MessageRange::Newest, 50)
        .await
        .unwrap();
    let thread = messages
        .list_thread(tea.id, root.id, Seq::FIRST, MessageRange::Newest, 50)
        .await;
    let by_key = messages
        .find_by_client_id(ada.id, client_id(2))
        .await
        .unwrap();
    assert!(messages.list_revisions(gone.id).await.unwrap().is_empty());
    let changes = view
        .conversations()
        .list_changes(tea.id, Rev::ZERO, 100)
        .await
        .unwrap();
    let overview = view
        .conversations()
        .find_overview(tea.id, ada.id)
        .await
        .unwrap()
        .unwrap();
    let last = overview.last_message.clone().unwrap();
    assert_eq!(last.id, gone.id, "its place remains");
    let told = [page, thread.unwrap(), vec![by_key.unwrap(), last]].concat();
    for message in told.iter().filter(|message| message.id != root.id) {
        let Content::Deleted(deletion) = &message.content else {
            panic!("{message:?} was deleted");
        };
        assert_eq!(
            (deletion.by, deletion.at, &deletion.kept),
            (ada.id, at(20), &None)
        );
    }
    let everything = format!("{told:?} {changes:?} {overview:?}");
    assert!(!everything.contains(SECRET), "{everything}");
    assert!(!everything.contains("message 3"), "{everything}");
}

pub(crate) async fn a_deletion_keeps_everything_until_it_is_purged(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let gone = deleted(unit.as_mut(), &mut tea, &ada, 1).await;
    let mut kept = found(unit.as_mut(), &gone).await;
    assert_eq!(kept, gone, "with the words");
    let post = PostKey {
        conversation_id: tea.id,
        sender_id: ada.id,
        client_id: client_id(9),
        reply_to: Some(gone.id),
        thread_root: None,
    };
    let circumstances = unit.log().find_circumstances(&[post]).await.unwrap();
    assert_eq!(circumstances[0].reply_to.as_ref(), Some(&gone));

    // Who has read it without the words, as from a page, changes nothing about them.
    let listed = unit
        .messages()
        .list(tea.id, Seq::FIRST, MessageRange::Newest, 1)
        .await;
    unit.messages().update(&listed.unwrap()[0]).await.unwrap();
    assert_eq!(found(unit.as_mut(), &gone).await, gone);

    assert!(tea.restore(&mut kept, ada.id, at(25)).unwrap());
    change(unit.as_mut(), &tea, &kept).await;
    assert_eq!(found(unit.as_mut(), &kept).await, kept);
    let text = kept.text().unwrap();
    assert_eq!(text.body.as_str(), SECRET);
    let reaction = Reaction {
        emoji: emoji("👍"),
        user_ids: vec![ada.id],
    };
    assert_eq!(text.reactions.as_slice(), [reaction]);
    assert_eq!(
        unit.messages().list_revisions(kept.id).await.unwrap().len(),
        1
    );
    assert_eq!(
        unit.messages().purge_deleted(at(1_000), 10).await.unwrap(),
        0
    );
}

pub(crate) async fn what_was_deleted_is_purged_a_few_at_a_time(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut all = Vec::new();
    for key in 1..=3 {
        all.push(deleted(unit.as_mut(), &mut tea, &ada, key).await);
    }
    let present = post(unit.as_mut(), &mut tea, &ada, 4, 10).await;
    for (before, expected) in [(20, 0), (21, 2), (21, 1), (21, 0)] {
        let purged = unit.messages().purge_deleted(at(before), 2).await.unwrap();
        assert_eq!(purged, expected);
    }
    for gone in &all {
        let purged = found(unit.as_mut(), gone).await;
        let Content::Deleted(deletion) = &purged.content else {
            panic!("it is still deleted");
        };
        assert_eq!((deletion.at, &deletion.kept), (at(20), &None));
        assert_eq!(
            (purged.seq, purged.rev),
            (gone.seq, gone.rev),
            "its place remains"
        );
        assert_eq!(unit.messages().count_revisions(gone.id).await.unwrap(), 0);
        // Its thread may still be counted anew.
        unit.messages().update(&purged).await.unwrap();
        assert_eq!(found(unit.as_mut(), gone).await, purged);
    }
    assert_eq!(found(unit.as_mut(), &present).await, present);
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
