//! Streams in both directions, and results that the server asks clients for.

use futures_util::{Stream, StreamExt, stream};
use signalr_hub::{ClientMethod, Context, Hub, HubError, HubOptions, UploadStream};
use tokio_util::sync::CancellationToken;

use crate::client::Client;

async fn count(_: Context, to: u32) -> impl Stream<Item = u32> {
    stream::iter(1..=to)
}

async fn fail_later(_: Context) -> impl Stream<Item = Result<u32, HubError>> {
    stream::iter([Ok(1), Err(HubError::message("enough"))])
}

async fn fail_first(_: Context) -> Result<stream::Empty<u32>, HubError> {
    Err(HubError::internal("InvalidOperationException", "not today"))
}

async fn endless(context: Context, token: CancellationToken) -> impl Stream<Item = u32> {
    stream::once(async move {
        token.cancelled().await;
        context
            .clients()
            .caller()
            .send("StreamCanceled", ())
            .expect("nothing to serialise");
        1
    })
}

async fn concat(_: Context, mut words: UploadStream<String>) -> Result<String, HubError> {
    let mut all = String::new();
    while let Some(word) = words.next().await {
        all.push_str(&word?);
    }
    Ok(all)
}

async fn double(
    _: Context,
    numbers: UploadStream<i32>,
) -> impl Stream<Item = Result<i32, HubError>> {
    numbers.map(|number| number.map(|number| number * 2))
}

async fn first_only(_: Context, mut words: UploadStream<String>) -> String {
    words.next().await.expect("an item").expect("a word")
}

async fn ask(context: Context) -> Result<i32, HubError> {
    Ok(context
        .clients()
        .caller()
        .invoke::<i32>("Answer", ("?",))
        .await?)
}

async fn echo(_: Context, text: String) -> String {
    text
}

async fn wait(_: Context, token: CancellationToken) {
    token.cancelled().await;
}

fn hub() -> Hub {
    Hub::builder()
        .on("Count", count)
        .on("FailLater", fail_later)
        .on("FailFirst", fail_first)
        .on("Endless", endless)
        .on("Concat", concat)
        .on("Double", double)
        .on("FirstOnly", first_only)
        .on("Ask", ask)
        .on("Echo", echo)
        .on("Wait", wait)
        .options(HubOptions {
            detailed_errors: true,
            ..HubOptions::default()
        })
        .build()
}

async fn client() -> Client {
    Client::hub(hub().router("/hub"), "/hub").await
}

fn start(id: &str, target: &str, arguments: &str) -> String {
    format!(r#"{{"type":4,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#)
}

#[tokio::test]
async fn a_stream_is_its_items_and_an_empty_completion() {
    let mut client = client().await;
    client.send(&start("s", "Count", "[2]")).await;
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"s","item":1}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"s","item":2}"#
    );
    assert_eq!(client.next().await, r#"{"type":3,"invocationId":"s"}"#);
}

#[tokio::test]
async fn a_stream_longer_than_the_outbox_arrives_whole() {
    let mut client = client().await;
    client.send(&start("s", "Count", "[5000]")).await;
    for number in 1..=5000 {
        assert_eq!(
            client.next().await,
            format!(r#"{{"type":2,"invocationId":"s","item":{number}}}"#)
        );
    }
    assert_eq!(client.next().await, r#"{"type":3,"invocationId":"s"}"#);
}

#[tokio::test]
async fn errors_of_streams_have_their_own_texts() {
    let mut client = client().await;
    client.send(&start("1", "FailLater", "[]")).await;
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"1","item":1}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"1","error":"An error occurred on the server while streaming results. HubException: enough"}"#
    );
    client.send(&start("2", "FailFirst", "[]")).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"2","error":"An unexpected error occurred invoking 'FailFirst' on the server. InvalidOperationException: not today"}"#
    );
}

