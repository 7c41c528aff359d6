use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, ConversationKind, Unread};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::PersonalState;
use hubbub_domain::unit_of_work::Store;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::world::{
    admit, at, channel, conversation_id, group, pair, people, post, read, stored_group,
};

pub(crate) async fn a_conversation_is_found_as_stored(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let (direct, _) = Conversation::open_direct(conversation_id(1), pair(&ada, &bob), at(3));
    let all = [direct, group(2, "Tea"), channel(3, "News")];
    let mut unit = store.begin().await.unwrap();
    for conversation in &all {
        unit.conversations().add(conversation).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    for conversation in &all {
        let found = unit.conversations().find(conversation.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(conversation));
        let locked = unit.conversations().lock(conversation.id).await.unwrap();
        assert_eq!(locked.as_ref(), Some(conversation));
    }
    assert_eq!(
        unit.conversations().lock(conversation_id(9)).await.unwrap(),
        None
    );
}

pub(crate) async fn a_pair_has_one_conversation(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut unit = store.begin().await.unwrap();
    let (first, _) = Conversation::open_direct(conversation_id(1), pair(&ada, &bob), at(1));
    unit.conversations().add(&first).await.unwrap();
    unit.commit().await.unwrap();

    let mut unit = store.begin().await.unwrap();
    let found = unit
        .conversations()
        .find_direct(pair(&bob, &ada))
        .await
        .unwrap();
    assert_eq!(found, Some(first.id));
    let (second, _) = Conversation::open_direct(conversation_id(2), pair(&bob, &ada), at(1));
    let error = unit.conversations().add(&second).await.unwrap_err();
    assert!(error.is_conflict());
}

pub(crate) async fn an_overview_shows_what_its_user_sees(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut unit = store.begin().await.unwrap();
    let (mut direct, stays) =
        Conversation::open_direct(conversation_id(1), pair(&ada, &bob), at(1));
    unit.conversations().add(&direct).await.unwrap();
    for stay in &stays {
        let rev = unit.users().next_rev(stay.user_id).await.unwrap();
        unit.memberships().add(stay, rev).await.unwrap();
    }
    post(unit.as_mut(), &mut direct, &ada, 1, 10).await;
    let last = post(unit.as_mut(), &mut direct, &ada, 2, 11).await;
    read(unit.as_mut(), direct.id, &bob, 1).await;
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let bobs = view
        .conversations()
        .find_overview(direct.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bobs.conversation, direct);
    assert_eq!(bobs.peer.as_ref(), Some(&ada));
    assert_eq!(bobs.last_message.as_ref(), Some(&last));
    assert_eq!(
        (bobs.personal.read_seq, bobs.unread.messages),
        (Seq::FIRST, 1)
    );
    assert!(
        bobs.membership
            .is_some_and(|stay| stay.is_open() && stay.user_id == bob.id)
    );

    let adas = view
        .conversations()
        .find_overview(direct.id, ada.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (adas.peer.as_ref(), adas.unread.messages),
        (Some(&bob), 0),
        "own messages never count"
    );

    let eves = view
        .conversations()
        .find_overview(direct.id, eve.id)
        .await
        .unwrap()
        .unwrap();
    assert!(eves.membership.is_none() && eves.peer.is_none() && eves.last_message.is_none());
    assert_eq!(eves.unread, Unread::default());
}

pub(crate) async fn unread_messages_stop_counting_at_a_hundred(store: Arc<dyn Store>) {
    let [ada, bob, late] = people(&store, ["ada", "bob", "late"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    for key in 0..130 {
        post(unit.as_mut(), &mut tea, &ada, key, 10).await;
    }
    admit(unit.as_mut(), &mut tea, &late, MemberRole::Member).await;
    for key in 130..133 {
        post(unit.as_mut(), &mut tea, &ada, key, 10).await;
    }
    for (user, seq, expected) in [
        (&bob, 0, 100),
        (&bob, 120, 13),
        (&bob, 133, 0),
        (&late, 0, 3),
        (&ada, 0, 0),
    ] {
        let state = PersonalState {
            read_seq: Seq::new(seq),
            ..PersonalState::default()
        };
        let unread = unit
            .personal_states()
            .count_unread(tea.id, user.id, &state)
            .await
            .unwrap();
        assert_eq!(
            unread.messages,
            expected,
            "{} after {seq}",
            user.username.as_str()
        );
    }
    let overview = unit
        .conversations()
        .find_overview(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(overview.unread.messages, 100);
    let overview = unit
        .conversations()
        .find_overview(tea.id, late.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        overview.unread.messages, 3,
        "what was written before the join does not count"
    );
}

pub(crate) async fn a_list_has_the_latest_activity_first(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut first = stored_group(&store, 1, &[&ada]).await;
    let mut second = stored_group(&store, 2, &[&ada, &bob]).await;
    stored_group(&store, 3, &[&bob]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut second, &ada, 1, 10).await;
    post(unit.as_mut(), &mut first, &ada, 2, 20).await;
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let list = view.conversations().list_overviews(ada.id).await.unwrap();
    let ids: Vec<_> = list
        .iter()
        .map(|overview| overview.conversation.id)
        .collect();
    assert_eq!(ids, [first.id, second.id]);
}

pub(crate) async fn channels_are_listed_for_everybody(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    for (number, name) in [(2, "News"), (3, "Books")] {
        let mut channel = channel(number, name);
        unit.conversations().add(&channel).await.unwrap();
        admit(unit.as_mut(), &mut channel, &ada, MemberRole::Owner).await;
    }
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let list = view
        .conversations()
        .list_channels(bob.id, 10)
        .await
        .unwrap();
    let names: Vec<_> = list
        .iter()
        .map(|overview| {
            assert_eq!(overview.conversation.kind(), ConversationKind::Channel);
            assert!(overview.membership.is_none());
            overview
                .conversation
                .title()
                .unwrap()
                .name
                .as_str()
                .to_owned()
        })
        .collect();
    assert_eq!(names, ["Books", "News"]);
    assert_eq!(
        view.conversations()
            .list_channels(ada.id, 1)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub(crate) async fn channels_are_ordered_by_the_bytes_of_their_names(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let expected = ["Zoo", "a b", "a-b", "apple", "\u{d6}l"];
    let mut unit = store.begin().await.unwrap();
    for (number, name) in (1..).zip(expected.iter().rev()) {
        unit.conversations()
            .add(&channel(number, name))
            .await
            .unwrap();
    }
    let listed = unit
        .conversations()
        .list_channels(ada.id, 10)
        .await
        .unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|overview| overview.conversation.title().unwrap().name.as_str())
        .collect();
    assert_eq!(names, expected);
}

pub(crate) async fn two_who_write_to_each_other_at_once_make_one_conversation(
    store: Arc<dyn Store>,
) {
    let [ada, others @ ..] = people(&store, ["ada", "bob", "cay", "dan", "eve", "fay"]).await;
    for (round, other) in (1..).zip(&others) {
        let pair = pair(&ada, other);
        let ready = Arc::new(Barrier::new(2));
        let mut both = JoinSet::new();
        for number in [2 * round, 2 * round + 1] {
            let (store, ready) = (store.clone(), ready.clone());
            both.spawn(async move {
                ready.wait().await;
                let mut unit = store.begin().await.unwrap();
                if let Some(found) = unit.conversations().find_direct(pair).await.unwrap() {
                    return (found, false);
                }
                let id = conversation_id(number);
                let (conversation, _) = Conversation::open_direct(id, pair, at(1));
                unit.conversations().add(&conversation).await.unwrap();
                unit.commit().await.unwrap();
                (id, true)
            });
        }
        let answers = both.join_all().await;
        assert_eq!(answers[0].0, answers[1].0);
        assert_ne!(answers[0].1, answers[1].1, "one made it, one found it");
    }
}
