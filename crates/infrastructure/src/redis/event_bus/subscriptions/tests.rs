use std::pin::pin;

use hubbub_domain::ids::UserId;
use uuid::Uuid;

use super::*;

fn topic(number: u128) -> Topic {
    Topic::User(UserId::from_uuid(Uuid::from_u128(number)))
}

/// Lets a follower do what it can do without waiting.
async fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = tokio::task::yield_now() => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_follower_waits_for_the_confirmation() {
    let subscriptions = Subscriptions::default();
    assert!(subscriptions.connected().is_empty());
    let topics = [topic(1), topic(2)];
    let mut following = pin!(subscriptions.follow(&topics));
    assert_eq!(poll(&mut following).await, None);

    let mut begun = subscriptions.changes(&HashSet::new()).begun;
    begun.sort_by_key(|topic| format!("{topic:?}"));
    assert_eq!(begun, topics);
    assert!(!subscriptions.confirmed(&begun[..1]));
    assert_eq!(poll(&mut following).await, None);
    assert!(!subscriptions.confirmed(&begun[1..]));
    assert_eq!(poll(&mut following).await, Some(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_without_the_confirmation_is_told_of_an_interruption() {
    let subscriptions = Subscriptions::default();
    subscriptions.connected();
    let waited = tokio::time::Instant::now();
    let outcome = subscriptions.follow(&[topic(1)]).await;
    assert_eq!(outcome, Err(BusUnavailable));
    assert_eq!(waited.elapsed(), PATIENCE);

    assert!(subscriptions.confirmed(&[topic(1)]));
    assert!(!subscriptions.confirmed(&[topic(1)]), "told once");
}

#[tokio::test]
async fn nobody_waits_for_a_connection_that_is_not_there() {
    let subscriptions = Subscriptions::default();
    let outcome = subscriptions.follow(&[topic(1)]).await;
    assert_eq!(outcome, Err(BusUnavailable));
    assert_eq!(subscriptions.connected(), [topic(1)]);
    subscriptions.confirmed(&[topic(1)]);
    assert_eq!(subscriptions.follow(&[topic(1)]).await, Ok(()));

    subscriptions.disconnected();
    let outcome = subscriptions.follow(&[topic(1)]).await;
    assert_eq!(outcome, Err(BusUnavailable));
}

#[tokio::test]
async fn a_topic_is_listened_to_until_its_last_reference_is_taken_back() {
    let subscriptions = Subscriptions::default();
    let _ = subscriptions.follow(&[topic(1)]).await;
    let _ = subscriptions.follow(&[topic(1)]).await;
    let heard = HashSet::from_iter(subscriptions.connected());
    subscriptions.confirmed(&[topic(1)]);

    subscriptions.unfollow(&[topic(1)]);
    assert!(subscriptions.changes(&heard).ended.is_empty());
    subscriptions.unfollow(&[topic(1)]);
    assert_eq!(subscriptions.changes(&heard).ended, [topic(1)]);
    subscriptions.unfollow(&[topic(1)]);
    assert!(subscriptions.connected().is_empty());
}

#[tokio::test]
async fn what_is_given_up_and_wanted_again_at_once_is_heard_all_the_time() {
    let subscriptions = Subscriptions::default();
    let _ = subscriptions.follow(&[topic(1)]).await;
    let heard = HashSet::from_iter(subscriptions.connected());
    subscriptions.confirmed(&[topic(1)]);

    subscriptions.unfollow(&[topic(1)]);
    let topics = [topic(1)];
    let mut following = pin!(subscriptions.follow(&topics));
    assert_eq!(poll(&mut following).await, None);
    let changes = subscriptions.changes(&heard);
    assert!(changes.begun.is_empty() && changes.ended.is_empty());
    assert_eq!(poll(&mut following).await, Some(Ok(())));
}
