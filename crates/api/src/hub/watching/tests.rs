use hubbub_application::ports::Unlimited;
use hubbub_domain::conversation::{Conversation, ConversationName, Subject, Title};
use hubbub_domain::ids::ConversationId;
use hubbub_domain::member::MemberRole;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{DisplayName, PasswordHash, ServerRole, User, Username};
use hubbub_infrastructure::in_process::{InProcessEventBus, InProcessPresence};
use hubbub_infrastructure::security::{RandomIds, SystemClock};
use hubbub_infrastructure::sqlite::SqliteStore;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_micros(0);

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// A group of three people; answers how to leave it.
async fn group(store: &SqliteStore) -> impl AsyncFnOnce(UserId) {
    let name = ConversationName::parse("Tea").unwrap();
    let subject = Subject::Group(Title { name, topic: None });
    let id = ConversationId::from_uuid(Uuid::from_u128(1));
    let mut tea = Conversation::found(id, subject, NOW);
    let mut unit = store.begin().await.unwrap();
    unit.conversations().add(&tea).await.unwrap();
    let mut stays = HashMap::new();
    for number in 1..=3 {
        let username = Username::parse(&format!("user{number}")).unwrap();
        let member = User {
            id: user(number),
            display_name: DisplayName::from(&username),
            username,
            role: ServerRole::Member,
            created_at: NOW,
        };
        let hash = PasswordHash::from_phc(String::new());
        unit.users().add(&member, &hash).await.unwrap();
        let stay = tea.admit(member.id, MemberRole::Member, NOW);
        let rev = unit.users().next_rev(member.id).await.unwrap();
        unit.memberships().add(&stay, rev).await.unwrap();
        stays.insert(member.id, stay);
    }
    unit.commit().await.unwrap();
    async move |user: UserId| {
        let mut stay = stays.remove(&user).unwrap();
        tea.release(&mut stay);
        let mut unit = store.begin().await.unwrap();
        unit.memberships().update(&stay, None).await.unwrap();
        unit.commit().await.unwrap();
    }
}

#[tokio::test]
async fn watching_ends_on_both_sides_when_nothing_is_shared_any_more() {
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let leave = group(&store).await;
    let bus = Arc::new(InProcessEventBus::new());
    let clock = Arc::new(SystemClock);
    let there = Arc::new(InProcessPresence::new(clock.clone(), Arc::new(RandomIds)));
    let limits = Arc::new(Unlimited);
    let presence = PresenceService::new(store.clone(), there, clock.clone(), bus, limits);
    let tasks = TaskTracker::new();
    let watching = Arc::new(Watching::new(Arc::new(presence), clock, tasks.clone()));
    let (one, two) = ("one", "two");
    let stranger = user(99);
    let watched = |key: &str| {
        let mut users: Vec<_> = watching.state.lock().watchers[key]
            .wanted
            .iter()
            .copied()
            .collect();
        users.sort_unstable();
        users
    };
    for (key, own) in [(one, user(1)), (two, user(2))] {
        watching.open(key, own);
        let everybody = [user(1), user(2), user(3), stranger];
        let others: Vec<_> = everybody.into_iter().filter(|user| *user != own).collect();
        watching.watch(key, own, &others).await.unwrap();
    }
    assert_eq!(watched(one), [user(2), user(3)], "only who may be watched");
    assert_eq!(watched(two), [user(1), user(3)]);

    leave(user(1)).await;
    watching.recheck(user(1));
    tasks.close();
    tasks.wait().await;
    assert_eq!(watched(one), []);
    assert_eq!(watched(two), [user(3)]);
}
