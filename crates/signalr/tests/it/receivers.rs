//! Who receives what, and in which encoding.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use signalr_hub::protocol::framing;
use signalr_hub::protocol::{CompletionResult, HubProtocol, Message};
use signalr_hub::{Context, Hub, HubContext, HubOptions, PreparedMessage, SendError};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::client::{Client, RS};

async fn join(context: Context, group: String) {
    context.connection().join_group(&group);
}

async fn leave(context: Context, group: String) {
    context.connection().leave_group(&group);
}

async fn tell(context: Context, whom: String, text: String) -> Result<(), SendError> {
    let clients = context.clients();
    match whom.as_str() {
        "caller" => clients.caller().send("Heard", (text,)),
        "others" => clients.others().send("Heard", (text,)),
        group => clients.others_in_group(group).send("Heard", (text,)),
    }
}

async fn tell_groups(context: Context, groups: Vec<String>) -> Result<(), SendError> {
    context.clients().groups(&groups).send("Heard", ("all",))
}

async fn add(_: Context, a: i64, b: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let a = a as f64;
    a + b
}

fn hub() -> Hub {
    Hub::builder()
        .on("Join", join)
        .on("Leave", leave)
        .on("Tell", tell)
        .on("TellGroups", tell_groups)
        .on("Add", add)
        .options(HubOptions {
            detailed_errors: true,
            ..HubOptions::default()
        })
        .build()
}

async fn call(client: &mut Client, target: &str, arguments: &str) {
    client
        .send(&format!(
            r#"{{"type":1,"invocationId":"c","target":"{target}","arguments":{arguments}}}"#
        ))
        .await;
}

const DONE: &str = r#"{"type":3,"invocationId":"c","result":null}"#;

fn heard(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Heard","arguments":["{text}"]}}"#)
}

