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
    match cli.command {
        Some(Command::Doctor { live: true }) => return hubbub::doctor::is_alive(&config),
        Some(Command::Doctor { live: false }) => return hubbub::doctor::examine(&config),
        Some(Command::Openapi) | None => {}
    }
    let telemetry = match hubbub::telemetry::init(&config) {
        Ok(telemetry) => telemetry,
        Err(error) => return hubbub::cli::refuse(&error),
    };
    let ended = hubbub::app::run(config);
    telemetry.close();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ StartError::NodeLockLost) => hubbub::cli::give_up(&error),
        Err(error) => hubbub::cli::refuse(&error),
    }
}
