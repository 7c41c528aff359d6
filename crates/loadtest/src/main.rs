//! `hubbub-load`: simulated people who chat in one group of a running Hubbub at a steady rate, and a check of everything that
//! they were told.
//!
//! It speaks the public contract only: HTTP to sign in, SignalR to chat. Messages are sent at the times of a schedule, whether or not
//! earlier ones were answered, and latency counts from the scheduled time, so a server that stalls cannot hide it. At the end the
//! conversation is read back and compared with what every device received; one violation makes the exit code 1.
//!
//! Start reading at [`run`].

mod cli;
mod hub;
mod ledger;
mod person;
mod report;
mod run;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let outcome = run::run(&cli::Cli::parse()).await?;
    report::print(&outcome)?;
    Ok(if outcome.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
