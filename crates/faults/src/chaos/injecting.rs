use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hubbub_load::history::{Action, Event, Recorder, now};
use hubbub_testkit::{Cluster, Faults, Link, Stream};
use tokio::time::sleep;

use super::CALM;
use super::fault::Fault;

/// A node that is told to stop has ended this long after the window in which it sends its clients away.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// The window of F5.
const DRAIN: Duration = Duration::from_secs(3);

/// Breaks a cluster, and writes into the history when.
pub(crate) struct Injection<'a> {
    cluster: &'a mut Cluster,
    recorder: Recorder,
    /// What did not go as it must.
    pub(crate) wrong: Vec<String>,
}

impl<'a> Injection<'a> {
    pub(crate) fn new(cluster: &'a mut Cluster, recorder: Recorder) -> Self {
        Self {
            cluster,
            recorder,
            wrong: Vec::new(),
        }
    }

    /// Waits until people are connected and have chatted for a while.
    pub(crate) async fn wait_for_calm(&self) -> Result<()> {
        let connected = || {
            let entries = self.recorder.entries();
            entries
                .iter()
                .any(|entry| matches!(entry.event, Event::Settled))
        };
        let limit = Instant::now() + Duration::from_mins(1);
        while !connected() {
            ensure!(Instant::now() < limit, "nobody was connected in a minute");
            sleep(Duration::from_millis(50)).await;
        }
        sleep(CALM).await;
        Ok(())
    }

    /// Lets it happen, and heals it. Answers what else was measured.
    pub(crate) async fn run(&mut self, fault: Fault) -> Result<Vec<String>> {
        if !fault.is_lasting() {
            self.begin(fault);
        }
        let notes = match fault {
            Fault::F1 => self.kill_node().await,
            Fault::F2 => self.die_before_publishing().await,
            Fault::F3 => self.freeze_node().await,
            Fault::F5 => self.restart_in_turn().await,
            Fault::F6 => self.lose_redis(Duration::from_secs(30)).await,
            Fault::F7 => self.lose_redis(Duration::ZERO).await,
            Fault::F9 => self.end_subscriptions().await,
            Fault::F10 => self.overflow().await,
            Fault::F12 | Fault::F33 => self.wait(12).await,
            Fault::F14 => self.crash_postgres().await,
            Fault::F20 => self.reload_nginx().await,
            Fault::F21 => self.kill_nginx().await,
            Fault::F37 => self.refuse_a_hint().await,
        }?;
        if !fault.is_lasting() {
            self.note(Event::Healed {
                name: fault.what().into(),
            });
        }
        Ok(notes)
    }

    /// Notes that it begins.
    pub(crate) fn begin(&self, fault: Fault) {
        self.note(Event::Fault {
            name: fault.what().into(),
            kind: fault.kind(),
        });
    }

    fn note(&self, event: Event) {
        self.recorder.note_outside(event);
    }

    async fn wait(&self, seconds: u64) -> Result<Vec<String>> {
        sleep(Duration::from_secs(seconds)).await;
        Ok(Vec::new())
    }

    async fn kill_node(&mut self) -> Result<Vec<String>> {
        let node = &mut self.cluster.nodes[0];
        node.kill().await?;
        sleep(Duration::from_secs(10)).await;
        node.start_again().await?;
        self.wait(2).await
    }

    /// What the node says to Redis is swallowed from now on; a message is sent through it and acknowledged; then it dies.
    async fn die_before_publishing(&mut self) -> Result<Vec<String>> {
        self.cluster.links[0].apply(Faults::both(Link::cut_off()));
        // The last word is due a second from now, and its receipt a moment later.
        sleep(Duration::from_millis(1_500)).await;
        self.cluster.nodes[0].kill().await?;
        // What was swallowed is never heard.
        self.cluster.links[0].reset_all();
        self.cluster.links[0].pass();
        sleep(Duration::from_secs(7)).await;
        // Nobody was told, so the others must have found it themselves.
        let mut found = Vec::new();
        for node in &self.cluster.metrics[1..] {
            found.push(found_by_sweeps(*node).await?);
        }
        if found.contains(&0) {
            self.wrong.push(format!("sweeps found nothing: {found:?}"));
        }
        self.cluster.nodes[0].start_again().await?;
        self.wait(1).await
    }

    async fn freeze_node(&mut self) -> Result<Vec<String>> {
        let process = self.cluster.nodes[0].process();
        process.pause()?;
        sleep(Duration::from_secs(10)).await;
        process.resume()?;
        // What lay in its sockets is dealt with, and it has compared its logs.
        self.wait(5).await
    }

