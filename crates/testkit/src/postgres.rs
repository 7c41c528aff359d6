//! Private PostgreSQL clusters, to be stopped, killed, frozen and started again.

mod launch;
mod programs;
mod segment;
mod template;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::dir::TestDir;
use crate::error::Error;
use crate::guardian;
use crate::process::Process;
use launch::Launch;
use programs::checked;
use segment::Segment;

/// Who may do everything in a cluster.
const SUPERUSER: &str = "postgres";
/// Who owns the databases made for tests, and may do in them what a careful operator lets Hubbub do.
const OWNER: &str = "hubbub";

/// From the request to the end; a checkpoint is written meanwhile.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// From SIGKILL to the end. A process that writes to a slow disk ends when it has written.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// How to start a PostgreSQL cluster of one's own.
#[derive(Debug)]
pub struct PostgresBuilder {
    name: String,
    settings: Vec<(String, String)>,
    data_dir: Option<PathBuf>,
    port: Option<u16>,
}

impl Default for PostgresBuilder {
    fn default() -> Self {
        Self {
            name: "postgres".to_owned(),
            settings: Vec::new(),
            data_dir: None,
            port: None,
        }
    }
}

impl PostgresBuilder {
    /// Names it in errors, and its logs in the test's folder. Clusters that share a folder need different names.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets one of the server's parameters, as in `("synchronous_commit", "off")`. The last value of a name counts.
    ///
    /// Unless told otherwise a cluster is safe (`fsync`, `synchronous_commit` and `full_page_writes` are on) and takes
    /// 200 connections.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps the data in a folder of the test's choice, as on a file system made for it. Whatever cluster that
    /// folder has is used; an empty or missing one gets a new one, which is on disk before the server starts.
    ///
    /// If the test runs as root, the server's user must be able to reach the folder.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// Listens on this port, as an earlier cluster did, instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts it with its data and logs in a temporary folder of its own, and waits until it accepts connections.
    pub async fn start(self) -> Result<PostgresCluster, Error> {
        let dir = TestDir::new(&self.name).map_err(Error::io("making a folder for the test"))?;
        let mut cluster = self.start_in(&dir).await?;
        cluster.own_dir = Some(dir);
        Ok(cluster)
    }

    /// The same in a folder that the test has, which must outlive the cluster.
    pub async fn start_in(self, dir: &TestDir) -> Result<PostgresCluster, Error> {
        let mut launch = Launch::prepare(self, dir).await?;
        let (process, segment) = launch.run().await?;
        Ok(PostgresCluster {
            process,
            segment,
            launch,
            frozen: Mutex::default(),
            own_dir: None,
        })
    }
}

/// A running PostgreSQL cluster that listens on 127.0.0.1 alone, killed when dropped.
///
/// It may be stopped in any way and started again on the same data and the same port, so that clients find it again.
/// Nobody is asked for a password.
#[derive(Debug)]
pub struct PostgresCluster {
    // Fields are dropped in this order: first who uses the memory and the folder.
    process: Process,
    segment: Segment,
    launch: Launch,
    /// The server's own processes while it is frozen, which the guardian watches as long.
    frozen: Mutex<Vec<Pid>>,
    own_dir: Option<TestDir>,
}

impl PostgresCluster {
    /// Starts one with default settings. See [`PostgresBuilder`] for others.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// How to start one that is different.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// Where it listens, the same for its whole life.
    pub fn port(&self) -> u16 {
        self.launch.port()
    }

    /// The URL of its maintenance database, as the superuser.
    pub fn url(&self) -> String {
        self.url_of(SUPERUSER, "postgres")
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> &Path {
        self.launch.data_dir()
    }

    /// The server's first process, in its current or last run.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Makes an empty database and answers its URL, as a user who owns it and nothing else.
    pub async fn create_database(&self) -> Result<String, Error> {
        self.create("template1").await
    }

    /// Makes a copy of a database of this cluster, named by its URL. Nobody may be connected to that one.
    pub async fn create_database_like(&self, template_url: &str) -> Result<String, Error> {
        let (_, template) = template_url.rsplit_once('/').unwrap_or(("", template_url));
        self.create(template).await
    }

    async fn create(&self, template: &str) -> Result<String, Error> {
        // A data folder may have databases from another cluster's time, of this process or another.
        static MADE: AtomicU32 = AtomicU32::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let sql = format!(r#"CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}""#);
        self.execute(&self.url(), &sql).await?;
        Ok(self.url_of(OWNER, &name))
    }

    /// Runs SQL with `psql` at a URL of this cluster and answers what it printed: a line per row, `|` between columns.
    pub async fn execute(&self, url: &str, sql: &str) -> Result<String, Error> {
        let mut psql = self.launch.programs().command("psql");
        psql.args(["--no-psqlrc", "--no-align", "--tuples-only", "--quiet"])
            .args([
                "--set",
                "ON_ERROR_STOP=1",
                "--dbname",
                url,
                "--command",
                sql,
            ]);
        let mut psql = tokio::process::Command::from(psql);
        let output = psql.kill_on_drop(true).output().await;
        let output = output.map_err(Error::io("running psql"))?;
        checked("psql", sql, &output).map(|printed| printed.trim_end().to_owned())
    }

    /// Stops it in good order: sessions end, their open transactions are rolled back, and a checkpoint is written.
    pub async fn stop(&self) -> Result<ExitStatus, Error> {
        self.thaw()?;
        self.process.signal(Signal::INT)?;
        let ended = self.process.wait(STOP_LIMIT).await;
        if ended.is_err() {
            self.kill().await?;
        }
        ended
    }

    /// Ends it and all its sessions without a warning (SIGKILL), as a power cut would, but for what the system has yet
    /// to write to disk. The next start recovers.
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        self.forget_frozen()?;
        self.process.signal_family(Signal::KILL)?;
        let ended = self.process.wait(KILL_LIMIT).await?;
        // Each of its processes holds the log until after it has let go of the shared memory.
        self.process.outputs_end(KILL_LIMIT).await?;
        Ok(ended)
    }

    /// Stops all its processes where they stand (SIGSTOP): connections stay, nothing is answered.
    ///
    /// What was not frozen because it connected during the call waits for the first process all the same.
    pub fn freeze(&self) -> Result<(), Error> {
        self.forget_frozen()?;
        let frozen = self.process.signal_family(Signal::STOP)?;
        // They would not notice their parent's end, and lead groups of their own.
        for pid in &frozen {
            guardian::watch(*pid).map_err(Error::io("watching a frozen process"))?;
        }
        *self.frozen.lock().unwrap_or_else(PoisonError::into_inner) = frozen;
        Ok(())
    }

    /// Lets it go on after [`PostgresCluster::freeze`].
    pub fn thaw(&self) -> Result<(), Error> {
        self.forget_frozen()?;
        self.process.signal_family(Signal::CONT).map(drop)
    }

    /// Starts it again after it was stopped or killed, and waits until it accepts connections.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        self.process.wait(Duration::ZERO).await?;
        (self.process, self.segment) = self.launch.run().await?;
        Ok(())
    }

    /// Stops it and starts it again.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await?;
        self.start_again().await
    }

    fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port())
    }

    /// Before any of them may end: from then on its id may be another's.
    fn forget_frozen(&self) -> Result<(), Error> {
        let mut frozen = self.frozen.lock().unwrap_or_else(PoisonError::into_inner);
        for pid in frozen.drain(..) {
            guardian::forget(pid).map_err(Error::io("no longer watching a frozen process"))?;
        }
        Ok(())
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        let _ = self.forget_frozen();
        let _ = self.process.signal_family(Signal::KILL);
    }
}
