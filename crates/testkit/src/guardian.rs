//! Children do not survive the test process, however it ends.
//!
//! Destructors do not run when a test process is killed, exits, or keeps a server in a `static`. A guardian does: a small
//! shell script, one per test process, that reads from a pipe which groups to watch. The pipe ends with the test process,
//! and the guardian then kills the groups that are left, and removes the shared memory that they leave.
//!
//! The usual way, the parent-death signal, can only be asked for between fork and exec, which needs unsafe code; it
//! reaches the child alone and not what the child started; and it comes when the *thread* that forked ends.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::Pid;

/// The pipe into the guardian of this process, started at first use.
static GUARDIAN: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());

/// Has the process group killed when this process ends.
pub(crate) fn watch(group: Pid) -> io::Result<()> {
    tell("watch", group.as_raw_nonzero())
}

/// Takes [`watch`] back. Must be called before the group's leader is reaped: from then on its id may name another group.
pub(crate) fn forget(group: Pid) -> io::Result<()> {
    tell("forget", group.as_raw_nonzero())
}

/// Has the System V shared memory segment removed when this process ends.
pub(crate) fn keep_segment(id: u32) -> io::Result<()> {
    tell("keep", id)
}

/// Takes [`keep_segment`] back, for one that was removed.
pub(crate) fn release_segment(id: u32) -> io::Result<()> {
    tell("release", id)
}

fn tell(verb: &str, id: impl Display) -> io::Result<()> {
    let line = format!("{verb} {id}\n");
    let mut pipe = guardian()?.lock().unwrap_or_else(PoisonError::into_inner);
    pipe.write_all(line.as_bytes())
}

fn guardian() -> io::Result<&'static Mutex<ChildStdin>> {
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pipe) = GUARDIAN.get() {
        return Ok(pipe);
    }
    // A group of its own, so that what ends the test process (Ctrl-C, the test runner) does not end its guardian. Its
    // output is closed, so that a test runner does not wait for it either.
    let mut shell = Command::new("/bin/sh")
        .args(["-c", include_str!("guardian.sh"), "hubbub-testkit-guardian"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let pipe = shell.stdin.take().expect("stdin was asked to be a pipe");
    Ok(GUARDIAN.get_or_init(|| Mutex::new(pipe)))
}
