//! Measures storing and reading messages beside what the database does at best, prints tables and writes them into the documentation:
//! `make bench-store`.
//!
//! Everything is measured in rounds, in each of which everything has its turn, so that a slow minute of the machine slows all of it. What
//! counts are the ratios within a round, and of those the median.

mod bare;
mod clients;
mod database;
mod people;
mod reading;
mod report;
mod writing;

use std::path::PathBuf;

use database::{Database, Kind};

/// Anything that ends a measurement.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What one database has shown.
pub(crate) struct Results {
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<writing::Round>,
    pub(crate) reads: Vec<reading::Read>,
}

struct Arguments {
    rounds: usize,
    /// How many messages the long conversation has.
    messages: i64,
    /// How many writers PostgreSQL has, if not as many as by default.
    writers: Option<usize>,
    /// Keeps to this database.
    only: Option<Kind>,
    /// The page that the tables are written into.
    page: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            rounds: 3,
            messages: 1_000_000,
            writers: None,
            only: None,
            page: None,
        };
        while let Some(option) = words.next() {
            let value = words.next().ok_or(format!("{option} needs a value"))?;
            let needs_a_number = || format!("{option} needs a number");
            match option.as_str() {
                "--rounds" => arguments.rounds = value.parse().map_err(|_| needs_a_number())?,
                "--messages" => arguments.messages = value.parse().map_err(|_| needs_a_number())?,
                "--writers" => {
                    arguments.writers = Some(value.parse().map_err(|_| needs_a_number())?);
                }
                "--only" => {
                    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == value);
                    arguments.only = Some(kind.ok_or("--only needs postgres or sqlite")?);
                }
                "--page" => arguments.page = Some(value.into()),
                _ => return Err(format!("unknown option {option}")),
            }
        }
        Ok(arguments)
    }
}

async fn measure(arguments: &Arguments) -> Result<Vec<Results>, Failure> {
    let mut databases = Vec::new();
    let mut results = Vec::new();
    let wanted = |kind: &Kind| arguments.only.is_none_or(|only| only == *kind);
    for kind in Kind::ALL.into_iter().filter(wanted) {
        progress(&format!("{}: people and conversations", kind.title()));
        let database = Database::start(kind, arguments.writers).await?;
        people::settle(&database).await?;
        databases.push(database);
        results.push(Results {
            kind,
            rounds: Vec::new(),
            reads: Vec::new(),
        });
    }
    for round in 1..=arguments.rounds {
        for (database, results) in databases.iter().zip(&mut results) {
            progress(&format!("{}: round {round}", results.kind.title()));
            results.rounds.push(writing::round(database).await?);
        }
    }
    for (database, results) in databases.iter().zip(&mut results) {
        progress(&format!("{}: long conversation", results.kind.title()));
        results.reads = reading::measure(database, arguments.messages).await?;
    }
    Ok(results)
}

pub(crate) fn progress(line: &str) {
    #[expect(clippy::print_stderr, reason = "whoever waits is told for what")]
    {
        eprintln!("{line}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let results = measure(&arguments).await?;
    let tables = report::render(&results)?;
    #[expect(clippy::print_stdout, reason = "the result")]
    {
        println!("{tables}");
    }
    if let Some(page) = &arguments.page {
        hubbub_bench_report::write_into(page, "make bench-store", &tables)?;
    }
    Ok(())
}
