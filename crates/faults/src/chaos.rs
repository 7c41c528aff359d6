//! `make chaos-fast`: one fault after the other in a cluster of three nodes under load, and what the history checker says of each.

mod fault;
mod injecting;
mod measured;
mod presence;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hubbub_load::checker::{self, Bounds, Counter, Terms};
use hubbub_load::device::Patience;
use hubbub_load::history::{Entry, Recorder, file};
use hubbub_load::person::Person;
use hubbub_load::rehearsal::Rehearsal;
use hubbub_load::{cast, seed::Seed};
use hubbub_testkit::{Cluster, PostgresBuilder, PostgresCluster};

use crate::table::say;
use fault::Fault;
use injecting::Injection;
use measured::Measured;
use presence::Watch;

/// How long people chat before anything breaks.
pub(crate) const CALM: Duration = Duration::from_secs(3);

/// What is broken, and how.
#[derive(Args)]
pub(crate) struct Options {
    /// The Hubbub to test
    #[arg(long)]
    hubbub: PathBuf,
    /// The seed of what people do; the same seed gives the same schedule
    #[arg(long)]
    seed: Option<u64>,
    /// These faults alone, as in `--only F1 --only F6`
    #[arg(long)]
    only: Vec<Fault>,
    /// Keep the histories of faults that did not pass in this folder
    #[arg(long, default_value = "target/chaos")]
    keep: PathBuf,
    /// Commits take 0.1 s, so that some are on their way whenever the database crashes
    #[arg(long)]
    slow_commits: bool,
    /// The Hubbub is broken on purpose, and every fault must break this invariant, as in `--expect I10`
    #[arg(long)]
    expect: Option<String>,
}

/// Answers whether every fault passed.
pub(crate) async fn run(options: Options) -> Result<bool> {
    let began = Instant::now();
    let seed = match options.seed {
        Some(seed) => seed,
        None => u64::from(getrandom::u32().context("asking the system for a seed")?),
    };
    let faults = if options.only.is_empty() {
        Fault::ALL.to_vec()
    } else {
        options.only.clone()
    };
    Measured::head();
    let mut failed = Vec::new();
    for fault in faults {
        let history = play(&options, fault, seed);
        let (measured, entries) = history
            .await
            .with_context(|| format!("{fault}, seed {seed}"))?;
        measured.print(fault);
        if let Some(invariant) = &options.expect {
            if !measured.breaks(invariant) {
                failed.push(fault);
            }
            continue;
        }
        if let Some(report) = measured.report() {
            say(&report);
            failed.push(fault);
            keep(&options.keep, fault, seed, &entries)?;
        }
    }
    let seconds = began.elapsed().as_secs();
    if let (Some(invariant), true) = (&options.expect, failed.is_empty()) {
        say(&format!(
            "\nFound out by {invariant}. Seed {seed}, {seconds} s"
        ));
        return Ok(true);
    }
    if failed.is_empty() {
        say(&format!("\nEvery fault passed. Seed {seed}, {seconds} s"));
        return Ok(true);
    }
    let names: Vec<_> = failed.iter().map(Fault::to_string).collect();
    let (names, kept) = (names.join(", "), options.keep.display());
    say(&format!(
        "\nFAILED: {names}. Seed {seed}, {seconds} s. The histories are in {kept}."
    ));
    Ok(false)
}

fn keep(folder: &Path, fault: Fault, seed: u64, entries: &[Entry]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    file::write(&folder.join(format!("{fault}-{seed}.jsonl")), entries)
}

/// Lets people chat in a cluster of its own while the fault happens, and judges what they were told.
async fn play(options: &Options, fault: Fault, seed: u64) -> Result<(Measured, Vec<Entry>)> {
    let mut postgres = PostgresCluster::builder();
    if options.slow_commits {
        let slow = [("commit_delay", "100000"), ("commit_siblings", "0")];
        let set = |postgres: PostgresBuilder, (name, value)| postgres.setting(name, value);
        postgres = slow.into_iter().fold(postgres, set);
    }
    let cluster = Cluster::builder(&options.hubbub).postgres(postgres);
    let mut cluster = fault.cluster(cluster).start().await?;
    let origin = cluster.nginx.origin();
    let code = cluster.nodes[0].setup_code().await?;
    let admin = Person::first(&origin, "operator", &code).await?;
    let schedule = fault.schedule(seed);
    let count = schedule.devices.iter().max().map_or(1, |last| last + 1);
    let recorder = Recorder::default();
    let people = cast::invite(&origin, &admin, u32::try_from(count)?, &recorder).await?;
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| node.url("")).collect();
    let ids = people.iter().map(|person| person.id).collect();
    let watch = Watch::new(admin, ids);
    let people = people.into_iter().enumerate().map(|(place, person)| {
        // Where it matters who is on which node, people go there past the balancer.
        let node = fault.is_about_places().then(|| &nodes[place % nodes.len()]);
        node.map_or(person.clone(), |node| person.at(node))
    });
    let rehearsal = Rehearsal {
        schedule,
        seed: Seed::new(seed).next_u64(),
        patience: Patience {
            longest_wait: Duration::from_secs(5),
            ..Patience::default()
        },
    };
    let playing = rehearsal.play_with(people.collect(), recorder.clone());
    let mut injection = Injection::new(&mut cluster, recorder.clone());
    if fault.is_lasting() {
        injection.begin(fault);
    }
    let mut wrong = Vec::new();
    let injecting = async {
        injection.wait_for_calm().await?;
        injection.run(fault).await
    };
    let happening = async {
        let (played, injected) = tokio::join!(playing, injecting);
        if fault.shows_presence() && played.is_ok() {
            wrong.extend(watch.until_all_are_gone().await);
        }
        (played, injected)
    };
    let (played, injected) = tokio::select! {
        happened = happening => happened,
        never = watch.go_on() => never,
    };
    wrong.append(&mut injection.wrong);
    let measured = injected.context("breaking things")?;
    let entries = match played {
        Ok(entries) => entries,
        Err(error) => {
            keep(Path::new("target/chaos"), fault, seed, &recorder.entries())?;
            return Err(error.context("people chatting"));
        }
    };
    if cluster
        .nodes
        .iter()
        .any(|node| node.process().status().is_some())
    {
        bail!("a node has ended and was not started again");
    }
    let terms = Terms {
        bounds: Bounds {
            degraded: fault.bound(),
            ..Bounds::default()
        },
        demands: [(Counter::Acknowledged, 1), (Counter::Faults, 1)].into(),
    };
    if fault.shows_presence() {
        wrong.extend(watch.judge(&entries, fault.delays_presence()));
        wrong.extend(presence::until_nothing_is_left(&cluster).await?);
    }
    let verdict = checker::check(&entries, &terms);
    Ok((
        Measured::of(fault, &entries, verdict, measured, wrong),
        entries,
    ))
}
