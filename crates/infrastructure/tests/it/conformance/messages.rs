use std::sync::Arc;

use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use hubbub_domain::unit_of_work::Store;

use super::world::{admit, at, client_id, draft, people, post, release, stored_group};

pub(crate) async fn a_message_is_found_by_its_senders_key(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let message = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let found = unit
        .messages()
        .find_by_client_id(ada.id, client_id(1))
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&message));
    assert_eq!(
        unit.messages()
            .find_by_client_id(bob.id, client_id(1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        unit.messages()
            .find_by_client_id(ada.id, client_id(2))
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn a_key_is_used_once_per_sender(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let mut bobs = draft(&bob, 2);
    bobs.client_id = client_id(1);
    let bobs = tea.post(bobs, at(11));
    unit.messages()
        .add(&bobs)
        .await
        .expect("keys of different people are different keys");
    let mut again = draft(&ada, 3);
    again.client_id = client_id(1);
    let again = tea.post(again, at(12));
    assert!(unit.messages().add(&again).await.unwrap_err().is_conflict());
}

pub(crate) async fn a_place_is_taken_once(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut stale = tea.clone();
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let same_place = stale.post(draft(&ada, 2), at(10));
    assert!(
        unit.messages()
            .add(&same_place)
            .await
            .unwrap_err()
            .is_conflict()
    );
}

pub(crate) async fn pages_are_in_order_and_bounded(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    for key in 1..=10 {
        post(unit.as_mut(), &mut tea, &ada, key, 10).await;
    }
    let seq = Seq::new;
    for (range, limit, expected) in [
        (MessageRange::Newest, 3, vec![8, 9, 10]),
        (MessageRange::Newest, 50, (1..=10).collect()),
        (MessageRange::Before(seq(4)), 2, vec![2, 3]),
        (MessageRange::Before(seq(1)), 2, vec![]),
        (MessageRange::After(seq(8)), 5, vec![9, 10]),
        (MessageRange::After(seq(0)), 2, vec![1, 2]),
        (MessageRange::After(seq(10)), 2, vec![]),
        (MessageRange::Around(seq(5)), 4, vec![3, 4, 5, 6]),
        (MessageRange::Around(seq(1)), 4, vec![1, 2, 3, 4]),
        (MessageRange::Around(seq(2)), 5, vec![1, 2, 3, 4, 5]),
        (MessageRange::Around(seq(9)), 5, vec![6, 7, 8, 9, 10]),
        (MessageRange::Around(seq(10)), 4, vec![7, 8, 9, 10]),
        (MessageRange::Around(seq(99)), 4, vec![7, 8, 9, 10]),
        (MessageRange::Around(seq(5)), 1, vec![5]),
        (MessageRange::Around(seq(99)), 1, vec![10]),
        (MessageRange::Around(seq(5)), 50, (1..=10).collect()),
    ] {
        let page = unit
            .messages()
            .list(tea.id, Seq::FIRST, range, limit)
            .await
            .unwrap();
        let seqs: Vec<_> = page.iter().map(|message| message.seq.get()).collect();
        assert_eq!(seqs, expected, "{range:?}");
    }
}

pub(crate) async fn a_page_never_shows_what_lies_before_the_visible_history(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    for key in 1..=10 {
        post(unit.as_mut(), &mut tea, &ada, key, 10).await;
    }
    let seq = Seq::new;
    for range in [
        MessageRange::Newest,
        MessageRange::Before(seq(9)),
        MessageRange::After(seq(0)),
        MessageRange::Around(seq(2)),
        MessageRange::Around(seq(8)),
    ] {
        let page = unit
            .messages()
            .list(tea.id, seq(7), range, 50)
            .await
            .unwrap();
        assert!(!page.is_empty(), "{range:?}");
        assert!(
            page.iter().all(|message| message.seq >= seq(7)),
            "{range:?}"
        );
    }
}

pub(crate) async fn a_member_reads_exactly_what_the_stay_shows(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut stays: [Option<Membership>; 2] = [None, None];
    let mut messages: Vec<Message> = Vec::new();
    let mut ended = 0;
    // Comings, goings and messages in an order that mixes them well; the same one every time.
    for step in 1..=60_u128 {
        let choice = usize::try_from(step * step % 7).unwrap();
        if choice < 2 {
            let user = [&bob, &eve][choice];
            if let Some(mut stay) = stays[choice].take() {
                release(unit.as_mut(), &mut tea, &mut stay).await;
                ended += 1;
            } else {
                let stay = admit(unit.as_mut(), &mut tea, user, MemberRole::Member).await;
                stays[choice] = Some(stay);
            }
        } else {
            messages.push(post(unit.as_mut(), &mut tea, &ada, step, 10).await);
        }
        for stay in stays.iter().flatten() {
            let shown: Vec<_> = messages
                .iter()
                .filter(|message| stay.shows(message.seq, message.created_rev))
                .cloned()
                .collect();
            for range in [
                MessageRange::Newest,
                MessageRange::After(Seq::ZERO),
                MessageRange::Before(tea.last_seq.next()),
                MessageRange::Around(stay.visible_from_seq),
            ] {
                let first = stay.visible_from_seq;
                let read = unit.messages().list(tea.id, first, range, 200).await;
                assert_eq!(read.unwrap(), shown, "{range:?} at step {step}");
            }
        }
    }
    assert!(ended > 3 && messages.len() > 20, "{ended}, {messages:?}");
}
