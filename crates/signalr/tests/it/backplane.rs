//! What a hub makes of a backplane that is slow, or fails. What every backplane must do is the crate's own conformance suite.

use std::sync::Arc;
use std::time::Duration;

use signalr_hub::backplane::{
    Backplane, BackplaneError, ClientAnswer, Envelope, GroupChange, LocalNode, RemoteCall, Topic,
};
use signalr_hub::{Context, Hub, HubContext, HubOptions};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use crate::client::Client;

/// What a backplane does when it is asked to change a subscription, or another node's group.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Confirms when the test permits it.
    Slow,
    /// Fails at once.
    Broken,
}

/// A backplane without other nodes, which tells the test what it is asked for.
#[derive(Clone)]
struct Scripted {
    mood: Mood,
    asked: mpsc::Sender<String>,
    permits: Arc<Semaphore>,
}

impl Scripted {
    async fn confirm(&self, what: String) -> Result<(), BackplaneError> {
        self.asked.send(what).await.expect("the test listens");
        match self.mood {
            Mood::Slow => {
                self.permits.acquire().await.unwrap().forget();
                Ok(())
            }
            Mood::Broken => Err(unavailable()),
        }
    }
}

fn unavailable() -> BackplaneError {
    BackplaneError::Unavailable("no link".to_owned())
}

impl Backplane for Scripted {
    fn attach(&self, _: LocalNode) {}

    fn publish(&self, _: Envelope) -> Result<(), BackplaneError> {
        match self.mood {
            Mood::Slow => Ok(()),
            Mood::Broken => Err(unavailable()),
        }
    }

    async fn subscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        // Only groups are of interest here; a connection's own topics are as they should be.
        match topic {
            Topic::Group(name) => self.confirm(format!("+{name}")).await,
            Topic::User(_) | Topic::Connection(_) if self.mood == Mood::Broken => {
                Err(unavailable())
            }
            Topic::User(_) | Topic::Connection(_) => Ok(()),
        }
    }

    async fn unsubscribe(&self, topic: Topic<'_>) -> Result<(), BackplaneError> {
        match topic {
            Topic::Group(name) => self.confirm(format!("-{name}")).await,
            Topic::User(_) | Topic::Connection(_) => Ok(()),
        }
    }

    async fn change_group(&self, change: GroupChange) -> Result<(), BackplaneError> {
        self.confirm(format!("change {}", change.group)).await
    }

    async fn invoke(&self, _: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
        Err(unavailable())
    }
}

/// A hub on a scripted backplane, with one client.
struct Scene {
    hub: Hub,
    client: Client,
    id: String,
    asked: mpsc::Receiver<String>,
    permits: Arc<Semaphore>,
}

