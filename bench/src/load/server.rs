//! The servers: how to start each on a core of its own, and what the kernel says about it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::dialect::Dialect;

/// The core of the servers; `scripts/bench` gives this program another.
const CORE: &str = "0";
/// The kernel counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A kind of server.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) dialect: Dialect,
    program: Program,
}

enum Program {
    /// A binary beside this one.
    Beside(&'static str),
    /// A script of `bench/peers`.
    Node(&'static str),
}

/// All of them; the hub is the first.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "hub",
        title: "signalr-hub",
        dialect: Dialect::Hub,
        program: Program::Beside("hub"),
    },
    Peer {
        name: "socket.io",
        title: "socket.io",
        dialect: Dialect::SocketIo,
        program: Program::Node("socket-io.js"),
    },
    Peer {
        name: "ws",
        title: "ws (Node)",
        dialect: Dialect::Plain,
        program: Program::Node("ws.js"),
    },
    Peer {
        name: "axum",
        title: "bare axum",
        dialect: Dialect::Plain,
        program: Program::Beside("axum"),
    },
    Peer {
        name: "floor",
        title: "floor",
        dialect: Dialect::Plain,
        program: Program::Beside("floor"),
    },
];

/// A running server, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) peer: &'static Peer,
    pub(crate) port: u16,
    child: Child,
}

impl Server {
    pub(crate) fn start(peer: &'static Peer) -> io::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", CORE]);
        match peer.program {
            Program::Beside(name) => {
                command.arg(std::env::current_exe()?.with_file_name(name));
            }
            Program::Node(script) => {
                let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
                command.arg("node").arg(peers.join(script));
            }
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().expect("it is piped");
        let mut server = Self {
            peer,
            port: 0,
            child,
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        server.port = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("{} did not say where it listens", peer.name)))?;
        Ok(server)
    }

    /// The resident memory, in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse::<u64>().ok());
        kibibytes
            .map(|number| number * 1024)
            .ok_or(io::ErrorKind::InvalidData.into())
    }

    /// How long it has kept a core busy so far.
    pub(crate) fn processor_time(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may contain anything; times are the 14th and 15th field.
        let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' '));
        let ticks = fields
            .into_iter()
            .flatten()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u32>().ok())
            .sum();
        Ok(TICK * ticks)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