    async fn restart_in_turn(&mut self) -> Result<Vec<String>> {
        let mut slowest = Duration::ZERO;
        for node in &mut self.cluster.nodes {
            let began = Instant::now();
            let status = node.stop().await?;
            slowest = slowest.max(began.elapsed());
            ensure!(status.success(), "a node ended with {status}");
            node.start_again().await?;
            sleep(Duration::from_secs(2)).await;
        }
        ensure!(
            slowest < DRAIN + STOP_GRACE,
            "a node took {slowest:.1?} to stop"
        );
        Ok(vec![format!("stopped in {:.1} s", slowest.as_secs_f64())])
    }

    async fn lose_redis(&mut self, away: Duration) -> Result<Vec<String>> {
        self.cluster.redis.kill().await?;
        sleep(away).await;
        self.cluster.redis.restart_empty().await?;
        self.cluster.redis.command(&["FLUSHALL"]).await?;
        self.wait(5).await
    }

    async fn end_subscriptions(&mut self) -> Result<Vec<String>> {
        let mut ended = 0;
        for _ in 0..3 {
            let killed = self
                .cluster
                .redis
                .command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
            ended += killed.await?.trim().parse::<u32>().context("a number")?;
            sleep(Duration::from_secs(2)).await;
        }
        ensure!(ended >= 9, "{ended} subscriptions were ended, not 9");
        Ok(vec![format!("{ended} ended")])
    }

    /// Publishes so much at once that the subscribers' buffers in Redis overflow.
    async fn overflow(&mut self) -> Result<Vec<String>> {
        const FLOOD: &str = "local channels = redis.call('PUBSUB', 'CHANNELS')
            for i = 1, 400 do redis.call('PUBLISH', channels[1 + i % #channels], string.rep('x', 65536)) end";
        for _ in 0..2 {
            self.cluster.redis.command(&["EVAL", FLOOD, "0"]).await?;
            sleep(Duration::from_secs(3)).await;
        }
        let log = self.cluster.redis.process().log(Stream::Stdout).text()?;
        let ended = log
            .lines()
            .filter(|line| line.contains("overcoming of output buffer limits"))
            .count();
        ensure!(ended > 0, "no buffer overflowed");
        Ok(vec![format!("{ended} ended")])
    }

    async fn crash_postgres(&mut self) -> Result<Vec<String>> {
        self.cluster.postgres.kill().await?;
        self.cluster.postgres.start_again().await?;
        // The first acknowledgement after it accepts connections is due within 3 s.
        self.wait(3).await
    }

    async fn reload_nginx(&mut self) -> Result<Vec<String>> {
        for _ in 0..5 {
            self.cluster.nginx.reload()?;
            sleep(Duration::from_secs(1)).await;
        }
        Ok(Vec::new())
    }

    /// Redis publishes nothing while the last word is sent, and everything from the moment in which its sender has the receipt. Nothing
    /// else is written, so nothing but what nodes say of themselves tells the others.
    async fn refuse_a_hint(&mut self) -> Result<Vec<String>> {
        // The last word is due a second from now.
        sleep(Duration::from_millis(800)).await;
        let redis = &self.cluster.redis;
        let since = now();
        redis
            .command(&["ACL", "SETUSER", "default", "-publish"])
            .await?;
        let limit = Instant::now() + Duration::from_secs(5);
        while !self.was_answered(since) {
            ensure!(Instant::now() < limit, "the last word was not answered");
            sleep(Duration::from_millis(5)).await;
        }
        redis
            .command(&["ACL", "SETUSER", "default", "+publish"])
            .await?;
        let errors = redis.command(&["INFO", "errorstats"]).await?;
        let refused = errors
            .lines()
            .find_map(|line| line.trim().strip_prefix("errorstat_NOPERM:count="));
        let refused = refused.context("nothing was refused")?.to_owned();
        sleep(Duration::from_secs(5)).await;
        Ok(vec![format!("{refused} refused")])
    }

    /// Whether a message that was sent later than this is acknowledged.
    fn was_answered(&self, since: u64) -> bool {
        let mut sends = HashSet::new();
        let entries = self.recorder.entries();
        entries.iter().any(|entry| match &entry.event {
            Event::Invoked {
                call,
                action: Action::Send { .. },
            } if entry.at > since => {
                sends.insert(*call);
                false
            }
            Event::Answered { call, .. } => sends.contains(call),
            _ => false,
        })
    }

    async fn kill_nginx(&mut self) -> Result<Vec<String>> {
        self.cluster.nginx.kill().await?;
        sleep(Duration::from_secs(1)).await;
        self.cluster.nginx.start_again().await?;
        self.wait(5).await
    }
}

/// How many holes a node has found by looking into the database, as its metrics say.
async fn found_by_sweeps(metrics: SocketAddr) -> Result<u64> {
    const SAMPLE: &str = "hubbub_relay_holes_filled_total{detector=\"sweep\"} ";
    let page = reqwest::get(format!("http://{metrics}/metrics")).await?;
    let page = page.text().await?;
    let value = page.lines().find_map(|line| line.strip_prefix(SAMPLE));
    value
        .context("a node counts the holes that it has filled")?
        .parse()
        .context("a number")
}