#[tokio::test]
async fn a_cancelled_stream_ends_without_an_error_and_its_id_is_free_again() {
    let mut client = client().await;
    for _ in 0..2 {
        client.send(&start("s", "Endless", "[]")).await;
        client.send(&start("s", "Endless", "[]")).await;
        assert_eq!(
            client.next().await,
            r#"{"type":3,"invocationId":"s","error":"Invocation ID 's' is already in use."}"#
        );
        client.send(r#"{"type":5,"invocationId":"s"}"#).await;
        assert_eq!(client.next().await, r#"{"type":3,"invocationId":"s"}"#);
    }
}

#[tokio::test]
async fn streaming_and_other_methods_are_not_mixed_up() {
    let mut client = client().await;
    client.send(&start("1", "Echo", r#"["x"]"#)).await;
    assert!(client.next().await.contains(
        "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation."
    ));
    client
        .send(r#"{"type":1,"invocationId":"2","target":"Count","arguments":[1]}"#)
        .await;
    assert!(client.next().await.contains(
        "The client attempted to invoke the streaming 'Count' method with a non-streaming invocation."
    ));
}

#[tokio::test]
async fn streams_run_beside_an_invocation_and_invocations_wait_for_it() {
    let mut client = client().await;
    client
        .send(r#"{"type":1,"invocationId":"w","target":"Wait","arguments":[]}"#)
        .await;
    client.send(&start("s", "Count", "[1]")).await;
    client
        .send(r#"{"type":1,"invocationId":"e","target":"Echo","arguments":["x"]}"#)
        .await;
    client.send(r#"{"type":5,"invocationId":"w"}"#).await;
    assert_eq!(
        client.next().await,
        r#"{"type":2,"invocationId":"s","item":1}"#
    );
    assert_eq!(client.next().await, r#"{"type":3,"invocationId":"s"}"#);
}

const CONCAT: &str =
    r#"{"type":1,"invocationId":"c","target":"Concat","arguments":[],"streamIds":["u"]}"#;

fn item(id: &str, item: &str) -> String {
    format!(r#"{{"type":2,"invocationId":"{id}","item":{item}}}"#)
}

#[tokio::test]
async fn an_upload_stream_is_read_to_its_end() {
    let mut client = client().await;
    client.send(CONCAT).await;
    for _ in 0..100 {
        client.send(&item("u", r#""ab""#)).await;
    }
    client.send(r#"{"type":3,"invocationId":"u"}"#).await;
    assert_eq!(
        client.next().await,
        format!(
            r#"{{"type":3,"invocationId":"c","result":"{}"}}"#,
            "ab".repeat(100)
        )
    );
}

#[tokio::test]
async fn errors_in_upload_streams_reach_the_method() {
    let mut client = client().await;
    client.send(CONCAT).await;
    client
        .send(r#"{"type":3,"invocationId":"u","error":"Something bad"}"#)
        .await;
    assert!(
        client
            .next()
            .await
            .ends_with(r#"HubException: Something bad"}"#)
    );
    client.send(CONCAT).await;
    client.send(&item("u", "1")).await;
    let completion = client.next().await;
    let text = "HubException: Failed to bind Stream message. InvalidDataException: ";
    assert!(completion.contains(text), "{completion}");
    client.send(&item("unknown", "1")).await;
    client
        .send(r#"{"type":1,"invocationId":"e","target":"Echo","arguments":["alive"]}"#)
        .await;
    assert!(client.next().await.contains("alive"));
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_told_without_its_details() {
    let hub = Hub::builder().on("Concat", concat).build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client.send(CONCAT).await;
    client.send(&item("u", "1")).await;
    let completion = client.next().await;
    assert!(
        completion.ends_with(r#" HubException: Failed to bind Stream message."}"#),
        "{completion}"
    );
}

#[tokio::test]
async fn the_number_of_upload_streams_must_match() {
    let mut client = client().await;
    client
        .send(r#"{"type":1,"invocationId":"c","target":"Concat","arguments":[]}"#)
        .await;
    assert!(client.next().await.ends_with(
        r#"invoking 'Concat' on the server. HubException: Client sent 0 stream(s), Hub method expects 1."}"#
    ));
}

#[tokio::test]
async fn a_stream_id_belongs_to_its_first_owner() {
    let mut client = client().await;
    client.send(CONCAT).await;
    client.send(&CONCAT.replace(r#""c""#, r#""again""#)).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"again","error":"Stream ID 'u' is already in use."}"#
    );
    client.send(&item("u", r#""x""#)).await;
    client.send(r#"{"type":3,"invocationId":"u"}"#).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"c","result":"x"}"#
    );
}

#[tokio::test]
async fn declared_client_methods_have_types() {
    const ANSWER: ClientMethod<(String,), i32> = ClientMethod::new("Answer");
    const TOLD: ClientMethod<(i32, String)> = ClientMethod::new("Told");
    let hub = Hub::builder()
        .on("Ask", async |context: Context| -> Result<i32, HubError> {
            context.clients().caller().call(TOLD, (1, "x".to_owned()))?;
            Ok(context
                .clients()
                .caller()
                .ask(ANSWER, ("?".to_owned(),))
                .await?)
        })
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"a","target":"Ask","arguments":[]}"#)
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":1,"target":"Told","arguments":[1,"x"]}"#
    );
    assert_eq!(
        client.next().await,
        r#"{"type":1,"invocationId":"s1","target":"Answer","arguments":["?"]}"#
    );
    client
        .send(r#"{"type":3,"invocationId":"s1","result":7}"#)
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"a","result":7}"#
    );
}

#[tokio::test]
async fn streams_in_both_directions_go_through_one_method() {
    let mut client = client().await;
    client
        .send(r#"{"type":4,"invocationId":"d","target":"Double","arguments":[],"streamIds":["u"]}"#)
        .await;
    for number in 1..=3 {
        client.send(&item("u", &number.to_string())).await;
        assert_eq!(
            client.next().await,
            format!(r#"{{"type":2,"invocationId":"d","item":{}}}"#, number * 2)
        );
    }
    client.send(r#"{"type":3,"invocationId":"u"}"#).await;
    assert_eq!(client.next().await, r#"{"type":3,"invocationId":"d"}"#);
}

#[tokio::test]
async fn items_that_nobody_reads_any_more_do_not_block_the_connection() {
    let mut client = client().await;
    client.send(r#"{"type":1,"invocationId":"f","target":"FirstOnly","arguments":[],"streamIds":["u"]}"#).await;
    for _ in 0..50 {
        client.send(&item("u", r#""x""#)).await;
    }
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"f","result":"x"}"#
    );
    client
        .send(r#"{"type":1,"invocationId":"e","target":"Echo","arguments":["alive"]}"#)
        .await;
    assert!(client.next().await.contains("alive"));
}

#[tokio::test]
async fn a_method_can_ask_its_caller_for_a_result() {
    let mut client = client().await;
    client
        .send(r#"{"type":1,"invocationId":"a","target":"Ask","arguments":[]}"#)
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":1,"invocationId":"s1","target":"Answer","arguments":["?"]}"#
    );
    client
        .send(r#"{"type":3,"invocationId":"s1","result":42}"#)
        .await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"a","result":42}"#
    );
}

#[tokio::test]
async fn a_client_that_never_answers_is_not_asked_for_ever() {
    let mut client = client().await;
    let ask = r#"{"type":1,"invocationId":"a","target":"Ask","arguments":[]}"#;
    for _ in 0..100 {
        client.send(ask).await;
        assert!(client.next().await.contains("Answer"));
    }
    client.send(ask).await;
    assert!(
        client
            .next()
            .await
            .ends_with(r#"HubException: Too many invocations wait for their client."}"#)
    );
    client
        .send(r#"{"type":3,"invocationId":"s7","result":7}"#)
        .await;
    assert!(client.next().await.ends_with(r#""result":7}"#));
    client.send(ask).await;
    assert!(client.next().await.contains("Answer"));
}

#[tokio::test]
async fn what_clients_answer_wrongly_fails_the_call() {
    let mut client = client().await;
    let ask = r#"{"type":1,"invocationId":"a","target":"Ask","arguments":[]}"#;
    client.send(ask).await;
    client.next().await;
    client
        .send(r#"{"type":3,"invocationId":"s1","error":"Client didn't provide a result."}"#)
        .await;
    assert!(
        client
            .next()
            .await
            .ends_with(r#"HubException: Client didn't provide a result."}"#)
    );
    client.send(ask).await;
    client.next().await;
    client
        .send(r#"{"type":3,"invocationId":"s2","result":"x"}"#)
        .await;
    assert!(
        client
            .next()
            .await
            .contains("HubException: Error trying to deserialize result to i32.")
    );
}

#[tokio::test]
async fn answers_for_others_close_the_connection_and_late_ones_are_ignored() {
    let router = hub().router("/hub");
    let mut honest = Client::hub(router.clone(), "/hub").await;
    let mut cheat = Client::hub(router, "/hub").await;
    honest
        .send(r#"{"type":1,"invocationId":"a","target":"Ask","arguments":[]}"#)
        .await;
    honest.next().await;
    cheat
        .send(r#"{"type":3,"invocationId":"s1","result":666}"#)
        .await;
    assert!(cheat.rest().await[0].contains("Connection closed with an error."));
    honest
        .send(r#"{"type":3,"invocationId":"s1","result":1}"#)
        .await;
    assert_eq!(
        honest.next().await,
        r#"{"type":3,"invocationId":"a","result":1}"#
    );
    honest
        .send(r#"{"type":3,"invocationId":"s1","result":2}"#)
        .await;
    honest
        .send(r#"{"type":1,"invocationId":"e","target":"Echo","arguments":["alive"]}"#)
        .await;
    assert!(honest.next().await.contains("alive"));
}

#[tokio::test]
async fn a_client_that_leaves_gives_no_result() {
    let hub = hub();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"a","target":"Echo","arguments":["x"]}"#)
        .await;
    client.next().await;
    let context = hub.context();
    let mut ids = Vec::new();
    context.for_each_connection(|connection| ids.push(connection.id()));
    let clients = context.clients();
    let target = clients.client(&ids[0]);
    let leave = async {
        assert!(client.next().await.contains("Answer"));
        drop(client);
    };
    let (result, ()) = tokio::join!(target.invoke::<i32>("Answer", ()), leave);
    assert_eq!(
        result.unwrap_err().to_string(),
        format!("Connection '{}' disconnected.", ids[0])
    );
    let unknown = clients.client("nobody").invoke::<i32>("Answer", ()).await;
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "Connection 'nobody' does not exist."
    );
}

#[tokio::test]
async fn a_context_kept_from_the_beginning_may_ask_its_client_later() {
    let (keeper, mut kept) = tokio::sync::mpsc::channel(1);
    let hub = Hub::builder()
        .on_connected(move |context: Context| {
            let keeper = keeper.clone();
            async move {
                let early = context.clients().caller().invoke::<i32>("Answer", ()).await;
                assert!(early.is_err(), "nothing is read yet");
                keeper.send(context).await.expect("the test listens");
                Ok::<_, HubError>(())
            }
        })
        .on("Echo", echo)
        .build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    client
        .send(r#"{"type":1,"invocationId":"e","target":"Echo","arguments":["open"]}"#)
        .await;
    client.next().await;
    let context = kept.recv().await.unwrap();
    let clients = context.clients();
    let caller = clients.caller();
    let answer = async {
        client.next().await;
        client
            .send(r#"{"type":3,"invocationId":"s1","result":42}"#)
            .await;
    };
    let (result, ()) = tokio::join!(caller.invoke::<i32>("Answer", ()), answer);
    assert_eq!(result.unwrap(), 42);
}
