//! What is left of deleted messages, and for how long.

use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::message::{Content, Mentions, Message, Reaction, Revision};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::repository::{MessageRange, PostKey};
use hubbub_domain::unit_of_work::{Store, UnitOfWork};
use hubbub_domain::user::User;

use super::world::{
    at, body, change, client_id, emoji, found, people, post, post_new, reply, stored_group,
};

const SECRET: &str = "what nobody may see again";

/// A message with everything that can hang on it, deleted at second 20.
async fn deleted(
    unit: &mut dyn UnitOfWork,
    tea: &mut Conversation,
    author: &User,
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
