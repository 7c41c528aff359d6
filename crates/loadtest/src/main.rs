//! `hubbub-load`: simulated people who chat through a running Hubbub, and a check of everything that they were told.
//!
//! It speaks the public contract only: HTTP to sign in, SignalR to chat. One broken rule makes the exit code 1.

mod cli;
mod report;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use cli::{Check, Cli, History, Mode, Server, Steady};
use hubbub_load::checker::{self, Counter, Demands, Terms, Verdict};
use hubbub_load::device::Patience;
use hubbub_load::history::file;
use hubbub_load::person::Person;
use hubbub_load::rehearsal::Rehearsal;
use hubbub_load::schedule::{Schedule, Shape};
use hubbub_load::steady::{self, Load};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let verdict = match Cli::parse().mode {
        Mode::Steady(options) => chat(options).await?,
        Mode::History(options) => rehearse(options).await?,
        Mode::Check(options) => judge_again(&options)?,
    };
    Ok(if verdict.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn chat(options: Steady) -> anyhow::Result<Verdict> {
    let (base, admin) = sign_in(&options.server).await?;
    let load = Load {
        people: options.people,
        rate: options.rate,
        seconds: options.seconds,
    };
    let report = steady::run(&base, &admin, load).await?;
    if let Some(path) = &options.record {
        file::write(path, &report.history)?;
    }
    report::print(&report)?;
    Ok(report.verdict)
}

async fn rehearse(options: History) -> anyhow::Result<Verdict> {
    let (base, admin) = sign_in(&options.server).await?;
    let shape = Shape {
        people: options.people,
        rooms: options.rooms,
        seconds: options.seconds,
        rate: options.rate,
    };
    let rehearsal = Rehearsal {
        schedule: Schedule::of(options.seed, &shape),
        seed: options.seed,
        patience: Patience::default(),
    };
    let history = rehearsal.play(&base, &admin).await?;
    if let Some(path) = &options.record {
        file::write(path, &history)?;
    }
    say(&checker::check(
        &history,
        &Terms {
            demands: least(),
            ..Terms::default()
        },
    ))
}

/// What every history must have done to say anything.
fn least() -> Demands {
    [(Counter::Acknowledged, 1)].into()
}

fn judge_again(options: &Check) -> anyhow::Result<Verdict> {
    let history = file::read(&options.histories)?;
    say(&checker::check(
        &history,
        &Terms {
            demands: least(),
            ..Terms::default()
        },
    ))
}

async fn sign_in(server: &Server) -> anyhow::Result<(String, Person)> {
    let base = server.url.trim_end_matches('/').to_owned();
    let admin = Person::sign_in(&base, &server.username, &server.password).await?;
    Ok((base, admin))
}

fn say(verdict: &Verdict) -> anyhow::Result<Verdict> {
    write!(std::io::stdout().lock(), "{verdict}")?;
    Ok(verdict.clone())
}
