//! What can go wrong with a child process, told with the end of its log.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a child process did not do what the test expected of it.
///
/// The text is made for a failed test's output: it names the child and shows the last lines that it wrote.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is not there or may not be run.
    #[error("{name}: cannot run {}: {source}", program.display())]
    Spawn {
        /// The child's name in the test.
        name: String,
        /// The program that was to be run.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The child ended while the test waited for something else.
    #[error("{name} ended ({status}) before it {awaited}\n{tail}")]
    Ended {
        /// The child's name in the test.
        name: String,
        /// What it ended with.
        status: ExitStatus,
        /// What the test waited for, as in "was ready".
        awaited: String,
        /// The last lines of its log.
        tail: String,
    },

    /// What the test waited for did not happen in time.
    #[error("{name} had {} s, and has not yet {awaited}\n{tail}", limit.as_secs_f32())]
    TimedOut {
        /// The child's name in the test.
        name: String,
        /// What the test waited for, as in "was ready".
        awaited: String,
        /// How long it waited.
        limit: Duration,
        /// The last lines of its log.
        tail: String,
    },

    /// A program that the test needs is not installed.
    #[error("{0}")]
    Missing(&'static str),

    /// A program that was run to its end did not do what it was run for.
    #[error("{program} failed while {doing}\n{output}")]
    Failed {
        /// The program's name.
        program: String,
        /// What it was to do.
        doing: String,
        /// What it wrote.
        output: String,
    },

    /// A file, a pipe or a signal failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: an input or output error with what was being done.
    pub(crate) fn io<E: Into<io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |source| Self::Io {
            doing,
            source: source.into(),
        }
    }
}
