use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

/// Simulated people chat through a running Hubbub; everything that they were told is checked.
#[derive(Debug, Parser)]
#[command(name = "hubbub-load", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) mode: Mode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// People chat in one group at a steady rate
    Steady(Steady),
    /// People do everything that can be done, by a schedule that its seed reproduces
    History(History),
    /// Judge a history again
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Server {
    /// Where Hubbub is
    #[arg(long, default_value = "http://localhost:8080")]
    pub(crate) url: String,
    /// An administrator, who invites the simulated people
    #[arg(long)]
    pub(crate) username: String,
    /// The administrator's password
    #[arg(long)]
    pub(crate) password: String,
}

#[derive(Debug, Args)]
pub(crate) struct Steady {
    #[command(flatten)]
    pub(crate) server: Server,
    /// How many people chat
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(2..=100))]
    pub(crate) people: u32,
    /// How many messages are sent each second, by all of them together
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// For how many seconds they chat
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// Where to keep the history
    #[arg(long)]
    pub(crate) record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) server: Server,
    /// What happens and when; the same seed gives the same schedule
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many people take part; every third has two devices
    #[arg(long, default_value_t = 6, value_parser = value_parser!(u32).range(2..=100))]
    pub(crate) people: u32,
    /// In how many rooms they meet
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=50))]
    pub(crate) rooms: u32,
    /// How many things happen each second
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,
    /// For how many seconds things happen
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// Where to keep the history
    #[arg(long)]
    pub(crate) record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files that a run has written; several are taken as one run on one machine
    #[arg(required = true)]
    pub(crate) histories: Vec<PathBuf>,
}
