//! Calls of hub methods and what comes back.

use std::collections::HashMap;

use signalr_hub::{Context, Hub, HubError, HubOptions, Optional};
use tokio_util::sync::CancellationToken;

use crate::client::Client;

async fn echo(_: Context, text: String) -> String {
    text
}

async fn add(_: Context, a: i64, b: i64) -> i64 {
    tokio::task::yield_now().await;
    a + b
}

async fn nothing(_: Context) {}

async fn fail(_: Context, visible: bool) -> Result<(), HubError> {
    Err(if visible {
        HubError::message("visible")
    } else {
        HubError::internal("InvalidOperationException", "hidden")
    })
}

async fn panics(_: Context) {
    panic!("on purpose")
}

async fn greet(_: Context, name: String, title: Optional<String>) -> String {
    format!(
        "{}{name}",
        title
            .into_option()
            .map(|title| title + " ")
            .unwrap_or_default()
    )
}

async fn shout(context: Context, text: String) -> Result<(), HubError> {
    Ok(context
        .clients()
        .all()
        .send("Heard", (context.connection_id().as_str(), text))?)
}

async fn wait_for_cancel(_: Context, token: CancellationToken) -> &'static str {
    token.cancelled().await;
    "cancelled"
}

fn hub(options: HubOptions) -> axum::Router {
    let hub = Hub::builder()
        .on("Echo", echo)
        .on("Add", add)
        .on("Nothing", nothing)
        .on("Fail", fail)
        .on("Panics", panics)
        .on("Greet", greet)
        .on("Shout", shout)
        .on("WaitForCancel", wait_for_cancel)
        .options(options)
        .build();
    hub.router("/hub")
}

fn detailed(detailed_errors: bool) -> HubOptions {
    HubOptions {
        detailed_errors,
        ..HubOptions::default()
    }
}

async fn answer(detailed_errors: bool, message: &str) -> String {
    answer_of(detailed(detailed_errors), message).await
}

async fn answer_of(options: HubOptions, message: &str) -> String {
    let mut client = Client::hub(hub(options), "/hub").await;
    client.send(message).await;
    client.next().await
}

#[tokio::test]
async fn a_blocking_invocation_is_answered_with_its_result() {
    let completion = answer(
        false,
        r#"{"type":1,"invocationId":"7","target":"Echo","arguments":["é\n"]}"#,
    )
    .await;
    assert_eq!(
        completion,
        r#"{"type":3,"invocationId":"7","result":"é\n"}"#
    );
}

