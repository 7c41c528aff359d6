//! The child behind a [`Process`](super::Process): who may be signalled, and until when.

use std::convert::Infallible;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::sync::watch;

use crate::guardian;

/// The child as the leader of its group. Its id is its own until `reaped` is set.
#[derive(Debug)]
pub(super) struct Leader {
    pid: Pid,
    reaped: Mutex<bool>,
}

impl Leader {
    /// Of a child that leads a group and has not been reaped.
    pub(super) fn of(child: &Child) -> Self {
        Self {
            pid: Pid::from_child(child),
            reaped: Mutex::new(false),
        }
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Signals the child; one that has ended is left alone.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        self.unless_reaped(|| Ok(rustix::process::kill_process(self.pid, signal)?))
    }

    pub(super) fn signal_group(&self, signal: Signal) -> io::Result<()> {
        self.unless_reaped(|| Ok(rustix::process::kill_process_group(self.pid, signal)?))
    }

    /// Signals the child's own children, which may lead groups of their own, then the child; answers the former.
    ///
    /// The child is stopped meanwhile: it can neither start another one nor reap one, so each id is still theirs.
    pub(super) fn signal_family(&self, signal: Signal) -> io::Result<Vec<Pid>> {
        self.unless_reaped(|| {
            rustix::process::kill_process(self.pid, Signal::STOP)?;
            self.see(WaitIdOptions::EXITED | WaitIdOptions::STOPPED);
            let children = children_of(self.pid);
            for child in children.iter().flatten() {
                let _ = rustix::process::kill_process(*child, signal);
            }
            rustix::process::kill_process(self.pid, signal)?;
            children
        })
    }

    fn unless_reaped<T: Default>(&self, send: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped { Ok(T::default()) } else { send() }
    }

    /// Starts the thread that sees the child's end, clears what it left behind, reaps it and reports.
    pub(super) fn await_end(
        self: &Arc<Self>,
        mut child: Child,
        report: watch::Sender<Option<ExitStatus>>,
        done: SyncSender<Infallible>,
    ) {
        let leader = Arc::clone(self);
        thread::spawn(move || {
            leader.see(WaitIdOptions::EXITED);
            let mut reaped = leader.reaped.lock().unwrap_or_else(PoisonError::into_inner);
            // The ended child still holds its id, so this group is still its group.
            let _ = rustix::process::kill_process_group(leader.pid, Signal::KILL);
            let _ = guardian::forget(leader.pid);
            let status = child.wait().expect("a child that has ended can be reaped");
            *reaped = true;
            drop(reaped);
            report.send_replace(Some(status));
            drop(done);
        });
    }

    /// Returns when the child is in one of these states, without reaping it.
    fn see(&self, states: WaitIdOptions) {
        let how = states | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = rustix::process::waitid(WaitId::Pid(self.pid), how)
        {
        }
    }
}

fn children_of(parent: Pid) -> io::Result<Vec<Pid>> {
    let table = Command::new("ps")
        .args(["-A", "-o", "pid=", "-o", "ppid="])
        .output()?;
    if !table.status.success() {
        return Err(io::Error::other("ps cannot list the processes"));
    }
    let table = String::from_utf8_lossy(&table.stdout);
    let parent = parent.as_raw_nonzero().get();
    Ok(table
        .lines()
        .filter_map(|line| {
            let mut ids = line.split_whitespace().map(str::parse::<i32>);
            let (child, parent_of_it) = (ids.next()?.ok()?, ids.next()?.ok()?);
            (parent_of_it == parent).then(|| Pid::from_raw(child))?
        })
        .collect())
}
