//! What happened after a position, in a conversation and in a user's own log.

use std::sync::Arc;

use hubbub_domain::change::{ConversationChange, PlacedChange, UserChange, UserChangeKind};
use hubbub_domain::conversation::SettingsChange;
use hubbub_domain::ids::Epoch;
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::Mentions;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::ConversationHead;
use hubbub_domain::unit_of_work::{Repositories, Store};
use uuid::Uuid;

use super::world::{
    admit, at, body, change, conversation_id, people, post, post_new, read, release, reply,
    stored_group, title,
};

/// What is told at which place: `P` a post, `M` a changed message, `S` a stay, `C` the conversation.
fn told(changes: &[PlacedChange]) -> Vec<(i64, char)> {
    let kind = |change: &ConversationChange| match change {
        ConversationChange::MessagePosted(_) => 'P',
        ConversationChange::MessageChanged(_) => 'M',
        ConversationChange::MembershipChanged(_) => 'S',
        ConversationChange::SettingsChanged(_) => 'C',
    };
    changes
        .iter()
        .map(|placed| (placed.rev.get(), kind(&placed.change)))
        .collect()
}

pub(crate) async fn changes_after_a_position_are_current_rows_in_order(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await; // 1
    let mut unit = store.begin().await.unwrap();
    let mut first = post(unit.as_mut(), &mut tea, &ada, 1, 10).await; // 2
    let mut stay = admit(unit.as_mut(), &mut tea, &bob, MemberRole::Member).await; // 3
    post(unit.as_mut(), &mut tea, &bob, 2, 11).await; // 4
    let edited = tea.edit(&mut first, body("better"), Mentions::default(), at(12)); // 5
    assert!(edited.unwrap().is_some());
    change(unit.as_mut(), &tea, &first).await;
    release(unit.as_mut(), &mut tea, &mut stay).await; // 6
    post(unit.as_mut(), &mut tea, &ada, 3, 13).await; // 7
    tea.change_settings(SettingsChange {
        name: Some(title("Coffee").name),
        ..SettingsChange::default()
    }); // 8
    unit.conversations().update(&tea).await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let after = async |view: &mut dyn Repositories, rev, limit| {
        let changes = view
            .conversations()
            .list_changes(tea.id, Rev::new(rev), limit)
            .await;
        let changes = changes.unwrap();
        assert_eq!(changes.head, Rev::new(8));
        changes.changes
    };
    let all = after(view.as_mut(), 0, 100).await;
    let expected = [
        (1, 'S'),
        (2, 'P'),
        (3, 'S'),
        (4, 'P'),
        (5, 'M'),
        (6, 'S'),
        (7, 'P'),
        (8, 'C'),
    ];
    assert_eq!(told(&all), expected);
    let posted = ConversationChange::MessagePosted(first.clone());
    assert_eq!(all[1].change, posted, "as it stands now");
    assert_eq!(all[4].change, ConversationChange::MessageChanged(first));
    assert!(
        matches!(&all[2].change, ConversationChange::MembershipChanged(row) if row.is_open() && row.rev == Rev::new(3)),
        "the join, as it was"
    );
    assert_eq!(all[5].change, ConversationChange::MembershipChanged(stay));
    assert_eq!(
        all[7].change,
        ConversationChange::SettingsChanged(tea.clone())
    );
    for after_rev in 0..=8 {
        for limit in 1..=9 {
            let some = after(view.as_mut(), after_rev, limit).await;
            let rest = expected.iter().filter(|(rev, _)| *rev > after_rev);
            let rest = rest.take(usize::try_from(limit).unwrap());
            let rest: Vec<_> = rest.copied().collect();
            assert_eq!(told(&some), rest, "{limit} after {after_rev}");
        }
    }
    let none = view
        .conversations()
        .list_changes(conversation_id(9), Rev::ZERO, 10)
        .await;
    let none = none.unwrap();
    assert_eq!((none.head, none.changes), (Rev::ZERO, Vec::new()));
}