#[tokio::test]
async fn a_method_that_waits_is_answered_when_it_is_done() {
    let completion = answer(
        false,
        r#"{"arguments":[2,3],"target":"add","invocationId":"a","type":1}"#,
    )
    .await;
    assert_eq!(completion, r#"{"type":3,"invocationId":"a","result":5}"#);
}

#[tokio::test]
async fn a_method_without_result_completes_with_null() {
    let completion = answer(
        false,
        r#"{"type":1,"invocationId":"1","target":"NOTHING","arguments":[]}"#,
    )
    .await;
    assert_eq!(completion, r#"{"type":3,"invocationId":"1","result":null}"#);
}

#[tokio::test]
async fn only_messages_of_errors_are_shown_unless_details_are_on() {
    let prefix = r#"{"type":3,"invocationId":"1","error":"An unexpected error occurred invoking 'Fail' on the server."#;
    let visible = r#"{"type":1,"invocationId":"1","target":"Fail","arguments":[true]}"#;
    let hidden = r#"{"type":1,"invocationId":"1","target":"Fail","arguments":[false]}"#;
    assert_eq!(
        answer(false, visible).await,
        format!("{prefix} HubException: visible\"}}")
    );
    assert_eq!(answer(false, hidden).await, format!("{prefix}\"}}"));
    assert_eq!(
        answer(true, hidden).await,
        format!("{prefix} InvalidOperationException: hidden\"}}")
    );
}

#[tokio::test]
async fn a_panic_fails_the_call_and_not_the_connection() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Panics","arguments":[]}"#)
        .await;
    client
        .send(r#"{"type":1,"invocationId":"2","target":"Echo","arguments":["still here"]}"#)
        .await;
    assert!(
        client
            .next()
            .await
            .contains("An unexpected error occurred invoking 'Panics' on the server.\"")
    );
    assert!(client.next().await.contains("still here"));
}

/// A result that panics instead of being written.
struct Bomb;

impl serde::Serialize for Bomb {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn a_panic_outside_of_a_method_ends_the_connection_and_nothing_of_it_stays() {
    let hub = Hub::builder()
        .on("Now", async |_: Context| Bomb)
        .on("Later", async |_: Context| {
            tokio::task::yield_now().await;
            Bomb
        })
        .build();
    for target in ["Now", "Later"] {
        let mut client = Client::hub(hub.router("/hub"), "/hub").await;
        client
            .send(&format!(
                r#"{{"type":1,"invocationId":"1","target":"{target}","arguments":[]}}"#
            ))
            .await;
        assert_eq!(
            client.rest().await,
            [r#"{"type":7,"error":"Connection closed with an error."}"#]
        );
        let goodbye = client.close_frame.take().expect("a close frame");
        assert_eq!(u16::from(goodbye.code), 1011);
        while hub.context().connection_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_written_ends_the_connection_as_the_servers_failure() {
    let pairs = async |_: Context| HashMap::from([((1, 2), "a key that JSON does not have")]);
    let hub = Hub::builder().on("Pairs", pairs).build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Pairs","arguments":[]}"#)
        .await;
    assert_eq!(client.rest().await, [r#"{"type":7,"allowReconnect":true}"#]);
    let goodbye = client.close_frame.expect("a close frame");
    assert_eq!(u16::from(goodbye.code), 1011);
}

/// A result that takes its time to be written.
struct Slow;

impl serde::Serialize for Slow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let end = std::time::Instant::now() + std::time::Duration::from_millis(20);
        while std::time::Instant::now() < end {
            std::hint::spin_loop();
        }
        serializer.serialize_str("slow")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_completion_does_not_overtake_a_slow_one() {
    let hub = Hub::builder()
        .on("Slow", async |_: Context| {
            tokio::task::yield_now().await;
            Slow
        })
        .on("Fast", async |_: Context| "fast")
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    for _ in 0..10 {
        for target in ["Slow", "Fast"] {
            client
                .send(&format!(
                    r#"{{"type":1,"invocationId":"{target}","target":"{target}","arguments":[]}}"#
                ))
                .await;
        }
        assert!(client.next().await.contains("slow"));
        assert!(client.next().await.contains("fast"));
    }
}

#[tokio::test]
async fn unknown_methods_and_wrong_arguments_are_refused_with_their_texts() {
    let ask = async |target: &str, arguments: &str| {
        let message = format!(
            r#"{{"type":1,"invocationId":"1","target":"{target}","arguments":{arguments}}}"#
        );
        let completion = answer(true, &message).await;
        let start = completion.find("\"error\":\"").expect("an error") + 9;
        completion[start..completion.len() - 2].to_owned()
    };
    assert_eq!(
        ask("Missing", "[]").await,
        "Failed to invoke 'Missing' due to an error on the server. HubException: Method does not exist."
    );
    assert_eq!(
        ask("Echo", "[]").await,
        "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Invocation provides 0 argument(s) \
         but target expects 1."
    );
    assert_eq!(
        ask("Echo", r#"["a","b"]"#).await,
        "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Invocation provides 2 argument(s) \
         but target expects 1."
    );
    assert_eq!(
        ask("Echo", "[1]").await,
        "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Error binding arguments. Make sure \
         that the types of the provided values match the types of the hub method being invoked."
    );
}

#[tokio::test]
async fn how_a_call_does_not_fit_can_be_told_without_telling_internal_errors() {
    let ask = async |tells: bool, target: &str, arguments: &str| {
        let options = HubOptions {
            detailed_binding_errors: tells,
            ..HubOptions::default()
        };
        let message = format!(
            r#"{{"type":1,"invocationId":"1","target":"{target}","arguments":{arguments}}}"#
        );
        answer_of(options, &message).await
    };
    for arguments in ["[]", "[1]"] {
        assert!(
            ask(true, "Echo", arguments)
                .await
                .contains("InvalidDataException: ")
        );
        assert!(
            ask(false, "Echo", arguments)
                .await
                .ends_with(r#"on the server."}"#)
        );
    }
    assert!(
        ask(true, "Fail", "[false]")
            .await
            .ends_with(r#"on the server."}"#)
    );
}

#[tokio::test]
async fn optional_arguments_may_be_left_out_or_null() {
    let ask = async |arguments: &str| {
        answer(
            true,
            &format!(r#"{{"type":1,"invocationId":"1","target":"Greet","arguments":{arguments}}}"#),
        )
        .await
    };
    assert!(ask(r#"["Ada"]"#).await.ends_with(r#""result":"Ada"}"#));
    assert!(ask(r#"["Ada",null]"#).await.ends_with(r#""result":"Ada"}"#));
    assert!(
        ask(r#"["Ada","Lady"]"#)
            .await
            .ends_with(r#""result":"Lady Ada"}"#)
    );
    assert!(
        ask("[]")
            .await
            .contains("Invocation provides 0 argument(s) but target expects 1.")
    );
    assert!(
        ask(r#"["Ada","Lady",1]"#)
            .await
            .contains("Invocation provides 3 argument(s) but target expects 2.")
    );
}

#[tokio::test]
async fn a_non_blocking_invocation_is_never_answered() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client
        .send(r#"{"type":1,"target":"Missing","arguments":[]}"#)
        .await;
    client
        .send(r#"{"type":1,"target":"Echo","arguments":["x"]}"#)
        .await;
    client
        .send(r#"{"type":1,"invocationId":"last","target":"Echo","arguments":["y"]}"#)
        .await;
    assert!(client.next().await.contains("last"));
}

#[tokio::test]
async fn a_call_of_all_clients_reaches_the_caller_before_its_completion() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Shout","arguments":["hi"]}"#)
        .await;
    let call = client.next().await;
    assert!(
        call.starts_with(r#"{"type":1,"target":"Heard","arguments":[""#)
            && call.ends_with(r#"","hi"]}"#),
        "{call}"
    );
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"1","result":null}"#
    );
}

#[tokio::test]
async fn cancelling_an_invocation_cancels_its_token() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"WaitForCancel","arguments":[]}"#)
        .await;
    client.send(r#"{"type":5,"invocationId":"unknown"}"#).await;
    client.send(r#"{"type":5,"invocationId":"1"}"#).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"1","result":"cancelled"}"#
    );
}

#[tokio::test]
async fn a_client_that_says_goodbye_is_answered_with_close() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client.send(r#"{"type":7}"#).await;
    assert_eq!(client.rest().await, [r#"{"type":7}"#]);
    assert_eq!(
        u16::from(client.close_frame.expect("a close frame").code),
        1000
    );
}

#[tokio::test]
async fn an_oversized_message_ends_the_connection_with_the_reason() {
    let mut client = Client::hub(hub(detailed(true)), "/hub").await;
    client.send(&"x".repeat(40_000)).await;
    let rest = client.rest().await;
    assert_eq!(
        rest,
        [
            r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.","allowReconnect":true}"#
        ]
    );
}

#[test]
#[should_panic(expected = "the hub has two methods named ECHO")]
fn names_that_differ_by_case_alone_are_the_same() {
    let _ = Hub::builder().on("Echo", echo).on("ECHO", echo);
}

#[test]
#[should_panic(expected = "optional arguments of a hub method come after all others")]
fn nothing_required_follows_an_optional_argument() {
    let _ = Hub::builder().on("Odd", async |_: Context, _: Optional<i32>, _: i32| {});
}

#[test]
#[should_panic(expected = "Missing is authorized before it is added")]
fn policies_are_for_methods_that_exist() {
    let _ = Hub::builder().authorize("Missing", async |_: Context| true);
}
