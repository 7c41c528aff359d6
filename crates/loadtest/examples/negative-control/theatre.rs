//! A server of one's own, with a bad network on both sides of it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use hubbub_load::cast;
use hubbub_load::checker::{self, Counter, Terms, Verdict};
use hubbub_load::device::Patience;
use hubbub_load::history::{Entry, Event, FaultKind, Recorder};
use hubbub_load::person::Person;
use hubbub_load::rehearsal::Rehearsal;
use hubbub_load::schedule::Schedule;
use hubbub_testkit::postgres::PostgresCluster;
use hubbub_testkit::proxy::FaultProxy;
use hubbub_testkit::{Hubbub, HubbubBuilder};

/// Where a rehearsal takes place.
pub(crate) struct Theatre {
    pub(crate) database: Option<PostgresCluster>,
    /// Between the server and its database.
    pub(crate) to_database: Option<FaultProxy>,
    /// Between some of the people and the server.
    pub(crate) to_server: FaultProxy,
    pub(crate) recorder: Recorder,
    server: Hubbub,
}

impl Theatre {
    /// A server that keeps everything in its folder.
    pub(crate) async fn on_sqlite(binary: &Path) -> anyhow::Result<Self> {
        Self::around(HubbubBuilder::new(binary).start().await?, None, None).await
    }

    /// A server on a PostgreSQL with these settings, behind a proxy.
    pub(crate) async fn on_postgres(
        binary: &Path,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut cluster = PostgresCluster::builder();
        for (name, value) in settings {
            cluster = cluster.setting(name, value);
        }
        let cluster = cluster.start().await?;
        let url = cluster.create_database().await?;
        let proxy = FaultProxy::start(([127, 0, 0, 1], cluster.port()).into()).await?;
        let server = HubbubBuilder::new(binary).database_url(&proxy.through(&url));
        Self::around(server.start().await?, Some(cluster), Some(proxy)).await
    }

    async fn around(
        server: Hubbub,
        database: Option<PostgresCluster>,
        to_database: Option<FaultProxy>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            to_server: FaultProxy::start(server.address()).await?,
            recorder: Recorder::default(),
            database,
            to_database,
            server,
        })
    }

    /// Plays a schedule, with the people from the given place on behind the proxy, while faults befall them, and judges it.
    pub(crate) async fn play(
        &mut self,
        schedule: Schedule,
        seed: u64,
        behind_proxy: usize,
        faults: impl AsyncFnOnce(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<Verdict> {
        let base = self.server.url("");
        let code = self.server.setup_code().await?;
        let admin = Person::first(&base, "admin", &code).await?;
        let wanted = schedule.devices.iter().max().context("there are devices")? + 1;
        let wanted = u32::try_from(wanted)?;
        let people = cast::invite(&base, &admin, wanted, &self.recorder).await?;
        let proxied = self.to_server.through(&base);
        let people = (0..).zip(people).map(|(place, person)| {
            if place < behind_proxy {
                person
            } else {
                person.at(&proxied)
            }
        });
        let rehearsal = Rehearsal {
            schedule,
            seed,
            patience: Patience {
                first_wait: Duration::from_millis(200),
                longest_wait: Duration::from_secs(1),
                answer: Duration::from_secs(10),
            },
        };
        let playing = rehearsal.play_with(people.collect(), self.recorder.clone());
        let (history, befallen) = tokio::join!(playing, faults(self));
        befallen?;
        let terms = Terms {
            demands: [(Counter::Acknowledged, 20)].into(),
            ..Terms::default()
        };
        Ok(checker::check(&history?, &terms))
    }

    /// Waits until so many calls were answered.
    pub(crate) async fn answers(&self, count: usize) {
        let is_answer = |entry: &Entry| matches!(entry.event, Event::Answered { .. });
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        while self
            .recorder
            .entries()
            .iter()
            .filter(|entry| is_answer(entry))
            .count()
            < count
        {
            looks.tick().await;
        }
    }

    /// Something is broken on purpose from now on.
    pub(crate) fn begins(&self, name: &str, kind: FaultKind) {
        let name = name.into();
        self.recorder.note_outside(Event::Fault { name, kind });
    }

    /// It is whole again.
    pub(crate) fn ends(&self, name: &str) {
        let name = name.into();
        self.recorder.note_outside(Event::Healed { name });
    }
}
