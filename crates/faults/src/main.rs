//! The suites that take minutes, `make crash`, `make powerloss` and `make chaos-fast`, and `make cluster`.

mod chaos;
mod cluster;
mod crash;
mod powerloss;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use hubbub_faults::Database;
use tokio::signal::unix::{SignalKind, signal};

/// Kills Hubbub and its database, or cuts their power, while people send, and checks what is left.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Breaks every part of a cluster while people chat, and checks what they were told
    Chaos(chaos::Options),
    /// Runs a PostgreSQL, a Redis, an nginx and several nodes until interrupted
    Cluster(cluster::Options),
    /// Kills Hubbub, PostgreSQL or both at random moments
    Crash {
        #[command(flatten)]
        common: Common,
        /// How often, for each database
        #[arg(long, default_value_t = 30)]
        rounds: u32,
    },
    /// Cuts the power of the disk that has all data, at random moments; needs root
    Powerloss {
        #[command(flatten)]
        common: Common,
        /// How often, for each database
        #[arg(long, default_value_t = 20)]
        runs: u32,
        /// How often for each database with relaxed settings, which must lose something
        #[arg(long, default_value_t = 3)]
        control_runs: u32,
        /// A Hubbub built with the feature `relaxed-sqlite`
        #[arg(long)]
        relaxed_hubbub: PathBuf,
    },
}

#[derive(Args)]
struct Common {
    /// The Hubbub to test
    #[arg(long)]
    hubbub: PathBuf,
    /// The seed of all chance, for the same moments and messages as in an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// One database alone
    #[arg(long, value_enum)]
    only: Option<Only>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Sqlite,
    Postgres,
}

impl Common {
    fn seed(&self) -> Result<u64> {
        let seed = match self.seed {
            Some(seed) => seed,
            // Short enough to be typed.
            None => u64::from(getrandom::u32().context("asking the system for a seed")?),
        };
        Ok(seed)
    }

    fn databases(&self) -> &'static [Database] {
        match self.only {
            None => &[Database::Sqlite, Database::Postgres],
            Some(Only::Sqlite) => &[Database::Sqlite],
            Some(Only::Postgres) => &[Database::Postgres],
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Whichever way it ends, what it has started is dropped, and with that killed and unmounted.
    let ended = tokio::select! {
        ended = run(cli.suite) => ended,
        interrupted = interruption() => interrupted.map(|()| false),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether everything was as promised.
async fn run(suite: Suite) -> Result<bool> {
    match suite {
        Suite::Chaos(options) => chaos::run(options).await,
        Suite::Cluster(options) => cluster::run(options).await,
        Suite::Crash { common, rounds } => crash::run(&common, rounds).await,
        Suite::Powerloss {
            common,
            runs,
            control_runs,
            relaxed_hubbub,
        } => powerloss::run(&common, runs, control_runs, relaxed_hubbub).await,
    }
}

/// Returns when somebody wants it to end.
async fn interruption() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    eprintln!("interrupted; cleaning up");
    Ok(())
}
