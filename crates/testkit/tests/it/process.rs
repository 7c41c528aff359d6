use std::process::Command;
use std::time::Duration;

use hubbub_testkit::{Error, Process, Stream, TestDir};

use crate::{assert_ends, exists, shell};

const SOON: Duration = Duration::from_secs(10);
/// A limit that a test means to run into.
const BRIEF: Duration = Duration::from_millis(200);

fn word(expected: &'static str) -> impl FnMut(&str) -> Option<()> {
    move |line| (line == expected).then_some(())
}

#[tokio::test]
async fn a_line_is_found_whether_it_was_written_before_or_is_written_later() {
    let dir = TestDir::new("lines").unwrap();
    let script = "echo first; read line < gate; echo \"$line\"; sleep 600";
    let mut command = shell(script);
    command.current_dir(dir.path());
    mkfifo(&dir, "gate");
    let child = Process::spawn("child", command, dir.path()).unwrap();

    for _ in 0..2 {
        let first = child.wait_for_line(Stream::Stdout, "spoke", SOON, word("first"));
        first.await.unwrap();
    }
    std::fs::write(dir.path().join("gate"), "second\n").unwrap();
    let second = child.wait_for_line(Stream::Stdout, "spoke", SOON, word("second"));
    second.await.unwrap();
}

#[tokio::test]
async fn a_child_that_ends_early_is_reported_with_its_status_and_the_end_of_its_log() {
    let dir = TestDir::new("early").unwrap();
    let script = "echo starting; echo 'no such folder' >&2; exit 3";
    let child = Process::spawn("child", shell(script), dir.path()).unwrap();

    let ready = child.wait_for_line(Stream::Stdout, "was ready", SOON, word("ready"));
    let error = ready.await.unwrap_err();

    assert!(matches!(&error, Error::Ended { status, .. } if status.code() == Some(3)));
    let text = error.to_string();
    assert!(text.contains("before it was ready"), "{text}");
    assert!(text.contains("no such folder"), "{text}");
}

#[tokio::test]
async fn a_child_that_is_never_ready_is_reported_at_the_limit() {
    let dir = TestDir::new("never-ready").unwrap();
    let child = Process::spawn("child", shell("echo starting; sleep 600"), dir.path()).unwrap();
    let starting = child.wait_for_line(Stream::Stdout, "began", SOON, word("starting"));
    starting.await.unwrap();

    let ready = child.wait_for_line(Stream::Stdout, "was ready", BRIEF, word("ready"));
    let error = ready.await.unwrap_err();

    assert!(matches!(&error, Error::TimedOut { .. }), "{error}");
    assert!(error.to_string().contains("starting"), "{error}");
    assert_eq!(child.status(), None);
}

#[tokio::test]
async fn a_last_line_without_an_end_is_a_line() {
    let dir = TestDir::new("half-line").unwrap();
    let child = Process::spawn("child", shell("printf done"), dir.path()).unwrap();

    let done = child.wait_for_line(Stream::Stdout, "was done", SOON, word("done"));
    done.await.unwrap();
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let dir = TestDir::new("missing").unwrap();
    let error = Process::spawn("child", Command::new("/no/such/program"), dir.path()).unwrap_err();

    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn termination_is_polite() {
    let dir = TestDir::new("polite").unwrap();
    let script = "trap 'echo goodbye; exit 0' TERM; echo ready; sleep 600 & wait";
    let child = Process::spawn("child", shell(script), dir.path()).unwrap();
    let ready = child.wait_for_line(Stream::Stdout, "was ready", SOON, word("ready"));
    ready.await.unwrap();

    let status = child.terminate(SOON).await.unwrap();

    assert_eq!(status.code(), Some(0));
    let goodbye = child.wait_for_line(Stream::Stdout, "said goodbye", SOON, word("goodbye"));
    goodbye.await.unwrap();
}

#[tokio::test]
async fn a_child_that_ignores_termination_is_killed_at_the_limit() {
    let dir = TestDir::new("stubborn").unwrap();
    let script = "trap '' TERM; echo ready; sleep 600";
    let child = Process::spawn("child", shell(script), dir.path()).unwrap();
    let ready = child.wait_for_line(Stream::Stdout, "was ready", SOON, word("ready"));
    ready.await.unwrap();

    let error = child.terminate(BRIEF).await.unwrap_err();

    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(child.status().is_some());
    assert!(!exists(child.pid()));
}

#[tokio::test]
async fn stopping_what_has_ended_is_no_error_and_touches_nobody() {
    let dir = TestDir::new("ended").unwrap();
    let child = Process::spawn("child", shell("exit 5"), dir.path()).unwrap();
    child.wait(SOON).await.unwrap();

    child.pause().unwrap();
    child.resume().unwrap();
    assert_eq!(child.terminate(SOON).await.unwrap().code(), Some(5));
    assert_eq!(child.kill().await.unwrap().code(), Some(5));
}

#[tokio::test]
async fn a_paused_child_stands_still_until_it_is_resumed() {
    let dir = TestDir::new("paused").unwrap();
    let script = "trap 'exit 0' TERM; echo ready; sleep 600 & wait";
    let child = Process::spawn("child", shell(script), dir.path()).unwrap();
    let ready = child.wait_for_line(Stream::Stdout, "was ready", SOON, word("ready"));
    ready.await.unwrap();

    child.pause().unwrap();
    let asked = tokio::join!(child.terminate(SOON), async {
        assert!(
            child.wait(BRIEF).await.is_err(),
            "it ended while it was paused"
        );
        child.resume().unwrap();
    });

    assert_eq!(asked.0.unwrap().code(), Some(0));
}

#[tokio::test]
async fn dropping_kills_and_reaps_the_child_and_what_it_started() {
    let dir = TestDir::new("dropped").unwrap();
    let script = "trap '' TERM; sleep 600 & echo \"$!\"; wait";
    let child = Process::spawn("child", shell(script), dir.path()).unwrap();
    let grandchild = child
        .wait_for_line(Stream::Stdout, "said whom it started", SOON, |line| {
            line.parse::<u32>().ok()
        })
        .await
        .unwrap();
    let pid = child.pid();

    drop(child);

    assert!(!exists(pid));
    assert_ends(grandchild);
}

#[tokio::test]
async fn what_a_child_leaves_behind_when_it_ends_is_killed() {
    let dir = TestDir::new("left-behind").unwrap();
    let child = Process::spawn("child", shell("sleep 600 & echo \"$!\""), dir.path()).unwrap();

    child.wait(SOON).await.unwrap();

    let grandchild = child
        .wait_for_line(Stream::Stdout, "said whom it started", SOON, |line| {
            line.parse::<u32>().ok()
        })
        .await
        .unwrap();
    assert_ends(grandchild);
}

#[tokio::test]
async fn a_child_outlives_the_runtime_that_started_it() {
    let dir = TestDir::new("runtime").unwrap();
    let script = "echo ready; sleep 600";
    let child = {
        let logs = dir.path().to_owned();
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async { Process::spawn("child", shell(script), &logs).unwrap() })
        });
        other.join().unwrap()
    };

    let ready = child.wait_for_line(Stream::Stdout, "was ready", SOON, word("ready"));
    ready.await.unwrap();
    assert_eq!(child.status(), None);
}

fn mkfifo(dir: &TestDir, name: &str) {
    let made = Command::new("mkfifo").arg(dir.path().join(name)).status();
    assert!(made.expect("mkfifo can be run").success());
}
