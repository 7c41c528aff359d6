use super::*;
use crate::checker::story::{Story, key};
use crate::digest::Digest;

#[test]
fn devices_that_take_the_log_in_order_agree() {
    let mut story = Story::new();
    story.send("alice", "one");
    story.send("bob", "two");
    story.holds(THIS);
}

#[test]
fn a_range_applied_over_a_hole_is_found() {
    let mut story = Story::new();
    let rows: Vec<_> = (0..3)
        .map(|number| story.store("alice", key(number), "text"))
        .collect();
    for (number, row) in (0..).zip(&rows) {
        let call = story.invoke_send("alice", key(number), "text");
        story.receipt("alice", call, row.seq, row.rev);
    }
    for who in ["alice", "bob"] {
        for row in &rows {
            story.deliver(who, row);
        }
    }
    story.apply("carol", 1, 2, &[&rows[0]]);
    let effect = Effect::Applied {
        conversation: crate::checker::story::ROOM,
        how: How::Range,
        from: 3,
        before: Some(2),
        after: 4,
        inserted: vec![Mark::from(&rows[2])],
        replaced: Vec::new(),
        kept: 0,
    };
    story.at("carol", Event::Ruled { effect });
    story.breaks_also(
        THIS,
        "carol stood at rev 2 and applied a range that begins at rev 3",
        &[Invariant::NoLoss],
    );
}

#[test]
fn a_message_missing_between_others_is_found() {
    let mut story = Story::new();
    let rows: Vec<_> = (0..3)
        .map(|number| story.store("alice", key(number), "text"))
        .collect();
    for number in 0..3 {
        story.invoke_send("alice", key(number), "text");
    }
    for who in ["alice", "bob"] {
        for row in &rows {
            story.deliver(who, row);
        }
    }
    story.apply("carol", 1, 4, &[&rows[0], &rows[2]]);
    story.breaks_also(
        THIS,
        "carol holds messages 1 to 3 without message 2",
        &[Invariant::NoLoss],
    );
}

#[test]
fn messages_taken_out_of_order_are_found() {
    let mut story = Story::new();
    let rows: Vec<_> = (0..2)
        .map(|number| story.store("alice", key(number), "text"))
        .collect();
    for number in 0..2 {
        story.invoke_send("alice", key(number), "text");
    }
    for who in ["alice", "bob"] {
        for row in &rows {
            story.deliver(who, row);
        }
    }
    story.apply("carol", 1, 3, &[&rows[1], &rows[0]]);
    story.breaks(THIS, "carol took message 1 after message 2");
}

#[test]
fn devices_that_are_told_different_things_are_found() {
    let mut story = Story::new();
    story.send("alice", "one");
    let call = story.invoke_send("alice", key(1), "two");
    let row = story.store("alice", key(1), "two");
    story.receipt("alice", call, row.seq, row.rev);
    story.deliver("alice", &row);
    story.deliver("bob", &row);
    let other = MessageRow {
        state: Digest::of("something else"),
        ..row
    };
    story.deliver("carol", &other);
    story.breaks(THIS, "carol has another state of message 2 at rev 3");
}

#[test]
fn a_device_that_never_learned_of_an_edit_is_found() {
    let mut story = Story::new();
    let row = story.send("alice", "one");
    let edit = crate::history::Action::Edit {
        conversation: crate::checker::story::ROOM,
        message: row.message_id,
        body: Digest::of("uno"),
    };
    let call = story.invoke("alice", edit);
    let row = story.change(1, "uno");
    story.receipt("alice", call, 1, row.rev);
    story.deliver("alice", &row);
    story.deliver("bob", &row);
    story.breaks(
        THIS,
        "carol ends with message 1 as of rev 2, the log has it as of rev 3",
    );
}
