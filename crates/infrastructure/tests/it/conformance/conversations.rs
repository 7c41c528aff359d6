use std::sync::Arc;

use hubbub_domain::change::ConversationChange;
use hubbub_domain::conversation::{Conversation, ConversationKind};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::unit_of_work::Store;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::world::{
    admit, at, channel, conversation_id, group, pair, people, post, release, stored_group,
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
    unit.read_markers()
        .advance(direct.id, bob.id, Seq::FIRST, None)
        .await
        .unwrap();
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
    assert_eq!((bobs.last_read_seq, bobs.unread_count), (Seq::FIRST, 1));
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
        (adas.peer.as_ref(), adas.unread_count),
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
    assert_eq!(eves.unread_count, 0);
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
        let count = unit
            .read_markers()
            .count_unread(tea.id, user.id, Seq::new(seq))
            .await
            .unwrap();
        assert_eq!(count, expected, "{} after {seq}", user.username.as_str());
    }
    let overview = unit
        .conversations()
        .find_overview(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(overview.unread_count, 100);
    let overview = unit
        .conversations()
        .find_overview(tea.id, late.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        overview.unread_count, 3,
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

pub(crate) async fn changes_after_a_position_are_current_rows_in_order(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await; // 2
    let mut stay = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await; // 3
    post(unit.as_mut(), &mut tea, &bob, 2, 11).await; // 4
    release(unit.as_mut(), &mut tea, &mut stay).await; // 5
    post(unit.as_mut(), &mut tea, &ada, 3, 12).await; // 6
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let all = view
        .conversations()
        .list_changes(tea.id, Rev::ZERO, 100)
        .await
        .unwrap();
    let revs: Vec<_> = all.iter().map(|change| change.rev().get()).collect();
    assert_eq!(revs, [1, 2, 3, 4, 5, 6]);
    let is_open = |change: &ConversationChange| match change {
        ConversationChange::MembershipChanged(row) => row.is_open(),
        ConversationChange::MessagePosted(_) => panic!("a stay stands here"),
    };
    assert!(is_open(&all[2]), "the join, as it was");
    assert!(matches!(&all[4], ConversationChange::MembershipChanged(row) if *row == stay));
    let some = view
        .conversations()
        .list_changes(tea.id, Rev::new(2), 2)
        .await
        .unwrap();
    let revs: Vec<_> = some.iter().map(|change| change.rev().get()).collect();
    assert_eq!(revs, [3, 4]);
}

pub(crate) async fn heads_are_those_of_present_conversations(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let news = stored_group(&store, 2, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut stay = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let mut heads = view.conversations().list_heads(ada.id).await.unwrap();
    heads.sort_unstable();
    assert_eq!(heads, [(tea.id, tea.last_rev), (news.id, news.last_rev)]);
    assert!(
        view.conversations()
            .list_heads(bob.id)
            .await
            .unwrap()
            .is_empty()
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
