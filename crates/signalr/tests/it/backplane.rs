//! What every backplane must do, written once over the trait.
//!
//! A cluster is two hubs, `left` and `right`, joined by the backplane under test. An implementation is checked by a [`Cluster`] for it and a line in
//! [`every_backplane`].

use std::sync::Arc;

use signalr_hub::backplane::{Backplane, InProcessBackplane};
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubContext, HubError,
    User,
};

use crate::client::Client;

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

async fn ask(context: Context, connection_id: String) -> Result<i32, HubError> {
    Ok(context
        .clients()
        .client(&connection_id)
        .invoke::<i32>("Answer", ("?",))
        .await?)
}

async fn own_id(context: Context) -> String {
    context.connection_id().to_string()
}

struct Node {
    hub: Hub,
}

impl Node {
    fn new(backplane: impl Backplane) -> Self {
        let hub = Hub::builder()
            .on("Ask", ask)
            .on("OwnId", own_id)
            .authenticate(Trusting)
            .backplane(backplane)
            .build();
        Self { hub }
    }

    fn context(&self) -> HubContext {
        self.hub.context()
    }

    /// Connects a user.
    async fn connect(&self, user: &str) -> Member {
        let path = format!("/hub?access_token={user}");
        let mut client = Client::hub(self.hub.router("/hub"), &path).await;
        client
            .send(r#"{"type":1,"invocationId":"id","target":"OwnId","arguments":[]}"#)
            .await;
        let completion: serde_json::Value = serde_json::from_str(&client.next().await).unwrap();
        Member {
            client,
            id: completion["result"].as_str().unwrap().to_owned(),
        }
    }
}

/// A connected client.
struct Member {
    client: Client,
    id: String,
}

impl Member {
    /// Expects exactly one call with this text before the next marker.
    async fn hears(&mut self, text: &str) {
        assert_eq!(self.client.next().await, call(text));
    }

    async fn joins(&self, node: &Node, group: &str) {
        node.context().groups().add(&self.id, group).await.unwrap();
    }
}

fn call(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Heard","arguments":["{text}"]}}"#)
}

/// Makes the backplanes of two nodes that are joined, ready for use.
trait Cluster {
    fn join() -> (impl Backplane, impl Backplane);
}

struct InProcess;

impl Cluster for InProcess {
    fn join() -> (impl Backplane, impl Backplane) {
        let bus = InProcessBackplane::new();
        (bus.clone(), bus)
    }
}

fn nodes<C: Cluster>() -> (Node, Node) {
    let (left, right) = C::join();
    (Node::new(left), Node::new(right))
}

/// Instantiates the suite for a cluster.
macro_rules! every_backplane {
    ($($name:ident: $cluster:ty),*) => {
        $(mod $name {
            every_backplane!(@tests $cluster:
                sends_to_all_reach_every_node_and_honour_exclusions,
                groups_span_nodes_and_deliver_once,
                users_are_reached_wherever_they_are,
                single_connections_are_reached_on_other_nodes,
                membership_changes_of_remote_connections_have_happened_when_they_return,
                joining_twice_and_leaving_without_membership_change_nothing,
                a_connection_that_ends_leaves_its_groups_and_others_stay,
                one_of_several_connections_of_a_user_may_leave,
                results_come_from_clients_of_other_nodes,
                results_of_lost_and_unknown_connections_fail,
                messages_of_one_sender_keep_their_order
            );
        })*
    };
    (@tests $cluster:ty: $($test:ident),*) => {
        $(#[tokio::test]
        async fn $test() {
            super::$test::<$cluster>().await;
        })*
    };
}

every_backplane!(in_process: super::InProcess);

async fn sends_to_all_reach_every_node_and_honour_exclusions<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (mut a, mut b, mut c) = (
        left.connect("a").await,
        right.connect("b").await,
        right.connect("c").await,
    );
    left.context()
        .clients()
        .all_except(&[&c.id, &a.id])
        .send("Heard", ("some",))
        .unwrap();
    right
        .context()
        .clients()
        .all()
        .send("Heard", ("all",))
        .unwrap();
    b.hears("some").await;
    for member in [&mut a, &mut b, &mut c] {
        member.hears("all").await;
    }
}

async fn groups_span_nodes_and_deliver_once<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    a.joins(&left, "x").await;
    b.joins(&right, "x").await;
    b.joins(&right, "y").await;
    let context = left.context();
    context
        .clients()
        .groups(&["x", "y", "z"])
        .send("Heard", ("once",))
        .unwrap();
    context
        .clients()
        .group_except("x", &[&b.id])
        .send("Heard", ("not b",))
        .unwrap();
    context
        .clients()
        .group("X")
        .send("Heard", ("nobody: names differ by case",))
        .unwrap();
    context
        .clients()
        .group("x")
        .send("Heard", ("end",))
        .unwrap();
    a.hears("once").await;
    a.hears("not b").await;
    a.hears("end").await;
    b.hears("once").await;
    b.hears("end").await;
}

async fn users_are_reached_wherever_they_are<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (mut a, mut b, mut other) = (
        left.connect("ada").await,
        right.connect("ada").await,
        right.connect("Ada").await,
    );
    left.context()
        .clients()
        .user("ada")
        .send("Heard", ("ada",))
        .unwrap();
    right
        .context()
        .clients()
        .users(&["ada", "Ada"])
        .send("Heard", ("both",))
        .unwrap();
    for member in [&mut a, &mut b] {
        member.hears("ada").await;
        member.hears("both").await;
    }
    other.hears("both").await;
}

