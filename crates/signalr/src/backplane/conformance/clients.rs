//! Connections and the users that they belong to.

use super::Cluster;
use super::nodes::nodes;

/// Once a connection is open, every node reaches it by its id and by its user.
pub async fn a_new_connection_is_reached_from_other_nodes_at_once<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    // An implementation that answers too early is seldom caught by a single try.
    for number in 0..20 {
        let user = format!("user {number}").replace(' ', "-");
        let mut b = right.connect(&user).await;
        left.tell_connection(&b.id, "connection");
        left.tell_user(&user, "user");
        b.hears("connection").await;
        b.hears("user").await;
    }
}

/// A user's connections are reached on all nodes; the ids of users are compared exactly.
pub async fn users_are_reached_wherever_they_are<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b, mut other) = (
        left.connect("ada").await,
        right.connect("ada").await,
        right.connect("Ada").await,
    );
    left.tell_user("ada", "ada");
    let context = left.context();
    let both = context
        .clients()
        .users(&["ada", "Ada", "ada"])
        .send("Heard", ("both",));
    both.expect("the backplane takes messages");
    for member in [&mut a, &mut b] {
        member.hears("ada").await;
        member.hears("both").await;
    }
    other.hears("both").await;
}

/// A user with several connections on a node is heard there until the last one ends, and again when another comes.
pub async fn one_of_several_connections_of_a_user_may_leave<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (first, mut second) = (right.connect("ada").await, right.connect("ada").await);
    right.lose(first).await;
    left.tell_user("ada", "still here");
    second.hears("still here").await;
    right.lose(second).await;
    let mut third = right.connect("ada").await;
    left.tell_user("ada", "back");
    third.hears("back").await;
}
