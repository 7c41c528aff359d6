//! What is only one user's: markers, what counts as unread, threads that are followed.

use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, Unread};
use hubbub_domain::ids::ConversationId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::{Content, Mentions, Message, NewMessage, SystemNote};
use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::personal::{NotificationLevel, PersonalState, ThreadState};
use hubbub_domain::unit_of_work::{Store, UnitOfWork};
use hubbub_domain::user::User;

use super::world::{
    admit, at, body, calling, change, draft, people, post, post_new, read, release, reply,
    stored_group,
};

async fn unread(unit: &mut dyn UnitOfWork, conversation: ConversationId, user: &User) -> Unread {
    let state = unit
        .personal_states()
        .find(conversation, user.id)
        .await
        .unwrap();
    let unread = unit
        .personal_states()
        .count_unread(conversation, user.id, &state)
        .await
        .unwrap();
    let overview = unit
        .conversations()
        .find_overview(conversation, user.id)
        .await;
    let overview = overview.unwrap().unwrap();
    assert_eq!(
        (overview.personal, overview.unread),
        (state, unread),
        "wherever it is asked"
    );
    unread
}

fn counts(messages: i64, mentions: i64) -> Unread {
    Unread { messages, mentions }
}

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

pub(crate) async fn what_counts_as_unread_is_what_others_wrote_outside_threads(
    store: Arc<dyn Store>,
) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let mut gone = post(unit.as_mut(), &mut tea, &ada, 2, 10).await;
    let note = NewMessage {
        content: Content::System(SystemNote::Founded),
        ..draft(&ada, 3)
    };
    post_new(unit.as_mut(), &mut tea, note, 10).await;
    post_new(unit.as_mut(), &mut tea, reply(&ada, 4, &root), 10).await;
    post(unit.as_mut(), &mut tea, &bob, 5, 10).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(2, 0));
    assert_eq!(unread(unit.as_mut(), tea.id, &ada).await, counts(1, 0));
    assert_eq!(
        unread(unit.as_mut(), tea.id, &eve).await,
        counts(0, 0),
        "no member"
    );
    tea.delete(&mut gone, ada.id, at(11)).unwrap();
    change(unit.as_mut(), &tea, &gone).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(1, 0));
    tea.restore(&mut gone, ada.id, at(12)).unwrap();
    change(unit.as_mut(), &tea, &gone).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(2, 0));
    read(unit.as_mut(), tea.id, &bob, 1).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(1, 0));

    let mut state = unit.personal_states().find(tea.id, bob.id).await.unwrap();
    state.mark_unread(Seq::FIRST);
    unit.personal_states()
        .save(tea.id, bob.id, &state, UserRev::new(9))
        .await
        .unwrap();
    assert_eq!(
        unread(unit.as_mut(), tea.id, &bob).await,
        counts(2, 0),
        "marked unread"
    );
    let mut stay = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    assert_eq!(
        unread(unit.as_mut(), tea.id, &bob).await,
        counts(0, 0),
        "no member any more"
    );
    admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await;
    post(unit.as_mut(), &mut tea, &ada, 6, 13).await;
    assert_eq!(
        unread(unit.as_mut(), tea.id, &bob).await,
        counts(1, 0),
        "what was written before the join does not count, whatever is marked unread"
    );
}

pub(crate) async fn mentions_count_while_their_words_stand(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let by_name = Mentions {
        user_ids: vec![ada.id, bob.id],
        all: false,
    };
    let all = Mentions {
        user_ids: vec![],
        all: true,
    };
    let both = Mentions {
        all: true,
        ..by_name.clone()
    };
    let mut named = post_new(
        unit.as_mut(),
        &mut tea,
        calling(&ada, 1, by_name.clone()),
        10,
    )
    .await;
    post_new(unit.as_mut(), &mut tea, calling(&ada, 2, all), 10).await;
    post_new(unit.as_mut(), &mut tea, calling(&ada, 3, both.clone()), 10).await;
    let in_thread = NewMessage {
        thread_root: Some(named.reference()),
        ..calling(&ada, 4, both)
    };
    post_new(unit.as_mut(), &mut tea, in_thread, 10).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(3, 3));
    assert_eq!(
        unread(unit.as_mut(), tea.id, &ada).await,
        counts(0, 0),
        "one does not call oneself"
    );

    let edit = |tea: &mut Conversation, named: &mut Message, text, mentions| {
        tea.edit(named, body(text), mentions, at(11))
            .unwrap()
            .unwrap();
    };
    edit(&mut tea, &mut named, "nobody", Mentions::default());
    change(unit.as_mut(), &tea, &named).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(3, 2));
    edit(&mut tea, &mut named, "@bob", by_name);
    change(unit.as_mut(), &tea, &named).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(3, 3));
    tea.delete(&mut named, ada.id, at(12)).unwrap();
    change(unit.as_mut(), &tea, &named).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(2, 2));
    tea.restore(&mut named, ada.id, at(13)).unwrap();
    change(unit.as_mut(), &tea, &named).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(3, 3));
    read(unit.as_mut(), tea.id, &bob, 2).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &bob).await, counts(1, 1));
}

pub(crate) async fn counting_looks_at_a_bounded_number_of_own_messages(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    for key in 0..1_000 {
        post(unit.as_mut(), &mut tea, &ada, key, 10).await;
    }
    post(unit.as_mut(), &mut tea, &bob, 1_000, 10).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &ada).await, counts(0, 0));
    read(unit.as_mut(), tea.id, &ada, 1).await;
    assert_eq!(unread(unit.as_mut(), tea.id, &ada).await, counts(1, 0));
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
