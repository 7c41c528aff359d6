//! People who send without a pause.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chance::Chance;
use crate::chat::Chat;
use crate::wire::Outcome;

/// How many send at the same time, each one message after the other.
const SENDERS: usize = 12;
/// How long a sender waits when nothing was said.
const PAUSE: Duration = Duration::from_millis(20);
/// Most messages are short. A long one fills pages of a database's journal, so that a cut can fall inside one.
const SHORT: RangeInclusive<u64> = 1..=120;
const LONG: RangeInclusive<u64> = 2_000..=12_000;

/// Senders at work, who stop when this is dropped.
#[derive(Debug)]
pub struct Load {
    senders: JoinSet<()>,
    acknowledged: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Load {
    /// Has people of this chat send to all conversations, what and where being a matter of chance.
    pub fn start(chat: &Chat, chance: &mut Chance) -> Self {
        let (counter, acknowledged) = watch::channel(0);
        let stop = CancellationToken::new();
        let mut senders = JoinSet::new();
        let people = chat.people();
        for number in 0..SENDERS {
            let sender = Sender {
                chat: chat.clone(),
                person: people[number % people.len()],
                chance: Chance::of(chance.number()),
                counter: counter.clone(),
                stop: stop.clone(),
            };
            senders.spawn(sender.run());
        }
        Self {
            senders,
            acknowledged,
            stop,
        }
    }

    /// Waits until so many more messages are acknowledged.
    pub async fn acknowledged(&self, count: u64, limit: Duration) -> Result<()> {
        let mut acknowledged = self.acknowledged.clone();
        let wanted = *acknowledged.borrow() + count;
        let reached = timeout(limit, acknowledged.wait_for(|count| *count >= wanted));
        let reached = reached.await.with_context(|| {
            let limit = limit.as_secs_f32();
            format!("{count} messages were not acknowledged within {limit} s")
        })?;
        if reached.is_err() {
            bail!("nobody sends any more");
        }
        Ok(())
    }

    /// Lets each sender learn what becomes of its last message, and sends them home.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.senders.join_next().await {
            ended.context("a sender failed")?;
        }
        Ok(())
    }
}

struct Sender {
    chat: Chat,
    person: Uuid,
    chance: Chance,
    counter: watch::Sender<u64>,
    stop: CancellationToken,
}

impl Sender {
    async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let key = self.chance.key();
            let conversation = *self.chance.one_of(self.chat.conversations());
            let text = self.text();
            let ledger = self.chat.ledger();
            ledger.lock().begins(key, conversation, self.person, &text);
            self.deliver(key).await;
        }
    }

    /// Sends a message until it is stored. One that was not answered is left as it is, for the audit to find it in the log
    /// or not, and is sent again when all is well.
    async fn deliver(&self, key: Uuid) {
        loop {
            let wait = match self.chat.send(key).await {
                Outcome::Acknowledged(_) => {
                    self.counter.send_modify(|count| *count += 1);
                    return;
                }
                Outcome::Refused(wait) => wait,
                Outcome::Unknown | Outcome::Wrong(_) => {
                    self.wait(PAUSE).await;
                    return;
                }
            };
            self.wait(wait).await;
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    /// Waits so long, or until it is sent home.
    async fn wait(&self, time: Duration) {
        let _ = timeout(time, self.stop.cancelled()).await;
    }

    fn text(&mut self) -> String {
        let length = if self.chance.between(1..=10) == 1 {
            self.chance.between(LONG)
        } else {
            self.chance.between(SHORT)
        };
        let letters = (0..length).map(|_| *self.chance.one_of(b"abcdefghijklmnop"));
        letters.map(char::from).collect()
    }
}
