//! The program: read the configuration, build, run.

use std::process::ExitCode;

use hubbub::app::StartError;
use hubbub::cli::{Cli, Command};
use hubbub::config::Config;

fn main() -> ExitCode {
    let cli = Cli::read();
    if let Some(Command::Openapi) = cli.command {
        return hubbub::cli::print_openapi();
    }
    let config = match Config::load(&cli.overrides()) {
        Ok(config) => config,
        Err(error) => return hubbub::cli::refuse(&error),
    };
    hubbub::telemetry::init(&config.log);
    match hubbub::app::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ StartError::NodeLockLost) => hubbub::cli::give_up(&error),
        Err(error) => hubbub::cli::refuse(&error),
    }
}
