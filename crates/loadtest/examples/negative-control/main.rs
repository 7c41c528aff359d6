//! The negative control: a server or a client that is broken on purpose, under the faults that show it, must be found out by the
//! checker; the same schedule on the unbroken build must hold. Prints a line of a table.
//!
//! `scripts/negative-control` builds what is broken, and runs this for each. The broken client is a build of this program itself.

mod control;
mod theatre;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use hubbub_load::checker::Verdict;

use control::Control;

/// Runs one control on one build
#[derive(Debug, Parser)]
struct Cli {
    /// What is broken, or what the faults would show if it were
    control: Control,
    /// The server
    server: PathBuf,
    /// Whether the build is broken, so that the checker must say so
    #[arg(long)]
    broken: bool,
    /// What happens and when
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let verdict = cli.control.run(&cli.server, cli.seed).await?;
    let expected = cli.control.expected();
    let is_as_expected = if cli.broken {
        verdict.broken().contains(&expected)
    } else {
        verdict.holds()
    };
    let build = if cli.broken {
        cli.control.feature()
    } else {
        "unbroken".to_owned()
    };
    let expected = if cli.broken {
        expected.to_string()
    } else {
        "holds".to_owned()
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{build:<32} {expected:<22} {:<22} {}",
        found(&verdict),
        cli.seed
    )?;
    if is_as_expected {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(std::io::stderr().lock(), "{verdict}")?;
    Ok(ExitCode::FAILURE)
}

/// The numbers of the rules that were broken.
fn found(verdict: &Verdict) -> String {
    let number = |title: String| title.split(' ').next().unwrap_or_default().to_owned();
    let broken = verdict.broken();
    let numbers: Vec<_> = broken.iter().map(|rule| number(rule.to_string())).collect();
    if numbers.is_empty() {
        "holds".to_owned()
    } else {
        numbers.join(" ")
    }
}
