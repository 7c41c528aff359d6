//! What is needed to start the same cluster once more.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::programs::{Programs, checked};
use super::segment::Segment;
use super::{PostgresBuilder, template};
use crate::dir::TestDir;
use crate::error::Error;
use crate::port::free_port;
use crate::process::{Process, Stream};

/// From the start to the first connection, recovery after a crash included.
const READY_LIMIT: Duration = Duration::from_mins(1);

/// The whole configuration, but for what the test adds. Dynamic shared memory in files of the data folder goes with it.
const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
dynamic_shared_memory_type = mmap
logging_collector = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
";

#[derive(Debug)]
pub(super) struct Launch {
    programs: Programs,
    name: String,
    data_dir: PathBuf,
    logs: PathBuf,
    port: u16,
    runs: u32,
}

impl Launch {
    /// Makes the data folder, unless there is one, and configures it.
    pub(super) async fn prepare(builder: PostgresBuilder, dir: &TestDir) -> Result<Self, Error> {
        let programs = Programs::find()?;
        let logs = dir
            .subfolder("logs")
            .map_err(Error::io("making the folder logs"))?;
        programs.let_through(dir.path()).map_err(Error::io(
            "letting the server's user into the test's folder",
        ))?;
        let port = builder.port.map_or_else(free_port, Ok);
        let data_dir = builder.data_dir.clone();
        let launch = Self {
            data_dir: data_dir.unwrap_or_else(|| dir.path().join(format!("{}-data", builder.name))),
            programs,
            name: builder.name.clone(),
            logs,
            port: port.map_err(Error::io("looking for a free port"))?,
            runs: 0,
        };
        let made = tokio::task::spawn_blocking(move || launch.make(&builder).map(|()| launch));
        made.await.expect("making a data folder does not panic")
    }

    fn make(&self, builder: &PostgresBuilder) -> Result<(), Error> {
        let is_new = !self.data_dir.join("PG_VERSION").exists();
        if is_new {
            template::copy_to(&self.programs, &self.data_dir)?;
        }
        let configuration = self.data_dir.join("postgresql.conf");
        fs::write(&configuration, configured(&builder.settings))
            .map_err(Error::io(format!("writing {}", configuration.display())))?;
        if is_new && builder.data_dir.is_some() {
            // A test that cuts this file system's power must find what the server never wrote.
            let mut sync = self.programs.command("initdb");
            let synced = sync
                .args(["--sync-only", "--pgdata"])
                .arg(&self.data_dir)
                .output();
            let synced = synced.map_err(Error::io("running initdb"))?;
            checked("initdb", "writing the data folder to disk", &synced)?;
        }
        Ok(())
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) async fn run(&mut self) -> Result<(Process, Segment), Error> {
        self.runs += 1;
        let name = match self.runs {
            1 => self.name.clone(),
            again => format!("{}-{again}", self.name),
        };
        let mut command = self.programs.command("postgres");
        command
            .args(["-p", &self.port.to_string(), "-D"])
            .arg(&self.data_dir);
        let process = Process::spawn(&name, command, &self.logs)?;
        let ready = "database system is ready to accept connections";
        process
            .wait_for_line(
                Stream::Stderr,
                "accepted connections",
                READY_LIMIT,
                |line| line.ends_with(ready).then_some(()),
            )
            .await?;
        Ok((process, Segment::of(&self.data_dir)))
    }
}

/// The defaults and what the test adds, which wins because it comes last.
fn configured(settings: &[(String, String)]) -> String {
    let mut text = SETTINGS.to_owned();
    for (name, value) in settings {
        let value = value.replace('\'', "''");
        writeln!(text, "{name} = '{value}'").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_test_sets_comes_last_and_quoted() {
        let setting = ("search_path".to_owned(), "it's".to_owned());
        let text = configured(&[setting]);
        assert!(text.starts_with("listen_addresses"), "{text}");
        assert!(text.ends_with("\nsearch_path = 'it''s'\n"), "{text}");
    }
}
