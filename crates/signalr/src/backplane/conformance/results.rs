//! Results of clients of other nodes.

use super::Cluster;
use super::nodes::{in_time, nodes};

/// A client's answer comes back to the node that asked: its value, its error, or that its type is wrong.
pub async fn results_come_from_clients_of_other_nodes<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    for (answer, outcome) in [
        (r#""result":42"#, r#""result":42}"#),
        (r#""error":"no idea""#, r#"HubException: no idea"}"#),
        (
            r#""result":"x""#,
            "HubException: Error trying to deserialize result to i32.",
        ),
    ] {
        a.ask(&b.id).await;
        let id = b.is_asked().await;
        b.answer(&id, answer).await;
        let completion = a.next().await;
        assert!(completion.contains(outcome), "{completion}");
    }
}

/// Nobody waits for a client that is not there, or is there no more.
pub async fn results_of_lost_and_unknown_connections_fail<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("b").await;
    let context = left.context();
    let clients = context.clients();
    let nobody = clients.client("nobody");
    let unknown = in_time(nobody.invoke::<i32>("Answer", ())).await;
    let unknown = unknown.expect_err("there is no such client");
    assert_eq!(unknown.to_string(), "Connection 'nobody' does not exist.");

    let id = b.id.clone();
    let target = clients.client(&id);
    let leave = async {
        b.next().await;
        right.lose(b).await;
    };
    let (lost, ()) = tokio::join!(in_time(target.invoke::<i32>("Answer", ())), leave);
    assert_eq!(
        lost.expect_err("the client has left").to_string(),
        format!("Connection '{id}' disconnected.")
    );
}

/// Answers are told apart wherever they go, and come in any order.
pub async fn nodes_that_ask_the_same_client_each_get_their_answer<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b, mut c) = (
        left.connect("a").await,
        right.connect("b").await,
        right.connect("c").await,
    );
    a.ask(&c.id).await;
    let first = c.is_asked().await;
    b.ask(&c.id).await;
    let second = c.is_asked().await;
    c.answer(&second, r#""result":2"#).await;
    c.answer(&first, r#""result":1"#).await;
    assert!(b.next().await.ends_with(r#""result":2}"#));
    assert!(a.next().await.ends_with(r#""result":1}"#));
}
