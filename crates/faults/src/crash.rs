//! Hubbub, its database's server, or both are killed while people send.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hubbub_faults::site::Plan;
use hubbub_faults::{Audit, Chance, Chat, Database, Load, Site};
use hubbub_testkit::TestDir;
use tokio::time::sleep;

use crate::Common;
use crate::table::{Table, say};

/// How many milliseconds people have been sending when somebody dies.
const MOMENT: std::ops::RangeInclusive<u64> = 100..=1500;
/// How many milliseconds a database's server is away while Hubbub runs on.
const OUTAGE: std::ops::RangeInclusive<u64> = 0..=1500;
/// When Hubbub must work again by itself after its database has come back, and for how many messages.
const RECOVERY_LIMIT: Duration = Duration::from_secs(30);
const RECOVERED: u64 = 50;

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Hubbub,
    Postgres,
    Both,
}

pub(crate) async fn run(common: &Common, rounds: u32) -> Result<bool> {
    let began = Instant::now();
    let seed = common.seed()?;
    let mut kept = true;
    for database in common.databases() {
        let plan = Plan {
            program: common.hubbub.clone(),
            database: *database,
            relaxed: false,
        };
        kept &= series(&plan, seed, rounds).await?;
    }
    say(&format!("\nSeed {seed}, {} s", began.elapsed().as_secs()));
    Ok(kept)
}

/// Kills again and again, all on the same data. Answers whether everything was as promised.
async fn series(plan: &Plan, seed: u64, rounds: u32) -> Result<bool> {
    let name = plan.database.name();
    let mut table = Table::new(name);
    let mut dir = TestDir::new("crash")?;
    let mut site = Site::start(plan, &dir, &dir.path().join("data")).await?;
    let chat = Chat::found(site.hubbub()).await?;
    for round in 0..rounds {
        let seed = seed.wrapping_add(u64::from(round));
        let killed = kill(&mut site, &chat, plan.database, seed, &mut table).await;
        let killed = killed.with_context(|| format!("{name}, round {}, seed {seed}", round + 1));
        match killed {
            Ok(audit) if audit.is_clean() => {}
            Ok(audit) => {
                say(&format!("{audit}FAILED: {name} did not keep its promise."));
                dir.keep();
                return Ok(false);
            }
            Err(error) => {
                dir.keep();
                return Err(error);
            }
        }
    }
    table.end();
    say(&format!(
        "{name}: {rounds} of {rounds} rounds kept everything that was acknowledged."
    ));
    Ok(true)
}

/// One kill under load, and what is there after.
async fn kill(
    site: &mut Site,
    chat: &Chat,
    database: Database,
    seed: u64,
    table: &mut Table,
) -> Result<Audit> {
    let mut chance = Chance::of(seed);
    let victim = match database {
        Database::Sqlite => Victim::Hubbub,
        Database::Postgres => *chance.one_of(&[Victim::Hubbub, Victim::Postgres, Victim::Both]),
    };
    let before = chat.ledger().lock().counts();
    let load = Load::start(chat, &mut chance);
    let moment = chance.between(MOMENT);
    sleep(Duration::from_millis(moment)).await;
    let who = match victim {
        Victim::Hubbub => {
            site.kill_hubbub().await?;
            load.stop().await?;
            site.start_hubbub_again().await?;
            "Hubbub".to_owned()
        }
        Victim::Postgres => {
            site.kill_postgres().await?;
            sleep(Duration::from_millis(chance.between(OUTAGE))).await;
            site.start_postgres_again().await?;
            // Hubbub has been running all the time, and finds its database again by itself.
            let ready = Instant::now();
            load.acknowledged(1, RECOVERY_LIMIT).await?;
            let away = ready.elapsed().as_millis();
            load.acknowledged(RECOVERED, RECOVERY_LIMIT).await?;
            load.stop().await?;
            ensure!(
                site.hubbub().process().status().is_none(),
                "Hubbub has ended"
            );
            format!("PostgreSQL (+{away} ms)")
        }
        Victim::Both => {
            site.kill_all().await?;
            load.stop().await?;
            site.start_all_again().await?;
            "both".to_owned()
        }
    };
    let mut audit = chat.audit().await?;
    let known = (audit.counts, audit.unknown_stored, audit.refused_stored);
    if audit.is_clean() {
        audit = chat.settle().await?;
        (audit.counts, audit.unknown_stored, audit.refused_stored) = known;
    }
    table.add(seed, &format!("{who}, after {moment} ms"), before, &audit);
    Ok(audit)
}
