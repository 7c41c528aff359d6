use std::process::Command;
use std::time::Duration;

use hubbub_testkit::{Process, Stream, TestDir};

use crate::{assert_ends, exists};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_child_dies_with_a_test_process_that_was_killed() {
    let dir = TestDir::new("abandon").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_testkit-abandon"));
    command.arg(dir.path());
    let test_process = Process::spawn("test-process", command, dir.path()).unwrap();
    let child = test_process
        .wait_for_line(Stream::Stdout, "said whom it started", SOON, |line| {
            line.parse::<u32>().ok()
        })
        .await
        .unwrap();
    assert!(exists(child));

    // Only its own group is killed; the child leads another one.
    test_process.kill().await.unwrap();

    assert_ends(child);
}
