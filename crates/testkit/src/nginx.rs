//! A private nginx with the configuration of `deploy/nginx`, to be reloaded and killed.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;

use crate::dir::TestDir;
use crate::error::Error;
use crate::port::free_port;
use crate::process::{Process, Stream};

/// From the start to the first worker.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// From SIGTERM to the end; open connections are not waited for.
const STOP_LIMIT: Duration = Duration::from_secs(10);

const HOW_TO_GET_IT: &str = "nginx is not installed: run scripts/install-test-tools, or put the folder that has it on the PATH";
const HOW_TO_GET_OPENSSL: &str = "openssl is not installed: run scripts/install-test-tools, or put the folder that has it on the PATH";

/// What is deployed. The only lines that differ in a test are those that name ports, nodes and files.
const DEPLOYED: &str = include_str!("../../../deploy/nginx/hubbub.conf");
const DEPLOYED_UPSTREAM: &str = include_str!("../../../deploy/nginx/hubbub-upstream.conf");
/// The line of the upstream that names a node.
const NODE: &str = "server 127.0.0.1:8080 max_fails";

/// Around them: what a distribution's own `nginx.conf` says, with everything in the test's folder.
const MAIN: &str = "\
user root;
daemon off;
pid nginx.pid;
worker_processes 1;
worker_rlimit_nofile 16384;
error_log stderr notice;
events { worker_connections 8000; }
http {
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
    include hubbub-upstream.conf;
    include hubbub.conf;
}
";

/// How to start an nginx of one's own.
#[derive(Debug)]
pub struct NginxBuilder {
    nodes: Vec<SocketAddr>,
    with_tls: bool,
}

impl NginxBuilder {
    /// Serves HTTPS, with a certificate that nobody has signed, instead of HTTP.
    pub fn tls(mut self) -> Self {
        self.with_tls = true;
        self
    }

    /// Starts it with its files in a temporary folder of its own, and waits until it accepts connections.
    pub async fn start(self) -> Result<NginxServer, Error> {
        let dir = TestDir::new("nginx").map_err(Error::io("making a folder for nginx"))?;
        let mut server = self.start_in(&dir).await?;
        server.own_dir = Some(dir);
        Ok(server)
    }

    /// The same in a folder that the test has, which must outlive the server.
    pub async fn start_in(self, dir: &TestDir) -> Result<NginxServer, Error> {
        let folder = |name: &str| {
            dir.subfolder(name)
                .map_err(Error::io(format!("making the folder {name}")))
        };
        let port = || free_port().map_err(Error::io("looking for a free port"));
        let mut launch = Launch {
            program: program("nginx", HOW_TO_GET_IT)?,
            folder: folder("nginx")?,
            logs: folder("logs")?,
            port: port()?,
            runs: 0,
        };
        let redirect = port()?;
        folder("nginx/temp")?;
        if self.with_tls {
            folder("nginx/tls")?;
            make_certificate(&launch.folder.join("tls"))?;
        }
        launch.write("nginx.conf", MAIN)?;
        let site = site(launch.port, redirect, self.with_tls);
        launch.write("hubbub.conf", &site)?;
        launch.write("hubbub-upstream.conf", &upstream(&self.nodes))?;
        Ok(NginxServer {
            process: launch.run().await?,
            launch,
            with_tls: self.with_tls,
            own_dir: None,
        })
    }
}

/// A running nginx that listens on 127.0.0.1 alone, killed when dropped.
#[derive(Debug)]
pub struct NginxServer {
    // Before the folder: fields are dropped in this order.
    process: Process,
    launch: Launch,
    with_tls: bool,
    own_dir: Option<TestDir>,
}

impl NginxServer {
    /// How to start one in front of these nodes.
    pub fn builder(nodes: Vec<SocketAddr>) -> NginxBuilder {
        NginxBuilder {
            nodes,
            with_tls: false,
        }
    }

