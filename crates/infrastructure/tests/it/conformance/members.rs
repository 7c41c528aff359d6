use std::sync::Arc;

use hubbub_domain::member::{Ban, MemberRole};
use hubbub_domain::numbers::Rev;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{User, Username};

use super::world::{admit, people, release, stored_group};

pub(crate) async fn a_stay_is_found_while_it_is_open(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let mut stay = admit(unit.as_mut(), &mut tea, &bob, MemberRole::ReadOnly).await;
    let found = unit.memberships().find_open(tea.id, bob.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&stay));
    release(unit.as_mut(), &mut tea, &mut stay).await;
    assert_eq!(
        unit.memberships().find_open(tea.id, bob.id).await.unwrap(),
        None
    );
}

pub(crate) async fn nobody_is_in_a_conversation_twice_at_once(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    let again = tea.admit(ada.id, MemberRole::Member, super::world::at(5));
    let rev = unit.users().next_rev(ada.id).await.unwrap();
    let error = unit.memberships().add(&again, rev).await.unwrap_err();
    assert!(error.is_conflict());
}

pub(crate) async fn who_comes_back_has_another_stay(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut first = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut first).await;
    let second = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await;
    let found = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, second);
    assert!(second.from_rev > first.to_rev.unwrap());
}

pub(crate) async fn members_are_listed_by_username(store: Arc<dyn Store>) {
    let [bob, ada, charly] = people(&store, ["bob", "ada", "charly"]).await;
    let tea = stored_group(&store, 1, &[&bob, &ada, &charly]).await;
    let mut view = store.read().await.unwrap();
    let page = view.memberships().list_open(tea.id, None, 2).await.unwrap();
    let names: Vec<_> = page
        .iter()
        .map(|(user, _)| user.username.as_str())
        .collect();
    assert_eq!(names, ["ada", "bob"]);
    assert_eq!(page[1].1.role, MemberRole::Owner);
    let after = Username::parse("bob").unwrap();
    let rest = view
        .memberships()
        .list_open(tea.id, Some(&after), 10)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0, charly);
}

pub(crate) async fn the_most_senior_member_has_the_highest_role_and_the_longest_stay(
    store: Arc<dyn Store>,
) {
    let [ada, bob, charly, dan] = people(&store, ["ada", "bob", "charly", "dan"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let mut unit = store.begin().await.unwrap();
    admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await;
    admit(unit.as_mut(), &mut tea, &charly, MemberRole::Admin).await;
    admit(unit.as_mut(), &mut tea, &dan, MemberRole::Admin).await;
    let mut expected = vec![ada.id, charly.id, dan.id, bob.id];
    while let Some(mut senior) = unit.memberships().find_most_senior(tea.id).await.unwrap() {
        assert_eq!(senior.user_id, expected.remove(0));
        release(unit.as_mut(), &mut tea, &mut senior).await;
    }
    assert!(expected.is_empty());
}

pub(crate) async fn sharing_a_conversation_needs_two_open_stays(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let others = [bob.id, eve.id];
    assert_eq!(
        unit.users().list_sharing(ada.id, &others).await.unwrap(),
        [bob.id]
    );
    let mut stay = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    assert!(
        unit.users()
            .list_sharing(ada.id, &others)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn all_stays_and_departures_are_listed_in_order(store: Arc<dyn Store>) {
    let [ada, bob, cay] = people(&store, ["ada", "bob", "cay"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await; // 1
    let mut unit = store.begin().await.unwrap();
    let mut first = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await; // 2
    let mut cays = admit(unit.as_mut(), &mut tea, &cay, MemberRole::Member).await; // 3
    release(unit.as_mut(), &mut tea, &mut first).await; // 4
    let mut second = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await; // 5
    tea.change_role(&mut second, MemberRole::Admin); // 6
    unit.memberships().update(&second, None).await.unwrap();
    release(unit.as_mut(), &mut tea, &mut cays).await; // 7
    release(unit.as_mut(), &mut tea, &mut second).await; // 8
    let members = unit.memberships();
    let stays = members.list_stays(tea.id, bob.id).await.unwrap();
    assert_eq!(stays, [first, second]);
    let rev = Rev::new;
    let departures = [(bob.id, rev(4)), (cay.id, rev(7)), (bob.id, rev(8))];
    for (after, expected) in [(0, &departures[..]), (4, &departures[1..]), (8, &[])] {
        let listed = members.list_departures(tea.id, rev(after)).await.unwrap();
        assert_eq!(listed, expected, "after {after}");
    }
}

pub(crate) async fn names_are_those_of_present_members(store: Arc<dyn Store>) {
    let [ada, bob, eve] = people(&store, ["ada", "bob", "eve"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    let mut stay = unit
        .memberships()
        .find_open(tea.id, bob.id)
        .await
        .unwrap()
        .unwrap();
    let names = ["nobody", "eve", "bob", "ada"].map(|name| Username::parse(name).unwrap());
    let mut found = unit.memberships().list_named(tea.id, &names).await.unwrap();
    found.sort();
    assert_eq!(
        found,
        [
            (ada.username.clone(), ada.id),
            (bob.username.clone(), bob.id)
        ]
    );
    release(unit.as_mut(), &mut tea, &mut stay).await;
    let found = unit.memberships().list_named(tea.id, &names).await.unwrap();
    assert_eq!(found, [(ada.username, ada.id)]);
    assert!(
        unit.memberships()
            .list_named(tea.id, &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(eve.username, names[1], "who is no member is not found");
}

pub(crate) async fn a_ban_stays_as_it_was_first_said_until_it_is_lifted(store: Arc<dyn Store>) {
    let [ada, bob, cay, dan] = people(&store, ["ada", "bob", "cay", "dan"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    let books = stored_group(&store, 2, &[&ada]).await;
    let ban = |user: &User, banned_by: &User, second| Ban {
        conversation_id: tea.id,
        user_id: user.id,
        banned_by: banned_by.id,
        banned_at: super::world::at(second),
    };
    let mut unit = store.begin().await.unwrap();
    let bans = unit.bans();
    let all = [ban(&dan, &ada, 5), ban(&cay, &ada, 6), ban(&bob, &ada, 7)];
    for ban in &all {
        bans.add(ban).await.unwrap();
    }
    bans.add(&ban(&bob, &cay, 9)).await.unwrap();
    assert_eq!(bans.find(tea.id, bob.id).await.unwrap(), Some(all[2]));
    assert_eq!(bans.find(books.id, bob.id).await.unwrap(), None);
    let page = bans.list(tea.id, None, 2).await.unwrap();
    assert_eq!(page, [(bob.clone(), all[2]), (cay.clone(), all[1])]);
    let rest = bans.list(tea.id, Some(&cay.username), 2).await.unwrap();
    assert_eq!(rest, [(dan, all[0])]);
    assert!(bans.remove(tea.id, bob.id).await.unwrap());
    assert!(!bans.remove(tea.id, bob.id).await.unwrap(), "it is lifted");
    assert_eq!(bans.find(tea.id, bob.id).await.unwrap(), None);
}
