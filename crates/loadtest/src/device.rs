//! One simulated device: it connects and reconnects for ever, obeys the client rule, synchronises when it connects and when it sees a
//! hole, repeats its sends until they are answered, and writes everything down.
//!
//! The [`rule`] is pure. [`Device`] is the rest: a task that owns the connection and is spoken to through a [`Handle`].

mod backoff;
mod command;
mod ear;
mod outbox;
mod refusal;
pub mod rule;
mod session;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub use backoff::Backoff;
pub use command::{Command, Deed};
pub use ear::Ear;
pub use outbox::{Outbox, Pending};
pub(crate) use session::receipt;

use crate::history::{Event, Recorder};
use crate::hub;
use crate::ids::{ClientId, ConversationId, DeviceId};
use crate::person::Person;
use crate::seed::Seed;
use session::Session;

/// How many commands may wait for a device; who tells it more waits.
const COMMANDS: usize = 1_000;

/// How patient a device is.
#[derive(Clone, Debug)]
pub struct Patience {
    /// The longest first wait before it reconnects.
    pub first_wait: Duration,
    /// The longest wait before it reconnects.
    pub longest_wait: Duration,
    /// How long it waits for an answer before it gives the connection up.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            answer: Duration::from_secs(10),
        }
    }
}

/// A simulated device.
pub struct Device {
    person: Person,
    patience: Patience,
    backoff: Backoff,
    seed: Seed,
    ear: Ear,
    outbox: Outbox,
    /// Conversations of which only the newest page is held, and the first seq of what is.
    partial: Vec<ConversationId>,
    last_key: Option<(ConversationId, ClientId)>,
    settling: Option<oneshot::Sender<()>>,
    commands: mpsc::Receiver<Command>,
    over: CancellationToken,
}

/// Tells a device what to do.
#[derive(Clone, Debug)]
pub struct Handle(mpsc::Sender<Command>);

impl Handle {
    /// Tells it. A device that has ended does not hear it any more.
    pub async fn tell(&self, command: Command) {
        // Ended devices are part of every run's end.
        let _ = self.0.send(command).await;
    }

    /// Waits until the device has everything.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let (done, settled) = oneshot::channel();
        self.tell(Command::Settle(done)).await;
        settled
            .await
            .context("a device ended before it had everything")
    }
}

/// Why a connection is over.
enum End {
    Broken(String),
    Over,
}

impl Device {
    /// A device of a person, which does nothing until it [runs](Self::run).
    pub fn new(
        id: DeviceId,
        name: &str,
        person: Person,
        patience: Patience,
        seed: &Seed,
        recorder: Recorder,
        over: CancellationToken,
    ) -> (Self, Handle) {
        recorder.note(
            id,
            Event::Device {
                user: person.id,
                name: Arc::from(name),
            },
        );
        let (tell, commands) = mpsc::channel(COMMANDS);
        let device = Self {
            backoff: Backoff::new(patience.first_wait, patience.longest_wait, seed.branch(1)),
            seed: seed.branch(2),
            person,
            patience,
            ear: Ear::new(id, recorder),
            outbox: Outbox::default(),
            partial: Vec::new(),
            last_key: None,
            settling: None,
            commands,
            over,
        };
        (device, Handle(tell))
    }

    /// Lives until the run is over.
    pub async fn run(mut self) {
        while !self.over.is_cancelled() {
            self.ear.note(Event::Connecting);
            let connecting = hub::connect(self.person.base(), &self.person.access_token);
            let reason = match tokio::time::timeout(self.patience.answer, connecting).await {
                Ok(Ok((caller, listener))) => {
                    self.ear.note(Event::Connected);
                    match Session::new(&mut self, caller).run(listener).await {
                        End::Broken(reason) => reason,
                        End::Over => return,
                    }
                }
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => "connecting took too long".to_owned(),
            };
            self.ear.note(Event::Disconnected {
                reason: Arc::from(reason),
            });
            self.rest().await;
        }
    }

    /// Waits before it connects again, and listens to its person meanwhile.
    async fn rest(&mut self) {
        let waking = tokio::time::sleep(self.backoff.next_delay());
        tokio::pin!(waking);
        loop {
            tokio::select! {
                () = &mut waking => return,
                () = self.over.cancelled() => return,
                Some(command) = self.commands.recv() => match command {
                    Command::Do(conversation, deed) => self.write(conversation, deed),
                    Command::Disconnect => {}
                    Command::Forget => self.forget(),
                    Command::Settle(done) => self.settling = Some(done),
                },
            }
        }
    }

    /// Puts what is to be sent into the outbox; everything else needs a connection and is left undone.
    fn write(&mut self, conversation: ConversationId, deed: Deed) {
        let (client_id, body) = match deed {
            Deed::Send { body } => (ClientId::from_number(self.fresh_key()), body),
            Deed::Misuse { body } => match self.last_key {
                Some((of, key)) if of == conversation => (key, body),
                _ => return,
            },
            _ => return,
        };
        self.last_key = Some((conversation, client_id));
        self.outbox.push(conversation, Pending { client_id, body });
    }

    fn forget(&mut self) {
        self.ear.forget();
        self.outbox.forget();
        self.partial.clear();
        self.last_key = None;
    }

    fn fresh_key(&mut self) -> u128 {
        u128::from(self.seed.next_u64()) << 64 | u128::from(self.seed.next_u64())
    }
}