    /// Where it listens, the same for its whole life.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.launch.port))
    }

    /// What browsers open, without a slash at its end.
    pub fn origin(&self) -> String {
        let scheme = if self.with_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.launch.port)
    }

    /// Its process, in its current or last run.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// What it has logged of requests.
    pub fn access_log(&self) -> Result<String, Error> {
        fs::read_to_string(self.launch.folder.join("access.log"))
            .map_err(Error::io("reading the access log"))
    }

    /// Names other nodes. They count after [`NginxServer::reload`].
    pub fn set_nodes(&self, nodes: &[SocketAddr]) -> Result<(), Error> {
        self.launch.write("hubbub-upstream.conf", &upstream(nodes))
    }

    /// Has it read its configuration again (SIGHUP). Old connections stay with the old workers.
    pub fn reload(&self) -> Result<(), Error> {
        self.process.signal(Signal::HUP)
    }

    /// Ends it and its workers without a warning (SIGKILL).
    pub async fn kill(&self) -> Result<ExitStatus, Error> {
        let status = self.process.kill().await?;
        // The workers, which hold the port, are gone when nobody can write to the log any more.
        self.process.outputs_end(STOP_LIMIT).await?;
        Ok(status)
    }

    /// Asks it to stop, which cuts connections.
    pub async fn stop(&self) -> Result<ExitStatus, Error> {
        self.process.terminate(STOP_LIMIT).await
    }

    /// Starts it again on the same port, after it has ended.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        self.process.wait(Duration::ZERO).await?;
        self.process = self.launch.run().await?;
        Ok(())
    }
}

/// What is needed to start the same server once more.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    folder: PathBuf,
    logs: PathBuf,
    port: u16,
    runs: u32,
}

impl Launch {
    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        fs::write(self.folder.join(name), text).map_err(Error::io(format!("writing {name}")))
    }

    async fn run(&mut self) -> Result<Process, Error> {
        self.runs += 1;
        let name = match self.runs {
            1 => "nginx".to_owned(),
            again => format!("nginx-{again}"),
        };
        let mut command = Command::new(&self.program);
        command
            .arg("-p")
            .arg(&self.folder)
            .args(["-c", "nginx.conf", "-e", "stderr"]);
        let process = Process::spawn(&name, command, &self.logs)?;
        let is_ready =
            process.wait_for_line(Stream::Stderr, "started its workers", READY_LIMIT, |line| {
                line.contains("start worker processes").then_some(())
            });
        is_ready.await?;
        Ok(process)
    }
}

/// The deployed site on ports of the test's own.
fn site(port: u16, redirect: u16, with_tls: bool) -> String {
    let mut site = replaced(
        DEPLOYED,
        "listen 80;",
        &format!("listen 127.0.0.1:{redirect};"),
    );
    let log = "/var/log/nginx/hubbub.log";
    site = replaced(&site, log, "access.log");
    let tls = "listen 443 ssl;";
    if with_tls {
        return replaced(&site, tls, &format!("listen 127.0.0.1:{port} ssl;"));
    }
    site = replaced(&site, tls, &format!("listen 127.0.0.1:{port};"));
    let plain = site.lines().filter(|line| !line.trim().starts_with("ssl_"));
    plain.collect::<Vec<_>>().join("\n")
}

fn upstream(nodes: &[SocketAddr]) -> String {
    let lines = DEPLOYED_UPSTREAM.lines();
    let lines = lines.flat_map(|line| {
        if line.trim().starts_with(NODE) {
            let node =
                |address: &SocketAddr| replaced(line, "127.0.0.1:8080", &address.to_string());
            nodes.iter().map(node).collect()
        } else {
            vec![line.to_owned()]
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "deploy/nginx has no {old:?} any more");
    text.replace(old, new)
}

/// A key, and a certificate for this machine that is signed with it.
fn make_certificate(folder: &Path) -> Result<(), Error> {
    let made = Command::new(program("openssl", HOW_TO_GET_OPENSSL)?)
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "privkey.pem", "-out", "fullchain.pem"])
        .output()
        .map_err(Error::io("running openssl"))?;
    if made.status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        program: "openssl".to_owned(),
        doing: "making a certificate".to_owned(),
        output: String::from_utf8_lossy(&made.stderr).into_owned(),
    })
}

/// Finds a program on the PATH, or where systems keep those of the administrator.
fn program(name: &str, how_to_get_it: &'static str) -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    places
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .ok_or(Error::Missing(how_to_get_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_gets_a_line_with_all_that_is_said_of_one() {
        let nodes = ["127.0.0.1:1", "127.0.0.1:2"].map(|node| node.parse().unwrap());
        let text = upstream(&nodes);
        for node in nodes {
            let line = format!("    server {node} max_fails=1 fail_timeout=2s;");
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        assert!(!text.contains("server 127.0.0.1:8080 "), "{text}");
    }
}