#[tokio::test]
async fn a_group_without_a_name_spoils_the_whole_send() {
    let mut client = Client::hub(hub().router("/hub"), "/hub").await;
    call(&mut client, "Join", r#"["a"]"#).await;
    assert_eq!(client.next().await, DONE);
    call(&mut client, "TellGroups", r#"[["a",""]]"#).await;
    let error = "An unexpected error occurred invoking 'TellGroups' on the server. InvalidOperationException: Cannot send to an empty group name.";
    assert_eq!(
        client.next().await,
        format!(r#"{{"type":3,"invocationId":"c","error":"{error}"}}"#)
    );
    call(&mut client, "TellGroups", r#"[["a","b"]]"#).await;
    assert_eq!(client.next().await, heard("all"));
    assert_eq!(client.next().await, DONE);
}

#[tokio::test]
async fn the_caller_and_the_others_are_told_apart() {
    let router = hub().router("/hub");
    let mut a = Client::hub(router.clone(), "/hub").await;
    let mut b = Client::hub(router.clone(), "/hub").await;
    let mut c = Client::hub(router, "/hub").await;
    for client in [&mut a, &mut b] {
        call(client, "Join", r#"["g"]"#).await;
        assert_eq!(client.next().await, DONE);
    }
    for whom in ["caller", "others", "g"] {
        call(&mut a, "Tell", &format!(r#"["{whom}","{whom}"]"#)).await;
    }
    call(&mut b, "Leave", r#"["g"]"#).await;
    assert_eq!(a.next().await, heard("caller"));
    for _ in 0..3 {
        assert_eq!(a.next().await, DONE);
    }
    assert_eq!(b.next().await, heard("others"));
    assert_eq!(b.next().await, heard("g"));
    assert_eq!(b.next().await, DONE);
    assert_eq!(c.next().await, heard("others"));
    call(&mut a, "Tell", r#"["g","nobody is left"]"#).await;
    call(&mut a, "Tell", r#"["others","end"]"#).await;
    assert_eq!(b.next().await, heard("end"));
    assert_eq!(c.next().await, heard("end"));
}

/// A client that speaks MessagePack.
async fn messagepack_client(router: axum::Router) -> Client {
    let mut client = Client::open(router, "/hub").await.unwrap();
    let handshake = format!("{{\"protocol\":\"messagepack\",\"version\":1}}{RS}");
    client.socket.send(Frame::text(handshake)).await.unwrap();
    assert_eq!(
        client.socket.next().await.unwrap().unwrap(),
        Frame::binary(&b"{}\x1e"[..])
    );
    client
}

/// The records of the next frame, which must be a binary one.
async fn records(client: &mut Client) -> Vec<Vec<u8>> {
    let Frame::Binary(bytes) = client.socket.next().await.unwrap().unwrap() else {
        panic!("not a binary frame")
    };
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let record = framing::next_record(HubProtocol::MessagePack, rest, 0, usize::MAX)
            .unwrap()
            .expect("whole records");
        records.push(record.body.to_vec());
        rest = &rest[record.consumed..];
    }
    records
}

#[tokio::test]
async fn messagepack_clients_call_methods() {
    let mut client = messagepack_client(hub().router("/hub")).await;
    let mut call = Vec::new();
    HubProtocol::MessagePack
        .encode_invocation(&mut call, Some("1"), "add", &(2u8, 0.5))
        .unwrap();
    let (head, tail) = call.split_at(5);
    client
        .socket
        .send(Frame::binary(head.to_vec()))
        .await
        .unwrap();
    client
        .socket
        .send(Frame::binary(tail.to_vec()))
        .await
        .unwrap();
    let records = records(&mut client).await;
    let Ok(Message::Completion {
        invocation_id,
        result: CompletionResult::Value(sum),
    }) = HubProtocol::MessagePack.decode(&records[0], 32)
    else {
        panic!("not a result: {records:x?}");
    };
    assert_eq!(
        (&*invocation_id, sum.read::<f64>().unwrap().to_bits()),
        ("1", 2.5f64.to_bits())
    );
}

#[tokio::test]
async fn one_message_reaches_clients_of_both_protocols() {
    let hub = hub();
    let router = hub.router("/hub");
    let mut text = Client::hub(router.clone(), "/hub").await;
    let mut binary = messagepack_client(router).await;
    let context: HubContext = hub.context();
    while context.connection_count() < 2 {
        tokio::task::yield_now().await;
    }
    let message = PreparedMessage::new("Heard", ("x",));
    for _ in 0..3 {
        context.clients().all().send_prepared(&message).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(text.next().await, heard("x"));
    }
    let records = records(&mut binary).await;
    assert_eq!(
        records.len(),
        3,
        "what is queued together leaves in one WebSocket message"
    );
    let Ok(Message::Invocation {
        target, arguments, ..
    }) = HubProtocol::MessagePack.decode(&records[0], 32)
    else {
        panic!("not an invocation: {records:x?}");
    };
    assert_eq!(
        (&*target, arguments.get(0).unwrap().read::<Value>().unwrap()),
        ("Heard", Value::from("x"))
    );
}

#[tokio::test]
async fn what_cannot_be_serialised_is_an_error_of_its_sender_alone() {
    let hub = hub();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    let map = std::collections::HashMap::from([((1, 2), 3)]);
    assert!(
        hub.context().clients().all().send("Heard", (map,)).is_err(),
        "keys of JSON objects are strings"
    );
    hub.context()
        .clients()
        .all()
        .send("Heard", ("fine",))
        .unwrap();
    assert_eq!(client.next().await, heard("fine"));
}

#[tokio::test]
async fn whoever_is_named_twice_is_one_receiver_and_a_member_of_two_groups_is_two() {
    let hub = Hub::builder().on("Join", join).build();
    let mut client = Client::hub(hub.router("/hub"), "/hub").await;
    for group in ["a", "b"] {
        call(&mut client, "Join", &format!(r#"["{group}"]"#)).await;
        assert_eq!(client.next().await, DONE);
    }
    let context = hub.context();
    let mut ids = Vec::new();
    context.for_each_connection(|connection| ids.push(connection.id().to_string()));
    let twice = [&ids[0], &ids[0]];
    let clients = context.clients();
    clients.clients(&twice).send("Heard", ("client",)).unwrap();
    clients
        .groups(&["a", "b"])
        .send("Heard", ("group",))
        .unwrap();
    clients.all().send("Heard", ("end",)).unwrap();
    for text in ["client", "group", "group", "end"] {
        assert_eq!(client.next().await, heard(text));
    }
}

#[tokio::test]
async fn a_member_that_does_not_read_is_closed_and_the_others_hear_everything() {
    let hub = Hub::builder().on("Join", join).build();
    let router = hub.router("/hub");
    let mut deaf = Client::hub(router.clone(), "/hub").await;
    let mut attentive = Client::hub(router, "/hub").await;
    for client in [&mut deaf, &mut attentive] {
        call(client, "Join", r#"["g"]"#).await;
        assert_eq!(client.next().await, DONE);
    }
    let context = hub.context();
    let padding = "x".repeat(10_000);
    for number in 0..200 {
        let text = format!("{number} {padding}");
        context
            .clients()
            .group("g")
            .send("Heard", (&text,))
            .unwrap();
        assert_eq!(attentive.next().await, heard(&text));
    }
    let rest = deaf.rest().await;
    let (last, before) = rest.split_last().unwrap();
    assert!(
        last.contains("did not read its messages fast enough"),
        "{last}"
    );
    for (number, message) in before.iter().enumerate() {
        assert_eq!(*message, heard(&format!("{number} {padding}")));
    }
}