impl Scene {
    async fn new(mood: Mood) -> Self {
        let (teller, asked) = mpsc::channel(64);
        let permits = Arc::new(Semaphore::new(0));
        let hub = Hub::builder()
            .on("OwnId", async |context: Context| {
                context.connection_id().to_string()
            })
            .backplane(Scripted {
                mood,
                asked: teller,
                permits: Arc::clone(&permits),
            })
            .options(HubOptions::default())
            .build();
        let mut client = Client::hub(hub.router("/hub"), "/hub").await;
        client
            .send(r#"{"type":1,"invocationId":"1","target":"OwnId","arguments":[]}"#)
            .await;
        let completion: serde_json::Value = serde_json::from_str(&client.next().await).unwrap();
        let id = completion["result"].as_str().unwrap().to_owned();
        Self {
            hub,
            client,
            id,
            asked,
            permits,
        }
    }

    fn context(&self) -> HubContext {
        self.hub.context()
    }

    /// What the backplane is asked for next.
    async fn asked(&mut self) -> String {
        self.asked.recv().await.unwrap()
    }

    fn confirm(&self) {
        self.permits.add_permits(1);
    }

    /// Sends to a group and to everybody; says whether the client is in the group.
    async fn is_member(&mut self, group: &str) -> bool {
        let context = self.context();
        let _ = context.clients().group(group).send("Member", ());
        let _ = context.clients().all().send("End", ());
        let mut is_member = false;
        loop {
            // There may be pings as well.
            let message = self.client.next().await;
            is_member |= message.contains("Member");
            if message.contains("End") {
                return is_member;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_join_returns_when_the_backplane_has_confirmed_it() {
    let mut scene = Scene::new(Mood::Slow).await;
    let (context, id) = (scene.context(), scene.id.clone());
    let groups = context.groups();
    let mut join = Box::pin(groups.add(&id, "x"));
    let early = timeout(Duration::from_secs(29), &mut join).await;
    assert!(early.is_err(), "nothing is confirmed yet");
    assert_eq!(scene.asked().await, "+x");
    scene.confirm();
    assert_eq!(join.await, Ok(()));
    assert!(scene.is_member("x").await);
    assert_eq!(groups.add(&id, "x").await, Ok(()), "known to be confirmed");
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_not_confirmed_in_30_seconds_is_taken_back() {
    let mut scene = Scene::new(Mood::Slow).await;
    let context = scene.context();
    let before = Instant::now();
    let joined = context.groups().add(&scene.id, "x").await;
    assert_eq!(joined, Err(BackplaneError::TimedOut));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert!(!scene.is_member("x").await);
}

#[tokio::test(start_paused = true)]
async fn a_join_that_fails_says_why_and_is_taken_back() {
    let mut scene = Scene::new(Mood::Broken).await;
    let context = scene.context();
    let joined = context.groups().add(&scene.id, "x").await;
    assert_eq!(joined, Err(unavailable()));
    assert!(!scene.is_member("x").await);
}

#[tokio::test(start_paused = true)]
async fn a_failed_join_leaves_an_earlier_membership_alone() {
    let mut scene = Scene::new(Mood::Broken).await;
    let context = scene.context();
    context.connection(&scene.id).unwrap().join_group("x");
    let joined = context.groups().add(&scene.id, "x").await;
    assert_eq!(joined, Err(unavailable()));
    assert!(scene.is_member("x").await);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_wanted_is_asked_for_again_at_growing_intervals() {
    let mut scene = Scene::new(Mood::Broken).await;
    let connection = scene.context().connection(&scene.id).unwrap();
    let before = Instant::now();
    connection.join_group("x");
    for seconds in [0, 1, 3, 7, 15, 31, 63, 95] {
        assert_eq!(scene.asked().await, "+x");
        assert_eq!(before.elapsed().as_secs(), seconds);
    }
    connection.leave_group("x");
    connection.join_group("y");
    assert_eq!(scene.asked().await, "+y", "nobody asks for x any more");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_failed_subscription_has_it_tried_at_once() {
    let mut scene = Scene::new(Mood::Broken).await;
    let context = scene.context();
    let connection = context.connection(&scene.id).unwrap();
    connection.join_group("x");
    for _ in 0..4 {
        scene.asked().await;
    }
    let before = Instant::now();
    assert!(context.groups().add(&scene.id, "x").await.is_err());
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_changes_of_a_topic_follow_each_other_and_end_with_the_last_wish() {
    let mut scene = Scene::new(Mood::Slow).await;
    let connection = scene.context().connection(&scene.id).unwrap();
    connection.join_group("x");
    assert_eq!(scene.asked().await, "+x");
    for _ in 0..3 {
        connection.leave_group("x");
        connection.join_group("x");
    }
    connection.leave_group("x");
    let second = timeout(Duration::from_secs(5), scene.asked.recv()).await;
    assert!(second.is_err(), "the first change is not over yet");
    scene.confirm();
    assert_eq!(scene.asked().await, "-x");
    connection.join_group("x");
    scene.confirm();
    assert_eq!(scene.asked().await, "+x");
    scene.confirm();
    let more = timeout(Duration::from_mins(2), scene.asked.recv()).await;
    assert!(more.is_err(), "wish and state agree");
}

#[tokio::test(start_paused = true)]
async fn a_change_on_another_node_fails_after_30_seconds() {
    let mut scene = Scene::new(Mood::Slow).await;
    let context = scene.context();
    let before = Instant::now();
    let changed = context.groups().remove("elsewhere", "x").await;
    assert_eq!(changed, Err(BackplaneError::TimedOut));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(scene.asked().await, "change x");
}

#[tokio::test(start_paused = true)]
async fn without_a_working_backplane_a_node_serves_its_own_connections() {
    let before = Instant::now();
    let mut scene = Scene::new(Mood::Broken).await;
    assert!(before.elapsed() <= Duration::from_millis(500));
    let context = scene.context();
    let unpublished = context.clients().all().send("Heard", ()).unwrap_err();
    assert_eq!(unpublished.backplane(), Some(&unavailable()));
    assert_eq!(
        scene.client.next().await,
        r#"{"type":1,"target":"Heard","arguments":[]}"#
    );
    let own = context.clients().client(&scene.id).send("Heard", ());
    own.expect("the backplane is not asked");
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_half_a_second_to_be_reached_from_elsewhere() {
    /// Never confirms anything.
    struct Stuck;

    impl Backplane for Stuck {
        fn attach(&self, _: LocalNode) {}

        fn publish(&self, _: Envelope) -> Result<(), BackplaneError> {
            Ok(())
        }

        async fn subscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
            std::future::pending().await
        }

        async fn unsubscribe(&self, _: Topic<'_>) -> Result<(), BackplaneError> {
            std::future::pending().await
        }

        async fn change_group(&self, _: GroupChange) -> Result<(), BackplaneError> {
            std::future::pending().await
        }

        async fn invoke(&self, _: RemoteCall) -> Result<ClientAnswer, BackplaneError> {
            std::future::pending().await
        }
    }

    let (told, mut connected) = mpsc::channel(1);
    let hub = Hub::builder()
        .on_connected(move |_: Context| {
            let told = told.clone();
            async move {
                told.send(Instant::now()).await.expect("the test listens");
                Ok::<_, signalr_hub::HubError>(())
            }
        })
        .backplane(Stuck)
        .build();
    let before = Instant::now();
    let _client = Client::hub(hub.router("/hub"), "/hub").await;
    assert_eq!(
        before.elapsed(),
        Duration::ZERO,
        "the handshake is answered"
    );
    let opened = connected.recv().await.unwrap();
    assert_eq!(opened - before, Duration::from_millis(500));
}
