//! The server under test, as a test sees it: a binary with a data folder and a port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::dir::TestDir;
use crate::error::Error;
use crate::process::{Process, Stream};

/// From the start to the printed address. Generous: a loaded machine with cold caches is no failure.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// From SIGTERM to the end, which includes draining the connections.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How to start a Hubbub of one's own. Nothing else configures it: what the test's environment says is not passed on.
#[derive(Debug)]
pub struct HubbubBuilder {
    binary: PathBuf,
    name: String,
    listen: SocketAddr,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl HubbubBuilder {
    /// The server at this path. A crate's own tests find it with `env!("CARGO_BIN_EXE_hubbub")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let binary = binary.into();
        Self {
            // It is started in another folder.
            binary: std::path::absolute(&binary).unwrap_or(binary),
            name: "hubbub".to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            environment: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Names it in errors, and its logs in the test's folder. Servers that share a folder need different names.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Listens on this port instead of one that the system chooses.
    pub fn port(mut self, port: u16) -> Self {
        self.listen.set_port(port);
        self
    }

    /// Sets an environment variable, as in `HUBBUB_REGISTRATION__MODE`.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Keeps its data in the PostgreSQL database at this URL instead of its folder.
    pub fn database_url(self, url: &str) -> Self {
        self.env("HUBBUB_DATABASE_URL", url)
    }

    /// Adds a command-line argument.
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts it with its data and logs in a temporary folder of its own, and waits until it is ready.
    pub async fn start(self) -> Result<Hubbub, Error> {
        let dir = TestDir::new(&self.name).map_err(Error::io("making a folder for the test"))?;
        let mut hubbub = self.start_in(&dir).await?;
        hubbub.own_dir = Some(dir);
        Ok(hubbub)
    }

    /// The same in a folder that the test has, which must outlive the server.
    pub async fn start_in(self, dir: &TestDir) -> Result<Hubbub, Error> {
        let folder = |name: String| {
            dir.subfolder(&name)
                .map_err(Error::io(format!("making the folder {name}")))
        };
        let data_dir = folder(format!("{}-data", self.name))?;
        let logs = folder("logs".to_owned())?;
        let mut launch = Launch {
            builder: self,
            data_dir,
            logs,
            runs: 0,
        };
        let (process, address) = launch.run().await?;
        launch.builder.listen = address;
        Ok(Hubbub {
            process,
            address,
            launch,
            own_dir: None,
        })
    }
}

/// A running Hubbub, killed when dropped.
///
/// It may be stopped in any way and started again on the same data and the same port, so that clients find it again.
#[derive(Debug)]
pub struct Hubbub {
    // Before the folder: fields are dropped in this order.
    process: Process,
    address: SocketAddr,
    launch: Launch,
    own_dir: Option<TestDir>,
}

impl Hubbub {
    /// Where it listens, the same for its whole life.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of one of its resources: `url("/health/ready")`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> &Path {
        &self.launch.data_dir
    }

    /// The child process of its current or last run.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The one-time code that it printed for the first account. Fails if this run, which may have found an account,
    /// prints none.
    pub async fn setup_code(&self) -> Result<String, Error> {
        let printed = self.process.wait_for_line(
            Stream::Stdout,
            "printed a setup code",
            Duration::from_secs(5),
            |line| labelled(line, "Setup code").map(str::to_owned),
        );
        printed.await
    }

    /// Asks it to stop and waits for its end, as a service manager would.
    pub async fn stop(&self) -> Result<ExitStatus, Error> {
        self.process.terminate(STOP_LIMIT).await
    }

    /// Ends it without a warning, as a power cut would.
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        self.process.kill().await
    }

    /// Starts it again after it was stopped or killed, and waits until it is ready.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        self.process.wait(Duration::ZERO).await?;
        let (process, address) = self.launch.run().await?;
        self.process = process;
        debug_assert_eq!(address, self.address, "it was told to use the same port");
        Ok(())
    }

    /// Stops it and starts it again.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await?;
        self.start_again().await
    }
}

/// What is needed to start the same server once more.
#[derive(Debug)]
struct Launch {
    builder: HubbubBuilder,
    data_dir: PathBuf,
    logs: PathBuf,
    runs: u32,
}

impl Launch {
    async fn run(&mut self) -> Result<(Process, SocketAddr), Error> {
        self.runs += 1;
        let name = match self.runs {
            1 => self.builder.name.clone(),
            again => format!("{}-{again}", self.builder.name),
        };
        let mut command = Command::new(&self.builder.binary);
        for (key, _) in std::env::vars_os() {
            if key.as_encoded_bytes().starts_with(b"HUBBUB_") {
                command.env_remove(key);
            }
        }
        command
            .args(&self.builder.arguments)
            .current_dir(&self.data_dir)
            .env("HUBBUB_SERVER__LISTEN", self.builder.listen.to_string())
            .env("HUBBUB_STORAGE__DATA_DIR", &self.data_dir)
            // Tests and load send faster than people; a test of the limits sets them.
            .env("HUBBUB_LIMITS__SENDS_PER_SECOND", "0")
            .env("HUBBUB_LIMITS__TYPING_PER_SECOND", "0")
            .envs(
                self.builder
                    .environment
                    .iter()
                    .map(|(key, value)| (key, value)),
            );
        let process = Process::spawn(&name, command, &self.logs)?;
        let port = process
            .wait_for_line(Stream::Stdout, "printed its address", READY_LIMIT, |line| {
                labelled(line, "Address").and_then(port_of)
            })
            .await?;
        let address = SocketAddr::new(self.builder.listen.ip(), port);
        Ok((process, address))
    }
}

/// The value of a line of the start-up banner: a label, two spaces or more, the value.
fn labelled<'line>(line: &'line str, label: &str) -> Option<&'line str> {
    let value = line.trim().strip_prefix(label)?;
    value.starts_with("  ").then(|| value.trim())
}

fn port_of(url: &str) -> Option<u16> {
    let (_, port) = url.trim_end_matches('/').rsplit_once(':')?;
    port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_line_is_a_label_and_a_value() {
        let line = "  Setup code  ABCD-EFGH-JKLM";
        assert_eq!(labelled(line, "Setup code"), Some("ABCD-EFGH-JKLM"));
        assert_eq!(labelled(line, "Setup"), None);
        assert_eq!(
            labelled("  Address     http://localhost:80", "Setup code"),
            None
        );
    }

    #[test]
    fn the_port_is_the_end_of_the_address() {
        assert_eq!(port_of("http://localhost:8080"), Some(8080));
        assert_eq!(port_of("http://127.0.0.1:41234/"), Some(41_234));
        assert_eq!(port_of("starting"), None);
    }
}
