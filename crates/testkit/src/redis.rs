//! Private Redis servers, to be killed, emptied, frozen and started again.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::dir::TestDir;
use crate::error::Error;
use crate::port::free_port;
use crate::process::{Process, Stream};

/// From the start to the first connection.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// How long `redis-cli` may take, which waits for a frozen server for ever.
const CLI_LIMIT: Duration = Duration::from_secs(10);

const HOW_TO_GET_IT: &str = "Redis is not installed: run scripts/install-test-tools, or put the folder that has \
    redis-server and redis-cli on the PATH";

/// The whole configuration, but for what the test adds: one address, nothing on disk, nothing in the background.
const SETTINGS: [(&str, &str); 5] = [
    ("bind", "127.0.0.1"),
    ("save", ""),
    ("appendonly", "no"),
    ("daemonize", "no"),
    ("databases", "1"),
];

/// How to start a Redis server of one's own.
#[derive(Debug)]
pub struct RedisBuilder {
    name: String,
    settings: Vec<(String, String)>,
    port: Option<u16>,
}

impl Default for RedisBuilder {
    fn default() -> Self {
        Self {
            name: "redis".to_owned(),
            settings: Vec::new(),
            port: None,
        }
    }
}

impl RedisBuilder {
    /// Names it in errors, and its logs in the test's folder. Servers that share a folder need different names.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets one of the server's parameters, as in `("client-output-buffer-limit", "pubsub 64kb 64kb 1")`.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Listens on this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts it with its logs in a temporary folder of its own, and waits until it accepts connections.
    pub async fn start(self) -> Result<RedisServer, Error> {
        let dir = TestDir::new(&self.name).map_err(Error::io("making a folder for the test"))?;
        let mut server = self.start_in(&dir).await?;
        server.own_dir = Some(dir);
        Ok(server)
    }

    /// The same in a folder that the test has, which must outlive the server.
    pub async fn start_in(self, dir: &TestDir) -> Result<RedisServer, Error> {
        let folder = dir.subfolder(&format!("{}-data", self.name));
        let logs = dir.subfolder("logs");
        let port = self.port.map_or_else(free_port, Ok);
        let mut launch = Launch {
            programs: programs()?,
            folder: folder.map_err(Error::io("making a folder for Redis"))?,
            logs: logs.map_err(Error::io("making the folder logs"))?,
            port: port.map_err(Error::io("looking for a free port"))?,
            builder: self,
            runs: 0,
        };
        Ok(RedisServer {
            process: launch.run().await?,
            launch,
            own_dir: None,
        })
    }
}

/// A running Redis server that listens on 127.0.0.1 alone and keeps nothing on disk, killed when dropped.
///
/// It may be killed and started again on the same port, so that clients find it again; what it held is gone then.
#[derive(Debug)]
pub struct RedisServer {
    // Before the folder: fields are dropped in this order.
    process: Process,
    launch: Launch,
    own_dir: Option<TestDir>,
}

impl RedisServer {
    /// Starts one with default settings. See [`RedisBuilder`] for others.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// How to start one that is different.
    pub fn builder() -> RedisBuilder {
        RedisBuilder::default()
    }

    /// Where it listens, the same for its whole life.
    pub fn port(&self) -> u16 {
        self.launch.port
    }

    /// Its URL. Nobody is asked for a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// The server's process, in its current or last run.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Sends one command with `redis-cli` and answers what it printed, as in `["PUBLISH", "topic", "text"]`. An error
    /// that the server answers is an error here.
    pub async fn command(&self, words: &[&str]) -> Result<String, Error> {
        let mut cli = Command::new(&self.launch.programs.cli);
        cli.args(["-h", "127.0.0.1", "-p", &self.port().to_string(), "-e"])
            .args(words)
            .env_remove("REDISCLI_AUTH")
            .stdin(Stdio::null());
        let doing = words.join(" ");
        let mut cli = tokio::process::Command::from(cli);
        let answered = tokio::time::timeout(CLI_LIMIT, cli.kill_on_drop(true).output()).await;
        let Ok(output) = answered else {
            return Err(failed(doing, "it did not answer in time".to_owned()));
        };
        let output = output.map_err(Error::io("running redis-cli"))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(printed.trim_end().to_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(failed(doing, format!("{printed}{complaint}")))
    }

    /// Ends it without a warning (SIGKILL), with everything that it held.
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        self.process.kill().await
    }

    /// Starts it again, empty, after it was killed, or kills it first; waits until it accepts connections.
    pub async fn restart_empty(&mut self) -> Result<(), Error> {
        if self.process.status().is_none() {
            self.kill().await?;
        }
        self.process = self.launch.run().await?;
        Ok(())
    }

    /// Stops it where it stands (SIGSTOP): connections stay and new ones are made, nothing is answered.
    pub fn pause(&self) -> Result<(), Error> {
        self.process.pause()
    }

    /// Lets it go on after [`RedisServer::pause`].
    pub fn resume(&self) -> Result<(), Error> {
        self.process.resume()
    }
}

/// What is needed to start the same server once more.
#[derive(Debug)]
struct Launch {
    programs: Programs,
    builder: RedisBuilder,
    folder: PathBuf,
    logs: PathBuf,
    port: u16,
    runs: u32,
}

impl Launch {
    async fn run(&mut self) -> Result<Process, Error> {
        self.runs += 1;
        let name = match self.runs {
            1 => self.builder.name.clone(),
            again => format!("{}-{again}", self.builder.name),
        };
        let mut command = Command::new(&self.programs.server);
        command.current_dir(&self.folder);
        command.args(["--port", &self.port.to_string()]);
        for (key, value) in SETTINGS {
            command.args([&format!("--{key}"), value]);
        }
        for (key, value) in &self.builder.settings {
            command.args([&format!("--{key}"), value]);
        }
        let process = Process::spawn(&name, command, &self.logs)?;
        process
            .wait_for_line(
                Stream::Stdout,
                "accepted connections",
                READY_LIMIT,
                |line| line.contains("Ready to accept connections").then_some(()),
            )
            .await?;
        Ok(process)
    }
}

#[derive(Debug)]
struct Programs {
    server: PathBuf,
    cli: PathBuf,
}

fn programs() -> Result<Programs, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |program: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
            .ok_or(Error::Missing(HOW_TO_GET_IT))
    };
    Ok(Programs {
        server: find("redis-server")?,
        cli: find("redis-cli")?,
    })
}

fn failed(doing: String, output: String) -> Error {
    Error::Failed {
        program: "redis-cli".to_owned(),
        doing,
        output,
    }
}