pub(crate) async fn heads_are_those_of_present_conversations(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let epoch = Epoch::from_uuid(Uuid::from_u128(7));
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await;
    let mut unit = store.begin().await.unwrap();
    unit.server()
        .initialise(epoch, "CODE", at(1))
        .await
        .unwrap();
    let open = unit.memberships().find_open(tea.id, bob.id).await;
    let mut stay = open.unwrap().unwrap();
    release(unit.as_mut(), &mut tea, &mut stay).await;
    post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    let rev = unit.users().next_rev(bob.id).await.unwrap();
    unit.users()
        .set_private_receipts(bob.id, true, rev)
        .await
        .unwrap();
    unit.commit().await.unwrap();
    let late = stored_group(&store, 2, &[&ada]).await;

    let mut view = store.read().await.unwrap();
    let mut heads = view.conversations().find_heads(ada.id).await.unwrap();
    assert_eq!((heads.epoch, heads.user_rev.get()), (epoch, 2));
    assert!(!heads.has_private_receipts);
    heads.conversations.sort_by_key(|head| head.conversation_id);
    let head = |conversation_id, rev| ConversationHead {
        conversation_id,
        rev,
        from_rev: Rev::FIRST,
        visible_from_seq: Seq::FIRST,
    };
    assert_eq!(
        heads.conversations,
        [head(tea.id, tea.last_rev), head(late.id, late.last_rev)]
    );
    let bobs = view.conversations().find_heads(bob.id).await.unwrap();
    assert!(bobs.conversations.is_empty() && bobs.has_private_receipts);
    assert_eq!(bobs.user_rev.get(), 3);
}

fn revs(changes: &[UserChange]) -> Vec<i64> {
    changes.iter().map(|change| change.rev.get()).collect()
}

pub(crate) async fn own_changes_are_listed_in_order(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let mut tea = stored_group(&store, 1, &[&ada, &bob]).await; // bob 1
    let mut books = stored_group(&store, 2, &[&bob]).await; // bob 2
    let mut unit = store.begin().await.unwrap();
    let root = post(unit.as_mut(), &mut tea, &ada, 1, 10).await;
    post(unit.as_mut(), &mut tea, &ada, 2, 10).await;
    post_new(unit.as_mut(), &mut tea, reply(&ada, 3, &root), 11).await;
    read(unit.as_mut(), tea.id, &bob, 1).await; // bob 3
    let open = unit.memberships().find_open(books.id, bob.id).await;
    release(unit.as_mut(), &mut books, &mut open.unwrap().unwrap()).await; // bob 4
    let thread = ThreadState {
        is_following: true,
        ..ThreadState::new(tea.id, root.id, root.seq, bob.id)
    };
    let rev = unit.users().next_rev(bob.id).await.unwrap(); // bob 5
    unit.personal_states()
        .save_thread(&thread, Some(rev))
        .await
        .unwrap();
    let rev = unit.users().next_rev(bob.id).await.unwrap(); // bob 6
    unit.users()
        .set_private_receipts(bob.id, true, rev)
        .await
        .unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let changes = view
        .users()
        .list_changes(bob.id, UserRev::ZERO, 100)
        .await
        .unwrap();
    assert_eq!(revs(&changes), [1, 3, 4, 5, 6]);
    assert!(changes.iter().all(|change| change.user_id == bob.id));
    assert!(
        matches!(&changes[0].kind, UserChangeKind::ConversationGained(o) if o.conversation == tea && o.unread.messages == 1)
    );
    assert!(
        matches!(changes[1].kind, UserChangeKind::StateChanged { conversation_id, state, unread }
            if conversation_id == tea.id && state.read_seq == Seq::FIRST && unread.messages == 1)
    );
    assert!(matches!(changes[2].kind, UserChangeKind::ConversationLost(id) if id == books.id));
    assert!(
        matches!(changes[3].kind, UserChangeKind::ThreadStateChanged { state, unread: 1 } if state == thread)
    );
    assert!(matches!(
        changes[4].kind,
        UserChangeKind::ReceiptsChanged { is_private: true }
    ));
    let some = view
        .users()
        .list_changes(bob.id, UserRev::new(3), 2)
        .await
        .unwrap();
    assert_eq!(revs(&some), [4, 5]);
    let rest = view
        .users()
        .list_changes(bob.id, UserRev::new(6), 2)
        .await
        .unwrap();
    assert!(rest.is_empty());
}
