//! A child process that a test owns.
//!
//! Three threads look after a child, so that it is looked after whatever the test's async runtime is doing: two copy its
//! output to files, one waits for its end. The child leads a process group of its own; when it ends, by itself or
//! not, the rest of the group is killed and only then is the child reaped. Signals are sent under the same lock, so
//! the id that they name is always the child's.

mod leader;

use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::Error;
use crate::guardian;
use crate::log::{self, Log};
use leader::Leader;

/// How long dropping waits for a killed child to be gone, and its last output to be on disk.
const DROP_LIMIT: Duration = Duration::from_secs(5);

/// How long an ended child's error waits for the rest of its output, which some process outside its group may hold open.
const LOG_LIMIT: Duration = Duration::from_secs(1);

/// Which output of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A running child, killed and reaped when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Arc<Leader>,
    stdout: Log,
    stderr: Log,
    ended: watch::Receiver<Option<ExitStatus>>,
    /// Disconnected when the three threads are through.
    done: mpsc::Receiver<Infallible>,
}

impl Process {
    /// Starts `command` with closed input, its output in `NAME.out` and `NAME.err` in the folder `logs`, and its own
    /// process group.
    pub fn spawn(name: &str, mut command: Command, logs: &Path) -> Result<Self, Error> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Spawn {
                name: name.to_owned(),
                program: PathBuf::from(command.get_program()),
                source,
            })?;
        let stdout = child.stdout.take().expect("stdout was asked to be a pipe");
        let stderr = child.stderr.take().expect("stderr was asked to be a pipe");
        let leader = Arc::new(Leader::of(&child));
        // Nothing is ever sent: the receiver learns that all senders are gone.
        let (holds_done, done) = mpsc::sync_channel(0);
        let (reports_end, ended) = watch::channel(None);

        // In this order: the thread takes the watch back. With it the child is looked after even if the rest fails.
        let watched = guardian::watch(leader.pid());
        leader.await_end(child, reports_end, holds_done.clone());
        let copied = Log::copy(stdout, logs.join(format!("{name}.out")), holds_done.clone())
            .and_then(|stdout| {
                let stderr = Log::copy(stderr, logs.join(format!("{name}.err")), holds_done)?;
                Ok((stdout, stderr))
            });
        match watched.and(copied) {
            Ok((stdout, stderr)) => Ok(Self {
                name: name.to_owned(),
                child: leader,
                stdout,
                stderr,
                ended,
                done,
            }),
            Err(error) => {
                let _ = leader.signal_group(Signal::KILL);
                Err(Error::io(format!("looking after {name}"))(error))
            }
        }
    }

    /// The child's process id, and that of its group.
    pub fn pid(&self) -> u32 {
        self.child.pid().as_raw_nonzero().get().unsigned_abs()
    }

    /// One of its outputs.
    pub fn log(&self, stream: Stream) -> &Log {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }

    /// What it ended with, or nothing while it runs.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Waits until `find` answers something for one of its output lines, from the first on.
    ///
    /// `awaited` completes the sentence "it ended before it …" of the error.
    pub async fn wait_for_line<T>(
        &self,
        stream: Stream,
        awaited: &str,
        limit: Duration,
        find: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, Error> {
        let found = async {
            let found = self.log(stream).find(find).await;
            let found = found.map_err(Error::io(format!("reading the output of {}", self.name)))?;
            match found {
                Some(found) => Ok(found),
                None => Err(self.ended_before(awaited).await),
            }
        };
        timeout(limit, found)
            .await
            .unwrap_or_else(|_| Err(self.timed_out(awaited, limit)))
    }

    /// Waits for its end.
    pub async fn wait(&self, limit: Duration) -> Result<ExitStatus, Error> {
        timeout(limit, self.end())
            .await
            .map_err(|_| self.timed_out("ended", limit))
    }

    /// Asks it to stop (SIGTERM) and waits for its end. One that does not end in time is killed, and that is an error.
    ///
    /// Only the child itself is asked, as a service manager would. A paused child notices when it is resumed.
    pub async fn terminate(&self, limit: Duration) -> Result<ExitStatus, Error> {
        self.signal(Signal::TERM)?;
        let ended = self.wait(limit).await;
        if ended.is_err() {
            self.kill().await?;
        }
        ended
    }

    /// Kills it and everything in its group (SIGKILL) and waits for its end.
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        self.signal_group(Signal::KILL)?;
        self.wait(DROP_LIMIT).await
    }

    /// Stops it and everything in its group where they stand (SIGSTOP), as a frozen machine would.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal_group(Signal::STOP)
    }

    /// Lets it go on after [`Process::pause`].
    pub fn resume(&self) -> Result<(), Error> {
        self.signal_group(Signal::CONT)
    }

    /// The last lines that it wrote.
    pub fn tail(&self) -> String {
        log::tail([&self.stdout, &self.stderr])
    }

    async fn end(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await;
        status
            .ok()
            .and_then(|status| *status)
            .expect("the thread that awaits the end always reports it")
    }

    async fn ended_before(&self, awaited: &str) -> Error {
        let status = self.end().await;
        // The reason is often on the other stream, and that one's copy may still be on its way.
        let _ = timeout(LOG_LIMIT, self.stdout.end()).await;
        let _ = timeout(LOG_LIMIT, self.stderr.end()).await;
        Error::Ended {
            name: self.name.clone(),
            status,
            awaited: awaited.to_owned(),
            tail: self.tail(),
        }
    }

    fn timed_out(&self, awaited: &str, limit: Duration) -> Error {
        Error::TimedOut {
            name: self.name.clone(),
            awaited: awaited.to_owned(),
            limit,
            tail: self.tail(),
        }
    }

    /// Waits until the child, and whoever else holds its outputs, is gone, and all of it is in the files.
    pub(crate) async fn outputs_end(&self, limit: Duration) -> Result<(), Error> {
        let both = async { tokio::join!(self.stdout.end(), self.stderr.end()) };
        let ended = timeout(limit, both).await;
        ended.map_or_else(
            |_| Err(self.timed_out("closed its outputs", limit)),
            |_| Ok(()),
        )
    }

    /// Sends a signal to the child and each of its own children, wherever their groups are.
    pub(crate) fn signal_family(&self, signal: Signal) -> Result<Vec<Pid>, Error> {
        let sent = self.child.signal_family(signal);
        sent.map_err(Error::io(format!(
            "signalling {} and its children",
            self.name
        )))
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        let sent = self.child.signal(signal);
        sent.map_err(Error::io(format!("signalling {}", self.name)))
    }

    fn signal_group(&self, signal: Signal) -> Result<(), Error> {
        let sent = self.child.signal_group(signal);
        sent.map_err(Error::io(format!("signalling {}", self.name)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.signal_group(Signal::KILL);
        if let Err(mpsc::RecvTimeoutError::Timeout) = self.done.recv_timeout(DROP_LIMIT) {
            eprintln!(
                "{} (process {}) was killed and is not gone yet",
                self.name,
                self.pid()
            );
        }
    }
}
