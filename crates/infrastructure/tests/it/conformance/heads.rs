//! What has changed since somebody looked.

use std::sync::Arc;
use std::time::Duration;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::Mentions;
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::personal::PersonalState;
use hubbub_domain::repository::{Append, ChangeCursor, ChangedSince, LogHeads};
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::User;

use super::world::{admit, at, calling, conversation_id, draft, group, people, post, stored_group};

/// A look at what has changed. What it tells may be more than that, so a test asks for what must be among it.
pub(crate) async fn look(store: &Arc<dyn Store>, cursor: Option<ChangeCursor>) -> ChangedSince {
    let mut view = store.read().await.unwrap();
    view.heads().changed_since(cursor, 1_000).await.unwrap()
}

/// From where to look for what happens from now on.
pub(crate) async fn cursor(store: &Arc<dyn Store>) -> Option<ChangeCursor> {
    Some(look(store, None).await.next)
}

pub(crate) fn tells(changed: &ChangedSince, conversation: &Conversation) -> bool {
    let head = (conversation.id, conversation.last_rev);
    changed.is_whole && changed.heads.conversations.contains(&head)
}

fn tells_user(changed: &ChangedSince, user: &User, rev: i64) -> bool {
    changed.is_whole && changed.heads.users.contains(&(user.id, UserRev::new(rev)))
}

pub(crate) async fn every_way_to_move_a_log_on_is_found(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let quiet = stored_group(&store, 7, &[&ada]).await;
    let before = cursor(&store).await;

    let mut tea = group(1, "Tea");
    let mut unit = store.begin().await.unwrap();
    unit.conversations().add(&tea).await.unwrap();
    unit.commit().await.unwrap();
    let added = look(&store, before).await;
    assert!(tells(&added, &tea));
    assert!(!tells(&added, &quiet));

    let mut unit = store.begin().await.unwrap();
    admit(unit.as_mut(), &mut tea, &ada, MemberRole::Owner).await;
    unit.commit().await.unwrap();
    let joined = look(&store, Some(added.next)).await;
    assert!(tells(&joined, &tea));
    assert!(tells_user(&joined, &ada, 2) && joined.heads.users.len() == 1);

    let message = tea.post(draft(&ada, 1), at(10));
    let mut unit = store.begin().await.unwrap();
    let append = Append {
        conversations: vec![tea.clone()],
        messages: vec![message],
        ..Append::default()
    };
    unit.log().append(&append).await.unwrap();
    unit.commit().await.unwrap();
    let posted = look(&store, Some(joined.next)).await;
    assert!(tells(&posted, &tea));

    let seen = [(tea.id, tea.last_rev)];
    let message = tea.post(draft(&ada, 2), at(11));
    let append = Append {
        conversations: vec![tea.clone()],
        messages: vec![message],
        ..Append::default()
    };
    let mut log = store.optimistic_log().unwrap();
    log.append_if_unmoved(&seen, &append).await.unwrap();
    let stored = look(&store, Some(posted.next)).await;
    assert!(tells(&stored, &tea));

    let called = Mentions {
        user_ids: vec![bob.id],
        all: false,
    };
    let seen = [(tea.id, tea.last_rev)];
    let message = tea.post(calling(&ada, 3, called), at(12));
    let append = Append {
        conversations: vec![tea.clone()],
        messages: vec![message],
        ..Append::default()
    };
    log.append_if_unmoved(&seen, &append).await.unwrap();
    let called = look(&store, Some(stored.next)).await;
    assert!(tells(&called, &tea));

    let mut unit = store.begin().await.unwrap();
    let rev = unit.users().next_rev(bob.id).await.unwrap();
    let state = PersonalState::default();
    let states = unit.personal_states();
    states.save(tea.id, bob.id, &state, rev).await.unwrap();
    unit.commit().await.unwrap();
    let read = look(&store, Some(called.next)).await;
    assert!(tells_user(&read, &bob, 1));

    let rest = look(&store, Some(read.next)).await;
    assert_eq!((rest.heads, rest.is_whole), (LogHeads::default(), true));
    let all = look(&store, before).await;
    assert!(tells(&all, &tea) && tells_user(&all, &ada, 2) && tells_user(&all, &bob, 1));
    assert!(!tells(&all, &quiet));
}

pub(crate) async fn what_is_committed_late_is_not_stepped_over(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut tea = stored_group(&store, 1, &[&ada]).await;
    let before = cursor(&store).await;
    let mut late = store.begin().await.unwrap();
    post(late.as_mut(), &mut tea, &ada, 1, 10).await;
    let rev = late.users().next_rev(ada.id).await.unwrap();
    let meanwhile = look(&store, before).await;
    assert!(!tells(&meanwhile, &tea));
    late.commit().await.unwrap();
    let after = look(&store, Some(meanwhile.next)).await;
    assert!(tells(&after, &tea));
    assert!(tells_user(&after, &ada, rev.get()));
}

pub(crate) async fn more_than_was_asked_for_is_said_to_be_left_out(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let first = look(&store, None).await;
    assert_eq!((first.heads, first.is_whole), (LogHeads::default(), false));
    for number in 1..=3 {
        stored_group(&store, number, &[&ada]).await;
    }
    let mut view = store.read().await.unwrap();
    let look = view.heads().changed_since(Some(first.next), 2).await;
    let look = look.unwrap();
    assert_eq!((look.heads.conversations.len(), look.is_whole), (2, false));
    let next = view
        .heads()
        .changed_since(Some(look.next), 2)
        .await
        .unwrap();
    assert_eq!((next.heads, next.is_whole), (LogHeads::default(), true));
}

/// What was forgotten is never passed over in silence: whoever looked before it is told that something is left out.
pub(crate) async fn who_has_not_looked_before_changes_are_forgotten_is_told_so(
    store: Arc<dyn Store>,
) {
    let [ada] = people(&store, ["ada"]).await;
    let before = cursor(&store).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    assert_eq!(forget(&store, Duration::from_hours(1)).await, 0);
    assert!(tells(&look(&store, before).await, &tea));
    stored_group(&store, 2, &[&ada]).await;
    // What runs in the server's other databases may hold it up.
    while forget(&store, Duration::ZERO).await == 0 {
        tokio::task::yield_now().await;
    }
    let late = look(&store, before).await;
    assert!(!late.is_whole);

    let next = stored_group(&store, 3, &[&ada]).await;
    assert!(tells(&look(&store, Some(late.next)).await, &next));
}

async fn forget(store: &Arc<dyn Store>, older_than: Duration) -> u64 {
    let mut unit = store.begin().await.unwrap();
    let forgotten = unit.heads().forget_changes(older_than).await.unwrap();
    unit.commit().await.unwrap();
    forgotten
}

pub(crate) async fn heads_are_those_of_the_logs_asked_for(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let tea = stored_group(&store, 1, &[&ada]).await;
    stored_group(&store, 2, &[&ada, &bob]).await;
    let mut view = store.read().await.unwrap();
    let nobody = UserId::from_uuid(conversation_id(99).as_uuid());
    let asked: [ConversationId; 2] = [tea.id, conversation_id(99)];
    let heads = view.heads().list(&asked, &[bob.id, nobody]).await.unwrap();
    assert_eq!(heads.conversations, [(tea.id, Rev::new(1))]);
    assert_eq!(heads.users, [(bob.id, UserRev::new(1))]);
    let none = view.heads().list(&[], &[]).await.unwrap();
    assert_eq!(none, LogHeads::default());
}
