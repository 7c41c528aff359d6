//! Groups and changes of membership.

use super::Cluster;
use super::nodes::{in_time, nodes};

/// A group has members on several nodes. Each hears a message once, or once for every group that was named and that it is in.
pub async fn groups_span_nodes_and_deliver_once<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    left.add(&a, "x").await;
    right.add(&b, "x").await;
    right.add(&b, "y").await;
    let context = left.context();
    let clients = context.clients();
    let several = clients.groups(&["x", "z"]).send("Heard", ("once",));
    several.expect("the backplane takes messages");
    let except = clients
        .group_except("x", &[&b.id])
        .send("Heard", ("not b",));
    except.expect("the backplane takes messages");
    let overlap = clients.groups(&["x", "y"]).send("Heard", ("for each",));
    overlap.expect("the backplane takes messages");
    left.tell_group("X", "nobody: names differ by case");
    left.tell_group("x", "end");
    a.hears("once").await;
    a.hears("not b").await;
    a.hears("for each").await;
    a.hears("end").await;
    b.hears("once").await;
    b.hears("for each").await;
    b.hears("for each").await;
    b.hears("end").await;
}

/// When a join returns, the new member hears what any node sends from then on.
pub async fn a_join_is_effective_everywhere_when_it_returns<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("b").await;
    // An implementation that answers too early is seldom caught by a single try.
    for number in 0..50 {
        let (own, foreign) = (format!("own {number}"), format!("foreign {number}"));
        right.add(&b, &own).await;
        left.tell_group(&own, &own);
        b.hears(&own).await;
        left.add(&b, &foreign).await;
        left.tell_group(&foreign, &foreign);
        b.hears(&foreign).await;
    }
}

/// A connection of another node has joined or left when the call returns, in the eyes of its own node too.
pub async fn membership_changes_of_remote_connections_have_happened_when_they_return<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("b").await;
    left.add(&b, "x").await;
    right.tell_group("x", "joined");
    b.hears("joined").await;
    left.remove(&b, "x").await;
    right.tell_group("x", "left");
    right.tell_all("end");
    b.hears("end").await;
    let context = left.context();
    let unknown = in_time(context.groups().add("nobody", "x")).await;
    assert_eq!(unknown, Ok(()));
}

/// Nobody is asked to change what this node changes itself.
pub async fn changes_for_connections_of_this_node_stay_here<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, b) = (left.connect("a").await, right.connect("b").await);
    left.asked.take();
    left.add(&a, "x").await;
    left.remove(&a, "y").await;
    assert_eq!(left.asked.take(), [""; 0]);
    left.add(&b, "z").await;
    assert_eq!(left.asked.take(), ["change z"]);
    right.tell_group("x", "reached");
    a.hears("reached").await;
}

/// Joining and leaving are idempotent, from whatever node.
pub async fn joining_twice_and_leaving_without_membership_change_nothing<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("b").await;
    for node in [&left, &right, &left] {
        node.remove(&b, "x").await;
        node.add(&b, "x").await;
        node.add(&b, "x").await;
    }
    left.tell_group("x", "once");
    left.tell_all("then");
    b.hears("once").await;
    b.hears("then").await;
    left.remove(&b, "x").await;
    left.tell_group("x", "never");
    left.tell_all("end");
    b.hears("end").await;
}

/// The end of one member is the end of its membership, and of nobody else's.
pub async fn a_connection_that_ends_leaves_its_groups_and_others_stay<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (a, mut b) = (right.connect("a").await, right.connect("b").await);
    left.add(&a, "x").await;
    left.add(&b, "x").await;
    right.lose(a).await;
    left.tell_group("x", "still here");
    b.hears("still here").await;
}

/// A group whose last member of a node has left is heard again with the next one, however soon it comes.
pub async fn a_group_that_was_empty_can_be_joined_again<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("b").await;
    for number in 0..20 {
        right.add(&b, "x").await;
        left.tell_group("x", &number.to_string());
        b.hears(&number.to_string()).await;
        right.remove(&b, "x").await;
    }
    let a = right.connect("a").await;
    right.add(&a, "x").await;
    right.lose(a).await;
    right.add(&b, "x").await;
    left.tell_group("x", "again");
    b.hears("again").await;
}