async fn single_connections_are_reached_on_other_nodes<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    let context = left.context();
    context
        .clients()
        .client(&b.id)
        .send("Heard", ("b",))
        .unwrap();
    context
        .clients()
        .clients(&[&a.id, &b.id, &"nobody".to_owned()])
        .send("Heard", ("both",))
        .unwrap();
    a.hears("both").await;
    b.hears("b").await;
    b.hears("both").await;
}

async fn membership_changes_of_remote_connections_have_happened_when_they_return<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let mut b = right.connect("b").await;
    b.joins(&left, "x").await;
    right
        .context()
        .clients()
        .group("x")
        .send("Heard", ("joined",))
        .unwrap();
    left.context().groups().remove(&b.id, "x").await.unwrap();
    right
        .context()
        .clients()
        .group("x")
        .send("Heard", ("left",))
        .unwrap();
    right
        .context()
        .clients()
        .all()
        .send("Heard", ("end",))
        .unwrap();
    b.hears("joined").await;
    b.hears("end").await;
    left.context().groups().add("nobody", "x").await.unwrap();
}

async fn joining_twice_and_leaving_without_membership_change_nothing<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let mut b = right.connect("b").await;
    for node in [&left, &right, &left] {
        node.context().groups().remove(&b.id, "x").await.unwrap();
        b.joins(node, "x").await;
        b.joins(node, "x").await;
    }
    left.context()
        .clients()
        .group("x")
        .send("Heard", ("once",))
        .unwrap();
    left.context().groups().remove(&b.id, "x").await.unwrap();
    left.context()
        .clients()
        .group("x")
        .send("Heard", ("never",))
        .unwrap();
    left.context()
        .clients()
        .all()
        .send("Heard", ("end",))
        .unwrap();
    b.hears("once").await;
    b.hears("end").await;
}

async fn a_connection_that_ends_leaves_its_groups_and_others_stay<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (a, mut b) = (right.connect("a").await, right.connect("b").await);
    a.joins(&left, "x").await;
    b.joins(&left, "x").await;
    let id = a.id.clone();
    a.client.cut();
    while right.context().connection(&id).is_some() {
        tokio::task::yield_now().await;
    }
    left.context()
        .clients()
        .group("x")
        .send("Heard", ("still here",))
        .unwrap();
    b.hears("still here").await;
}

async fn one_of_several_connections_of_a_user_may_leave<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (first, mut second) = (right.connect("ada").await, right.connect("ada").await);
    let id = first.id.clone();
    first.client.cut();
    while right.context().connection(&id).is_some() {
        tokio::task::yield_now().await;
    }
    left.context()
        .clients()
        .user("ada")
        .send("Heard", ("still here",))
        .unwrap();
    second.hears("still here").await;
}

async fn results_come_from_clients_of_other_nodes<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    let ask = format!(
        r#"{{"type":1,"invocationId":"ask","target":"Ask","arguments":["{}"]}}"#,
        b.id
    );
    for (answer, outcome) in [
        (r#""result":42"#, r#""result":42}"#),
        (r#""error":"no idea""#, r#"HubException: no idea"}"#),
        (
            r#""result":"x""#,
            "HubException: Error trying to deserialize result to i32.",
        ),
    ] {
        a.client.send(&ask).await;
        let question: serde_json::Value = serde_json::from_str(&b.client.next().await).unwrap();
        assert_eq!(question["arguments"], serde_json::json!(["?"]));
        b.client
            .send(&format!(
                r#"{{"type":3,"invocationId":{},{answer}}}"#,
                question["invocationId"]
            ))
            .await;
        let completion = a.client.next().await;
        assert!(completion.contains(outcome), "{completion}");
    }
}

async fn results_of_lost_and_unknown_connections_fail<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let mut b = right.connect("b").await;
    let context = Arc::new(left.context());
    let clients = context.clients();
    let unknown = clients
        .client("nobody")
        .invoke::<i32>("Answer", ())
        .await
        .unwrap_err();
    assert_eq!(unknown.to_string(), "Connection 'nobody' does not exist.");
    let id = b.id.clone();
    let leave = async {
        b.client.next().await;
        b.client.cut();
    };
    let target = clients.client(&id);
    let (lost, ()) = tokio::join!(target.invoke::<i32>("Answer", ()), leave);
    assert_eq!(
        lost.unwrap_err().to_string(),
        format!("Connection '{id}' disconnected.")
    );
}

async fn messages_of_one_sender_keep_their_order<C: Cluster>() {
    let (left, right) = nodes::<C>();
    let mut b = right.connect("b").await;
    b.joins(&right, "x").await;
    let context = left.context();
    for number in 0..100 {
        let text = number.to_string();
        match number % 3 {
            0 => context.clients().group("x").send("Heard", (text,)).unwrap(),
            1 => context.clients().user("b").send("Heard", (text,)).unwrap(),
            _ => context
                .clients()
                .client(&b.id)
                .send("Heard", (text,))
                .unwrap(),
        }
    }
    for number in 0..100 {
        b.hears(&number.to_string()).await;
    }
}
