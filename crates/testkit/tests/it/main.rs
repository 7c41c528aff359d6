//! Children that misbehave in every way a test may meet.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod dir;
mod guardian;
mod hubbub;
mod nginx;
mod postgres;
mod process;
mod proxy;
mod redis;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A child that runs a shell script.
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Whether a process or a zombie of this id exists.
fn exists(pid: u32) -> bool {
    Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .expect("kill can be run")
        .success()
}

/// For processes that are not this one's children: somebody else reaps them, a moment after their death or later.
fn assert_ends(pid: u32) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while exists(pid) && !is_zombie(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        std::thread::yield_now();
    }
}

fn is_zombie(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .expect("ps can be run");
    state.stdout.starts_with(b"Z")
}
