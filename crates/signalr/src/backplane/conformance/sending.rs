//! Sends to everybody and to single connections.

use super::Cluster;
use super::nodes::nodes;

/// A send to everybody reaches the connections of all nodes, but for the excluded ones, wherever they are.
pub async fn sends_to_all_reach_every_node_and_honour_exclusions<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b, mut c) = (
        left.connect("a").await,
        right.connect("b").await,
        right.connect("c").await,
    );
    left.context()
        .clients()
        .all_except(&[&c.id, &a.id])
        .send("Heard", ("some",))
        .expect("the backplane takes messages");
    left.tell_all("all");
    b.hears("some").await;
    for member in [&mut a, &mut b, &mut c] {
        member.hears("all").await;
    }
}

/// A connection is found on whatever node it is; one that nobody has is nobody's concern.
pub async fn single_connections_are_reached_on_other_nodes<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b) = (left.connect("a").await, right.connect("b").await);
    left.tell_connection(&b.id, "b");
    left.tell_connection("nobody", "nobody");
    left.context()
        .clients()
        .clients(&[&a.id, &b.id, &"nobody".to_owned(), &b.id])
        .send("Heard", ("both",))
        .expect("the backplane takes messages");
    a.hears("both").await;
    b.hears("b").await;
    b.hears("both").await;
}

/// What is for connections of the sending node never crosses the backplane, and is heard there once.
pub async fn connections_of_this_node_are_not_looked_for_elsewhere<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let (mut a, mut b) = (left.connect("ada").await, right.connect("bob").await);
    left.asked.take();
    left.tell_connection(&a.id, "direct");
    assert_eq!(left.asked.take(), [""; 0]);

    left.context()
        .clients()
        .clients(&[&a.id, &b.id])
        .send("Heard", ("both",))
        .expect("the backplane takes messages");
    let elsewhere = format!("publish Connections([{:?}])", b.id);
    assert_eq!(left.asked.take(), [elsewhere]);

    left.add(&a, "x").await;
    left.tell_group("x", "group");
    left.tell_user("ada", "user");
    left.tell_all("end");
    for text in ["direct", "both", "group", "user", "end"] {
        a.hears(text).await;
    }
    b.hears("both").await;
    b.hears("end").await;
}

/// Whatever one node publishes reaches another in order, however it is addressed.
pub async fn messages_of_one_sender_keep_their_order<C: Cluster>() {
    let (left, right) = nodes::<C>().await;
    let mut b = right.connect("bob").await;
    right.add(&b, "x").await;
    for number in 0..100 {
        let text = number.to_string();
        match number % 4 {
            0 => left.tell_group("x", &text),
            1 => left.tell_user("bob", &text),
            2 => left.tell_all(&text),
            _ => left.tell_connection(&b.id, &text),
        }
    }
    for number in 0..100 {
        b.hears(&number.to_string()).await;
    }
}
