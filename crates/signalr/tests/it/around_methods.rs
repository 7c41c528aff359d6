//! Filters, method policies, user ids, and the two ends of a connection.

use std::sync::Arc;

use axum::Router;
use futures_util::StreamExt;
use parking_lot::Mutex;
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, DisconnectReason, Filter,
    Hub, HubError, HubOptions, Invocation, Next, Reply, UploadStream, User,
};

use crate::client::Client;

/// What happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
struct State {
    log: Log,
}

impl State {
    fn note(&self, text: impl Into<String>) {
        self.log.lock().push(text.into());
    }
}

/// The token is the user.
struct Trusting;

impl Authenticate for Trusting {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        Ok(request.token().map_or_else(User::anonymous, User::new))
    }
}

async fn echo(context: Context<State>, text: String) -> String {
    context.state().note(format!("echo {text}"));
    text
}

async fn user_id(context: Context<State>) -> Option<String> {
    context.user_id().map(|id| id.to_string())
}

struct Named(&'static str);

impl Filter<State> for Named {
    async fn invoke(
        &self,
        mut call: Invocation<State>,
        next: Next<State>,
    ) -> Result<Reply, HubError> {
        let state = call.context().state().clone();
        state.note(format!("{} before {}", self.0, call.method()));
        if let Some(text) = call.argument_mut::<String>(0) {
            if text == "forbidden" {
                return Err(HubError::message("no"));
            }
            if text == "short" {
                return Ok(Reply::value("cut short"));
            }
            text.push_str(self.0);
        }
        let reply = next.run(call).await;
        state.note(format!("{} after", self.0));
        reply
    }

    async fn connected(&self, context: Context<State>, next: Next<State>) -> Result<(), HubError> {
        context.state().note(format!("{} connecting", self.0));
        next.connected(context).await
    }

    async fn disconnected(
        &self,
        context: Context<State>,
        reason: DisconnectReason,
        next: Next<State>,
    ) {
        let state = context.state().clone();
        next.disconnected(context, reason).await;
        state.note(format!("{} disconnected", self.0));
    }
}

fn hub() -> (Router, Log) {
    let log = Log::default();
    let hub = Hub::with_state(State {
        log: Arc::clone(&log),
    })
    .on("Echo", echo)
    .on("UserId", user_id)
    .on("Guarded", echo)
    .authorize("guarded", async |context: Context<State>| {
        context.user().id() == Some("admin")
    })
    .filter(Named("1"))
    .filter(Named("2"))
    .user_id(|user, request| Some(format!("{}/{}", user.id()?, request.query("tenant")?).into()))
    .on_connected(async |context: Context<State>| {
        context.state().note("connected");
        Ok::<(), HubError>(())
    })
    .on_disconnected(async |context: Context<State>, _| context.state().note("disconnected"))
    .authenticate(Trusting)
    .build();
    (hub.router("/hub"), log)
}

async fn call(client: &mut Client, target: &str, argument: &str) -> String {
    client
        .send(&format!(
            r#"{{"type":1,"invocationId":"1","target":"{target}","arguments":["{argument}"]}}"#
        ))
        .await;
    client.next().await
}

#[tokio::test]
async fn filters_wrap_everything_in_order() {
    let (router, log) = hub();
    let mut client = Client::hub(router, "/hub").await;
    assert!(
        call(&mut client, "ECHO", "x")
            .await
            .contains(r#""result":"x12""#)
    );
    client.send(r#"{"type":7}"#).await;
    client.rest().await;
    drop(client);
    while log
        .lock()
        .last()
        .is_none_or(|entry| entry != "1 disconnected")
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        *log.lock(),
        [
            "1 connecting",
            "2 connecting",
            "connected",
            "1 before Echo",
            "2 before Echo",
            "echo x12",
            "2 after",
            "1 after",
            "disconnected",
            "2 disconnected",
            "1 disconnected",
        ]
    );
}

#[tokio::test]
async fn a_filter_can_refuse_and_answer_in_the_methods_place() {
    let (router, log) = hub();
    let mut client = Client::hub(router, "/hub").await;
    assert!(
        call(&mut client, "Echo", "forbidden")
            .await
            .ends_with(r#"HubException: no"}"#)
    );
    assert!(
        call(&mut client, "Echo", "short")
            .await
            .contains(r#""result":"cut short""#)
    );
    assert!(!log.lock().iter().any(|entry| entry.starts_with("echo")));
}

#[tokio::test]
async fn a_method_can_have_a_policy() {
    let (router, _) = hub();
    let mut somebody = Client::hub(router.clone(), "/hub?access_token=somebody").await;
    assert!(
        call(&mut somebody, "Guarded", "x")
            .await
            .ends_with(r#""error":"Failed to invoke 'Guarded' because user is unauthorized"}"#)
    );
    let mut admin = Client::hub(router, "/hub?access_token=admin").await;
    assert!(
        call(&mut admin, "Guarded", "x")
            .await
            .contains(r#""result":"x12""#)
    );
}

#[tokio::test]
async fn user_ids_can_be_derived() {
    let (router, _) = hub();
    let mut client = Client::hub(router, "/hub?access_token=ada&tenant=7").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"UserId","arguments":[]}"#)
        .await;
    assert!(client.next().await.contains(r#""result":"ada/7""#));
}

/// A hub whose `on_connected` is under the test's control.
fn greeting_hub(detailed_errors: bool) -> (Hub<Arc<tokio::sync::Notify>>, Log) {
    let log = Log::default();
    let ended = Arc::clone(&log);
    let hub = Hub::with_state(Arc::new(tokio::sync::Notify::new()))
        .on_connected(async |context: Context<Arc<tokio::sync::Notify>>| {
            context.connection().join_group("all");
            context.state().notified().await;
            if context.request().query("fail").is_some() {
                return Err(HubError::internal("InvalidOperationException", "not today"));
            }
            Ok(context.clients().caller().send("First", ())?)
        })
        .on_disconnected(move |_, reason| {
            ended.lock().push(format!("{reason:?}"));
            std::future::ready(())
        })
        .options(HubOptions {
            detailed_errors,
            ..HubOptions::default()
        })
        .build();
    (hub, log)
}

#[tokio::test]
async fn what_on_connected_sends_comes_before_what_others_send_meanwhile() {
    let (hub, _) = greeting_hub(true);
    let gate = Hub::clone(&hub);
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    while gate.context().connection_count() == 0 {
        tokio::task::yield_now().await;
    }
    gate.context()
        .clients()
        .group("all")
        .send("Second", ())
        .unwrap();
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Third","arguments":[]}"#)
        .await;
    gate.state().notify_one();
    assert_eq!(
        client.next().await,
        r#"{"type":1,"target":"First","arguments":[]}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":1,"target":"Second","arguments":[]}"#
    );
    assert!(client.next().await.contains("Method does not exist."));
}

#[tokio::test]
async fn a_failed_on_connected_ends_the_connection_for_good() {
    let (hub, log) = greeting_hub(true);
    hub.state().notify_one();
    let mut client = Client::hub(hub.router("/hub"), "/hub?fail=yes").await;
    assert_eq!(
        client.rest().await,
        [
            r#"{"type":7,"error":"Connection closed with an error. InvalidOperationException: not today"}"#
        ]
    );
    drop(client);
    while hub.context().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(log.lock().is_empty(), "on_disconnected is not called");
}

/// Panics at both ends of a connection.
struct Explosive {
    at_the_beginning: bool,
}

impl Filter<()> for Explosive {
    async fn connected(&self, context: Context, next: Next<()>) -> Result<(), HubError> {
        assert!(!self.at_the_beginning, "on purpose");
        next.connected(context).await
    }

    async fn disconnected(&self, _: Context, _: DisconnectReason, _: Next<()>) {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn nothing_stays_of_a_connection_whose_filter_panics() {
    for at_the_beginning in [true, false] {
        let hub = Hub::builder()
            .filter(Explosive { at_the_beginning })
            .build();
        let mut client = Client::hub(hub.router("/hub"), "/hub").await;
        if at_the_beginning {
            assert_eq!(
                client.rest().await,
                [r#"{"type":7,"error":"Connection closed with an error."}"#]
            );
        }
        client.cut();
        let drained = hub.context();
        let drained = drained.drain(std::time::Duration::ZERO);
        tokio::time::timeout(std::time::Duration::from_secs(5), drained)
            .await
            .expect("nothing is left that does not end");
        assert_eq!(hub.context().connection_count(), 0);
    }
}

#[tokio::test]
async fn a_policy_may_look_at_the_arguments_and_comes_before_the_filters() {
    /// Tells that it was reached.
    struct Loud;

    impl Filter<()> for Loud {
        async fn invoke(&self, _: Invocation<()>, _: Next<()>) -> Result<Reply, HubError> {
            Ok(Reply::value("filtered"))
        }
    }

    let hub = Hub::builder()
        .on("Echo", async |_: Context, text: String| text)
        .authorize_call("echo", |call| {
            let is_polite = call
                .argument::<String>(0)
                .is_some_and(|text| text == "please");
            assert_eq!(call.method(), "Echo");
            async move { is_polite }
        })
        .filter(Loud)
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    let refused = call(&mut client, "Echo", "now").await;
    assert!(
        refused.contains("because user is unauthorized"),
        "{refused}"
    );
    let permitted = call(&mut client, "Echo", "please").await;
    assert!(
        permitted.ends_with(r#""result":"filtered"}"#),
        "{permitted}"
    );
}

#[tokio::test]
async fn who_may_not_call_a_method_does_not_learn_how_it_is_called() {
    async fn join(_: Context, pieces: UploadStream<String>) -> usize {
        pieces.count().await
    }

    let is_admin = async |context: Context| context.user().id() == Some("admin");
    let hub = Hub::builder()
        .on("Numbers", async |_: Context| {
            futures_util::stream::iter([1, 2])
        })
        .on("Join", join)
        .authorize("Numbers", is_admin)
        .authorize("Join", is_admin)
        .authenticate(Trusting)
        .build();
    let calls = [
        (
            r#""type":1,"target":"Numbers""#,
            "The client attempted to invoke the streaming 'Numbers' method with a non-streaming invocation.",
        ),
        (
            r#""type":4,"target":"Join","streamIds":["u"]"#,
            "The client attempted to invoke the non-streaming 'Join' method with a streaming invocation.",
        ),
        (
            r#""type":1,"target":"Join""#,
            "An unexpected error occurred invoking 'Join' on the server. HubException: Client sent 0 stream(s), Hub \
             method expects 1.",
        ),
    ];
    for user in ["admin", "somebody"] {
        let path = format!("/hub?access_token={user}");
        let mut client = Client::hub(hub.router("/hub"), &path).await;
        for (call, misfit) in calls {
            client
                .send(&format!(r#"{{{call},"invocationId":"1","arguments":[]}}"#))
                .await;
            let answer = client.next().await;
            if user == "admin" {
                assert!(answer.contains(misfit), "{answer}");
            } else {
                assert!(answer.contains("because user is unauthorized"), "{answer}");
            }
        }
    }
}
