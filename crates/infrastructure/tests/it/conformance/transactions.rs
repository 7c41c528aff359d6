use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::Store;
use tokio::task::JoinSet;

use super::world::{at, channel, client_id, draft, hash, pair, people, person, post, stored_group};

pub(crate) async fn what_is_not_committed_never_was(store: Arc<dyn Store>) {
    let ada = person("ada", "Ada");
    let mut unit = store.begin().await.unwrap();
    unit.users().add(&ada, &hash()).await.unwrap();
    assert!(unit.users().find(ada.id).await.unwrap().is_some());
    drop(unit);
    let mut view = store.read().await.unwrap();
    assert_eq!(view.users().find(ada.id).await.unwrap(), None);
}

pub(crate) async fn a_view_stays_as_it_was_when_it_was_opened(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(
        view.users().find(ada.id).await.unwrap().as_ref(),
        Some(&ada)
    );
    let [bob] = people(&store, ["bob"]).await;
    assert_eq!(
        view.users().find(bob.id).await.unwrap(),
        None,
        "made after the view was opened"
    );
    let mut later = store.read().await.unwrap();
    assert!(later.users().find(bob.id).await.unwrap().is_some());
}

pub(crate) async fn units_of_work_take_turns_and_lose_nothing(store: Arc<dyn Store>) {
    const WRITERS: u128 = 50;
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let mut writers = JoinSet::new();
    for key in 0..WRITERS {
        let (store, ada, id) = (store.clone(), ada.clone(), tea.id);
        writers.spawn(async move {
            let mut unit = store.begin().await.unwrap();
            let mut conversation = unit.conversations().lock(id).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let message = conversation.post(draft(&ada, key), at(10));
            unit.messages().add(&message).await.unwrap();
            unit.conversations().update(&conversation).await.unwrap();
            unit.commit().await.unwrap();
        });
    }
    writers.join_all().await;
    let mut view = store.read().await.unwrap();
    let all = view
        .messages()
        .list(tea.id, Seq::FIRST, MessageRange::Newest, 200)
        .await
        .unwrap();
    let seqs: Vec<_> = all.iter().map(|message| message.seq.get()).collect();
    let expected: Vec<_> = (1..=i64::try_from(WRITERS).unwrap()).collect();
    assert_eq!(seqs, expected);
}

pub(crate) async fn a_view_cannot_write(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut view = store.read().await.unwrap();
    assert!(
        view.users()
            .rename(ada.id, &ada.display_name)
            .await
            .is_err()
    );
}

pub(crate) async fn a_unit_of_work_goes_on_after_every_conflict(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let taken = unit.users().add(&ada, &hash()).await;
    assert!(taken.unwrap_err().is_conflict());
    let (direct, _) =
        Conversation::open_direct(super::world::conversation_id(2), pair(&ada, &bob), at(1));
    unit.conversations().add(&direct).await.unwrap();
    let taken = unit.conversations().add(&direct).await;
    assert!(taken.unwrap_err().is_conflict());
    let taken = unit.conversations().add(&channel(1, "Tea")).await;
    assert!(taken.unwrap_err().is_conflict());
    let second_stay = tea.admit(ada.id, MemberRole::Member, at(3));
    let taken = unit.memberships().add(&second_stay, UserRev::new(9)).await;
    assert!(taken.unwrap_err().is_conflict());
    let message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let taken = unit.messages().add(&message).await;
    assert!(taken.unwrap_err().is_conflict());
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let found = view.messages().find_by_client_id(ada.id, client_id(1));
    assert_eq!(found.await.unwrap(), Some(message));
}

pub(crate) async fn a_key_used_at_the_same_time_elsewhere_is_found_after_the_conflict(
    store: Arc<dyn Store>,
) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut coffee = stored_group(&store, 2, &[&ada]).await;
    let mut first = store.begin().await.unwrap();
    let message = post(first.as_mut(), &mut tea, &ada, 1, 10).await;
    let mut second = JoinSet::new();
    second.spawn({
        let (store, ada) = (store.clone(), ada.clone());
        async move {
            let mut unit = store.begin().await.unwrap();
            let mut again = draft(&ada, 2);
            again.client_id = client_id(1);
            let again = coffee.post(again, at(11));
            let taken = unit.messages().add(&again).await;
            assert!(taken.unwrap_err().is_conflict());
            let found = unit.messages().find_by_client_id(ada.id, client_id(1));
            found.await.unwrap()
        }
    });
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    assert_eq!(second.join_all().await, [Some(message)]);
}
