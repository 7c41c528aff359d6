//! What counts as unread.

use std::sync::Arc;

use hubbub_domain::conversation::{Conversation, Unread};
use hubbub_domain::ids::ConversationId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::{Content, Mentions, Message, NewMessage, SystemNote};
use hubbub_domain::numbers::{Seq, UserRev};
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
