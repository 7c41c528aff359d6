//! The command line.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use hubbub_shared::Causes;

use crate::config::{ConfigError, Overrides, SETTINGS};

const LONG_ABOUT: &str = "A self-hosted chat in which nothing that was sent is lost, doubled or out of order.

Without arguments Hubbub serves on http://localhost:8080 and keeps its data under ./data; it prints where to open it.";

/// What Hubbub was started with.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "hubbub",
    version,
    about = "A self-hosted chat in which nothing that was sent is lost, doubled or out of order.",
    long_about = LONG_ABOUT,
    after_help = "`hubbub --help` explains every setting."
)]
pub struct Cli {
    /// Read settings from this file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Listen on this address and port [setting: server.listen]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where the data is kept.
    #[arg(
        long,
        value_name = "FOLDER",
        help = "Keep the data in this folder [setting: storage.data_dir]"
    )]
    pub data_dir: Option<PathBuf>,
    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Command {
    /// Look at everything that the configuration names, and say what is wrong
    Doctor {
        /// Ask only whether the node on this machine lives, and say nothing
        #[arg(long)]
        live: bool,
    },
    /// Print the description of the HTTP API (OpenAPI)
    Openapi,
}

impl Cli {
    /// What it says about the configuration.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            listen: self.listen,
            data_dir: self.data_dir.clone(),
        }
    }

    /// Reads the command line. Wrong arguments and `--help` end the program here.
    pub fn read() -> Self {
        let matches = Self::command()
            .after_long_help(settings_help())
            .get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

fn settings_help() -> String {
    let mut help =
        "Settings (in the file given by --config, or as environment variables, which win):\n"
            .to_owned();
    for setting in SETTINGS {
        // Writing to a string cannot fail.
        let _ = write!(
            help,
            "\n  {}  [{}]\n      {}\n",
            setting.key,
            setting.variable(),
            setting.about
        );
    }
    help
}

/// Prints the OpenAPI document.
pub fn print_openapi() -> ExitCode {
    let document = crate::controllers::openapi();
    let written = document
        .to_pretty_json()
        .map_err(std::io::Error::other)
        .and_then(|json| writeln!(std::io::stdout(), "{json}"));
    if written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Says in one sentence why the program does not start. Exit code 2: something is to be changed before the next try.
pub fn refuse(error: &(dyn Error + 'static)) -> ExitCode {
    let is_config = error.is::<ConfigError>();
    tracing::debug!(is_config, "the program ends before it has started");
    say(error);
    ExitCode::from(2)
}

/// Says in one sentence why the program ends without having been asked to. Exit code 1: it may be started again as it is.
pub fn give_up(error: &(dyn Error + 'static)) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

fn say(error: &(dyn Error + 'static)) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "hubbub: {}", Causes(error));
}
