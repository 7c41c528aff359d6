//! The power of the disk is cut while people send.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hubbub_faults::site::Plan;
use hubbub_faults::{Audit, Chance, Chat, Database, Image, Load, Site};
use hubbub_testkit::TestDir;
use tokio::time::sleep;

use crate::Common;
use crate::table::{Table, say};

/// How many cuts the same data goes through, before everything is made anew.
const CUTS: u32 = 5;
/// How many milliseconds people have been sending when the power goes.
const MOMENT: std::ops::RangeInclusive<u64> = 200..=2000;

pub(crate) async fn run(
    common: &Common,
    runs: u32,
    control_runs: u32,
    relaxed_hubbub: PathBuf,
) -> Result<bool> {
    Image::check_rights()?;
    let began = Instant::now();
    let seed = common.seed()?;
    let mut kept = true;
    for database in common.databases() {
        let durable = Plan {
            program: common.hubbub.clone(),
            database: *database,
            relaxed: false,
        };
        let (lost, is_clean) = series(&durable, seed, runs).await?;
        kept &= is_clean;
        let name = database.name();
        say(&if is_clean {
            format!("{name}: {runs} of {runs} runs kept everything that was acknowledged.")
        } else {
            format!("FAILED: {name} did not keep its promise; lost: {lost}.")
        });

        let program = match database {
            Database::Sqlite => &relaxed_hubbub,
            Database::Postgres => &common.hubbub,
        };
        let relaxed = Plan {
            program: program.clone(),
            relaxed: true,
            ..durable
        };
        let (lost, _) = series(&relaxed, seed, control_runs).await?;
        kept &= lost > 0;
        say(&match lost {
            0 => format!(
                "FAILED: the control with {name} lost nothing, so the runs above prove nothing."
            ),
            lost => format!("The control lost {lost} acknowledged messages, as it must."),
        });
    }
    say(&format!("\nSeed {seed}, {} s", began.elapsed().as_secs()));
    Ok(kept)
}

/// Cuts the power again and again. Answers how many messages were lost, and whether everything was as promised.
async fn series(plan: &Plan, seed: u64, runs: u32) -> Result<(usize, bool)> {
    let name = plan.database.name();
    let mut table = Table::new(&match (plan.relaxed, plan.database) {
        (false, _) => name.to_owned(),
        (true, Database::Sqlite) => "Control: SQLite with synchronous=NORMAL".to_owned(),
        (true, Database::Postgres) => "Control: PostgreSQL with synchronous_commit=off".to_owned(),
    });
    let mut is_clean = true;
    let mut powered = None;
    for run in 0..runs {
        let seed = seed.wrapping_add(u64::from(run));
        let mut current = match powered.take() {
            Some(powered) if run % CUTS != 0 => powered,
            _ => Powered::start(plan).await?,
        };
        let cut = current.cut(plan, seed, &mut table).await;
        let cut = cut.with_context(|| format!("{name}, run {}, seed {seed}", run + 1));
        let audit = match cut {
            Ok(audit) => audit,
            Err(error) => {
                current.dir.keep();
                return Err(error);
            }
        };
        if audit.is_clean() {
            powered = Some(current);
            continue;
        }
        is_clean = false;
        if !plan.relaxed {
            say(&audit.to_string());
            current.dir.keep();
        }
    }
    Ok((table.end(), is_clean))
}

/// A Hubbub whose data and database are on a disk of their own.
struct Powered {
    // Fields are dropped in this order: who uses the disk, the disk, the folder that it is in.
    site: Site,
    image: Image,
    dir: TestDir,
    chat: Chat,
}

impl Powered {
    async fn start(plan: &Plan) -> Result<Self> {
        let dir = TestDir::new("powerloss")?;
        let image = Image::make(&dir)?;
        let site = Site::start(plan, &dir, image.path()).await?;
        let chat = Chat::found(site.hubbub()).await?;
        if plan.relaxed {
            // The accounts are not what the control is to lose.
            image.flush()?;
        }
        Ok(Self {
            site,
            image,
            dir,
            chat,
        })
    }

    /// One cut under load, and what is there after.
    async fn cut(&mut self, plan: &Plan, seed: u64, table: &mut Table) -> Result<Audit> {
        let mut chance = Chance::of(seed);
        let before = self.chat.ledger().lock().counts();
        let load = Load::start(&self.chat, &mut chance);
        let moment = Duration::from_millis(chance.between(MOMENT));
        sleep(moment).await;
        self.image.cut_power()?;
        self.site.kill_all().await?;
        load.stop().await?;
        self.image.restore_power()?;
        self.site.start_all_again().await?;

        let mut audit = self.chat.audit().await?;
        let known = (audit.counts, audit.unknown_stored, audit.refused_stored);
        if !plan.relaxed && audit.is_clean() {
            audit = self.chat.settle().await?;
            (audit.counts, audit.unknown_stored, audit.refused_stored) = known;
        }
        let fault = format!("power, after {} ms", moment.as_millis());
        table.add(seed, &fault, before, &audit);
        Ok(audit)
    }
}
