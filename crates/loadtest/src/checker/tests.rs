//! What all judgements have in common.

use super::story::{Story, key};
use super::*;
use crate::history::file;

#[test]
fn an_empty_history_is_said_to_have_checked_nothing() {
    let report = check(&[], &Terms::default()).to_string();
    assert_eq!(
        report.matches("checked nothing").count(),
        Invariant::ALL.len(),
        "{report}"
    );
}

#[test]
fn sends_without_an_answer_are_listed_with_what_became_of_them() {
    let mut story = Story::new();
    let call = story.invoke_send("alice", key(1), "one");
    story.lose_answer("alice", call);
    story.invoke_send("bob", key(2), "two");
    let row = story.store("bob", key(2), "two");
    story.deliver_to_all(&row);
    let verdict = story.verdict();
    assert!(verdict.holds(), "{verdict}");
    assert_eq!(
        verdict.unknown,
        [
            "key 1 of alice to room is not in the log",
            "key 2 of bob to room is message 1"
        ]
    );
}

#[test]
fn a_history_is_judged_from_its_file_as_it_was_from_memory() {
    let mut story = Story::new();
    story.retried_send("alice", "one");
    let call = story.invoke_send("bob", key(7), "two");
    story.receipt("bob", call, 2, 3);
    story.sync("bob", 2);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.jsonl");
    file::write(&path, &story.entries).unwrap();
    let entries = file::read(&[&path]).unwrap();
    assert_eq!(entries, story.entries);
    assert_eq!(
        check(&entries, &Terms::default()).to_string(),
        check(&story.entries, &Terms::default()).to_string()
    );
}

#[test]
fn a_long_trace_leaves_its_middle_out() {
    let mut story = Story::new();
    let row = story.store("alice", key(1), "one");
    story.invoke_send("alice", key(1), "one");
    for _ in 0..100 {
        let call = story.invoke_send("alice", key(1), "one");
        story.receipt("alice", call, 9, row.rev);
    }
    story.deliver_to_all(&row);
    let verdict = story.verdict();
    let trace = &verdict.violations[0].trace;
    assert_eq!(trace.len(), 41, "{verdict}");
    assert!(trace[20].contains("events left out"), "{verdict}");
}
