//! What is only one user's: markers, receipts, threads that are followed.

use std::sync::Arc;

use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::personal::{NotificationLevel, PersonalState, ThreadState};
use hubbub_domain::unit_of_work::Store;

use super::world::{at, change, people, post, post_new, read, release, reply, stored_group};

pub(crate) async fn a_personal_state_is_found_as_stored(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let states = unit.personal_states();
    assert_eq!(
        states.find(tea.id, ada.id).await.unwrap(),
        PersonalState::default()
    );
    for level in [
        NotificationLevel::Mentions,
        NotificationLevel::None,
        NotificationLevel::All,
    ] {
        let state = PersonalState {
            read_seq: Seq::new(3),
            unread_from: (level == NotificationLevel::None).then_some(Seq::new(2)),
            muted_until: (level == NotificationLevel::Mentions).then_some(at(50)),
            level,
        };
        states
            .save(tea.id, ada.id, &state, UserRev::new(1))
            .await
            .unwrap();
        assert_eq!(states.find(tea.id, ada.id).await.unwrap(), state);
    }
}

pub(crate) async fn a_read_marker_never_moves_back(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let states = unit.personal_states();
    for (seq, expected) in [(5, 5), (3, 5), (8, 8)] {
        let state = PersonalState {
            read_seq: Seq::new(seq),
            ..PersonalState::default()
        };
        states
            .save(tea.id, ada.id, &state, UserRev::new(seq))
            .await
            .unwrap();
        assert_eq!(
            states.find(tea.id, ada.id).await.unwrap().read_seq.get(),
            expected
        );
    }
}

pub(crate) async fn an_own_message_moves_the_marker_only_of_who_has_read_all_before(
    store: Arc<dyn Store>,
) {
    let [ada] = people(&store, ["ada"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let states = unit.personal_states();
    for (seq, expected) in [(2, 0), (1, 1), (1, 1), (3, 1), (2, 2), (1, 2), (3, 3)] {
        states
            .read_own(tea.id, ada.id, Seq::new(seq))
            .await
            .unwrap();
        let state = states.find(tea.id, ada.id).await.unwrap();
        assert_eq!(state.read_seq.get(), expected, "after {seq}");
    }
    let before = PersonalState {
        read_seq: Seq::new(3),
        unread_from: Some(Seq::new(2)),
        muted_until: Some(at(9)),
        level: NotificationLevel::None,
    };
    states
        .save(tea.id, ada.id, &before, UserRev::new(7))
        .await
        .unwrap();
    states.read_own(tea.id, ada.id, Seq::new(4)).await.unwrap();
    let expected = PersonalState {
        read_seq: Seq::new(4),
        ..before
    };
    assert_eq!(
        states.find(tea.id, ada.id).await.unwrap(),
        expected,
        "the rest stays"
    );
    let changes = unit
        .users()
        .list_changes(ada.id, UserRev::new(6), 10)
        .await
        .unwrap();
    assert_eq!(changes.len(), 1, "it keeps its place in the user's own log");
}

pub(crate) async fn receipts_are_those_of_present_members_who_show_them(store: Arc<dyn Store>) {
    let [ada, bob, cay, dan] = people(&store, ["ada", "bob", "cay", "dan"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob, &cay, &dan]).await;
    let mut unit = store.begin().await.unwrap();
    for (user, seq) in [(&ada, 3), (&bob, 4), (&cay, 5)] {
        read(unit.as_mut(), tea.id, user, seq).await;
    }
    unit.users()
        .set_private_receipts(bob.id, true, UserRev::new(9))
        .await
        .unwrap();
    assert!(unit.users().has_private_receipts(bob.id).await.unwrap());
    let mut stay = unit
        .memberships()
        .find_open(tea.id, cay.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    let receipts = unit
        .personal_states()
        .list_receipts(tea.id, 10)
        .await
        .unwrap();
    assert_eq!(receipts, [(ada.id, Seq::new(3)), (dan.id, Seq::ZERO)]);
    assert_eq!(
        unit.personal_states()
            .list_receipts(tea.id, 1)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub(crate) async fn followed_threads_are_listed_with_what_is_unread(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut books = stored_group(&store, 2, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut roots = Vec::new();
    for (key, group, second) in [(1, &mut tea, 30), (2, &mut books, 20)] {
        let mut root = post(unit.as_mut(), group, &ada, key, 10).await;
        let others = post_new(unit.as_mut(), group, reply(&ada, key + 10, &root), second).await;
        post_new(unit.as_mut(), group, reply(&bob, key + 20, &root), second).await;
        let mut gone = post_new(unit.as_mut(), group, reply(&ada, key + 30, &root), second).await;
        group.delete(&mut gone, ada.id, at(second)).unwrap();
        group.extend_thread(&mut root, &others);
        change(unit.as_mut(), group, &gone).await;
        change(unit.as_mut(), group, &root).await;
        roots.push(root);
    }
    let states = unit.personal_states();
    let mut followed = Vec::new();
    for root in &roots {
        assert_eq!(states.find_thread(bob.id, root.id).await.unwrap(), None);
        let state = ThreadState {
            is_following: true,
            ..ThreadState::new(root.conversation_id, root.id, root.seq, bob.id)
        };
        states.save_thread(&state, None).await.unwrap();
        assert_eq!(
            states.find_thread(bob.id, root.id).await.unwrap(),
            Some(state)
        );
        assert_eq!(states.count_unread_replies(&state).await.unwrap(), 1);
        followed.push(state);
    }
    let list = states.list_followed(bob.id, 10).await.unwrap();
    for (place, thread) in list.iter().enumerate() {
        assert_eq!(
            (&thread.root, thread.state, thread.unread),
            (&roots[place], followed[place], 1)
        );
    }
    assert_eq!(list.len(), 2, "the newest reply first");
    assert_eq!(states.list_followed(bob.id, 1).await.unwrap().len(), 1);
    assert!(states.list_followed(ada.id, 10).await.unwrap().is_empty());

    let state = ThreadState {
        read_seq: Seq::new(99),
        ..followed[0]
    };
    states
        .save_thread(&state, Some(UserRev::new(9)))
        .await
        .unwrap();
    states.save_thread(&followed[0], None).await.unwrap();
    let stored = states.find_thread(bob.id, roots[0].id).await.unwrap();
    assert_eq!(stored, Some(state), "a marker never moves back");
    assert_eq!(states.list_followed(bob.id, 10).await.unwrap()[0].unread, 0);
    let changes = unit
        .users()
        .list_changes(bob.id, UserRev::new(8), 10)
        .await
        .unwrap();
    assert_eq!(changes.len(), 1, "it keeps its place in the user's own log");

    let mut stay = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    let unfollowed = ThreadState {
        is_following: false,
        ..followed[1]
    };
    unit.personal_states()
        .save_thread(&unfollowed, None)
        .await
        .unwrap();
    assert!(
        unit.personal_states()
            .list_followed(bob.id, 10)
            .await
            .unwrap()
            .is_empty()
    );
}
