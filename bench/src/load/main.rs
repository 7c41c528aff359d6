//! Measures the hub beside its peers, prints a table and writes it into the documentation: `make bench`.
//!
//! Every server runs on one core and this program on another. Rounds are interleaved: each server has its turn in each round, so that a slow
//! minute of the machine slows all of them. What counts is the median of the rounds, and of that the ratios.

mod client;
mod dialect;
mod measure;
mod report;
mod server;
mod swarm;

use std::io;
use std::path::PathBuf;

use measure::{Idle, Speeds};
use server::{PEERS, Peer, Server};

/// What one server has shown in all rounds.
pub(crate) struct Results {
    pub(crate) peer: &'static Peer,
    pub(crate) rounds: Vec<Speeds>,
    pub(crate) idle: Idle,
}

struct Arguments {
    rounds: usize,
    /// Keeps to these servers; all if empty.
    only: Vec<String>,
    /// The page that the table is written into.
    page: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            rounds: 3,
            only: Vec::new(),
            page: None,
        };
        while let Some(option) = words.next() {
            let value = words.next().ok_or(format!("{option} needs a value"))?;
            match option.as_str() {
                "--rounds" => {
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    arguments.rounds = rounds.ok_or("--rounds needs a number above 0")?;
                }
                "--only" => arguments.only.push(value),
                "--page" => arguments.page = Some(value.into()),
                _ => return Err(format!("unknown option {option}")),
            }
        }
        Ok(arguments)
    }
}

fn measure_all(arguments: &Arguments) -> io::Result<Vec<Results>> {
    let chosen = |peer: &&'static Peer| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| name == peer.name)
    };
    let mut results = Vec::new();
    for peer in PEERS.iter().filter(chosen) {
        progress(&format!("memory of {}", peer.name));
        let idle = measure::idle(&Server::start(peer)?)?;
        results.push(Results {
            peer,
            rounds: Vec::new(),
            idle,
        });
    }
    for round in 1..=arguments.rounds {
        for result in &mut results {
            progress(&format!("round {round}: {}", result.peer.name));
            let speeds = measure::speeds(&Server::start(result.peer)?)?;
            progress(&format!("    {speeds}"));
            result.rounds.push(speeds);
        }
    }
    Ok(results)
}

fn progress(line: &str) {
    #[expect(clippy::print_stderr, reason = "whoever waits is told for what")]
    {
        eprintln!("{line}");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let results = measure_all(&arguments)?;
    let report = report::render(&results);
    #[expect(clippy::print_stdout, reason = "the result")]
    {
        println!("{report}");
    }
    if let Some(page) = &arguments.page {
        let machine = hubbub_bench_report::describe()?;
        let cores = "The server has one core, the load program the other; everything goes over the loopback interface.";
        let tables = format!("{machine} {cores}\n\n{report}");
        hubbub_bench_report::write_into(page, "make bench", &tables)?;
    }
    Ok(())
}
