use std::sync::Arc;

use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::Store;
use tokio::task::JoinSet;

use super::world::{draft, hash, people, person, stored_group};

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
            let message = conversation.post(draft(&ada, key), super::world::at(10));
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
