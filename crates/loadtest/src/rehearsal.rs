//! Plays a schedule against a running server and writes its history.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cast;
use crate::device::{Command, Device, Handle, Patience};
use crate::dump::{self, Founding};
use crate::history::{Action, Entry, Event, Outcome, Recorder};
use crate::person::{Person, Refused};
use crate::schedule::{Happening, Schedule};
use crate::seed::Seed;

/// How long the devices may take to have everything after the last thing happened.
const SETTLING: Duration = Duration::from_mins(1);

/// What a rehearsal needs.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What happens.
    pub schedule: Schedule,
    /// The seed of the devices' own chance.
    pub seed: u64,
    /// How patient the devices are.
    pub patience: Patience,
}

/// The people and conversations of a rehearsal.
struct Stage {
    people: Vec<Person>,
    foundings: Vec<Founding>,
    devices: Vec<Handle>,
    recorder: Recorder,
}

impl Rehearsal {
    /// Invites people, lets everything happen, waits until everybody has everything, and reads the final logs.
    pub async fn play(&self, base: &str, admin: &Person) -> anyhow::Result<Vec<Entry>> {
        let recorder = Recorder::default();
        let wanted = self
            .schedule
            .devices
            .iter()
            .max()
            .map_or(1, |last| last + 1);
        let people = cast::invite(base, admin, u32::try_from(wanted)?, &recorder).await?;
        self.play_with(people, recorder).await
    }

    /// The same with people who have accounts already. The first founds every room.
    pub async fn play_with(
        &self,
        people: Vec<Person>,
        recorder: Recorder,
    ) -> anyhow::Result<Vec<Entry>> {
        let over = CancellationToken::new();
        // Whatever ends the rehearsal, the devices end with it.
        let _ending = over.clone().drop_guard();
        let tasks = TaskTracker::new();
        let foundings = self.found(&people, &recorder).await?;
        let devices = self.start(&people, &recorder, &tasks, &over);
        let stage = Stage {
            people,
            foundings,
            devices,
            recorder,
        };
        // Nothing happens before every device is there.
        stage.settle().await?;
        let began = Instant::now();
        for (at, step) in &self.schedule.steps {
            tokio::time::sleep_until(began + *at).await;
            stage.let_happen(step).await?;
        }
        // The first round empties the outboxes, the second brings everybody what came out of them.
        stage.settle().await?;
        stage.settle().await?;
        over.cancel();
        tasks.close();
        tasks.wait().await;
        stage.read().await
    }

    async fn found(&self, people: &[Person], recorder: &Recorder) -> anyhow::Result<Vec<Founding>> {
        let founder = people.first().context("somebody founds the rooms")?;
        let mut foundings = Vec::new();
        for (number, room) in self.schedule.rooms.iter().enumerate() {
            let others: Vec<_> = room.members.iter().map(|place| &people[*place]).collect();
            let kind = if room.channel { "channel" } else { "group" };
            let name = format!("{kind}-{number}");
            let conversation = cast::found(founder, &others, kind, &name, recorder).await?;
            let members = std::iter::once(founder)
                .chain(others)
                .map(|person| person.id)
                .collect();
            foundings.push(Founding {
                conversation,
                members,
                whole_history: room.channel,
            });
        }
        Ok(foundings)
    }

    fn start(
        &self,
        people: &[Person],
        recorder: &Recorder,
        tasks: &TaskTracker,
        over: &CancellationToken,
    ) -> Vec<Handle> {
        let root = Seed::new(self.seed);
        let mut handles = Vec::new();
        for (number, place) in (0..).zip(&self.schedule.devices) {
            let (device, handle) = Device::new(
                crate::ids::DeviceId(number),
                &format!("person-{place}/{number}"),
                people[*place].clone(),
                self.patience.clone(),
                &root.branch(u64::from(number) + 1),
                recorder.clone(),
                over.clone(),
            );
            tasks.spawn(device.run());
            handles.push(handle);
        }
        handles
    }
}

impl Stage {
    async fn settle(&self) -> anyhow::Result<()> {
        let all = futures_util::future::try_join_all(self.devices.iter().map(Handle::settle));
        let settled = tokio::time::timeout(SETTLING, all).await;
        settled
            .context("the devices never had everything")?
            .map(drop)
    }

    async fn let_happen(&self, step: &Happening) -> anyhow::Result<()> {
        match step {
            Happening::Deed { device, room, deed } => {
                let command = Command::Do(self.foundings[*room].conversation, deed.clone());
                self.devices[*device].tell(command).await;
            }
            Happening::Disconnect { device } => {
                self.devices[*device].tell(Command::Disconnect).await;
            }
            Happening::Forget { device } => self.devices[*device].tell(Command::Forget).await,
            Happening::Add { room, person } => {
                let conversation = self.foundings[*room].conversation;
                let user = self.people[*person].id;
                let path = format!("/api/groups/{conversation}/members");
                let wish = json!({ "userId": user });
                let adding = self.people[0].post(&path, &wish);
                self.outside(Action::Add { conversation, user }, adding)
                    .await?;
            }
            Happening::Remove { room, person } => {
                let conversation = self.foundings[*room].conversation;
                let user = self.people[*person].id;
                let path = format!("/api/groups/{conversation}/members/{user}");
                let removing = self.people[0].delete(&path);
                self.outside(Action::Remove { conversation, user }, removing)
                    .await?;
            }
        }
        Ok(())
    }

    /// A request of the founder over HTTP.
    async fn outside<T>(
        &self,
        action: Action,
        request: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<()> {
        let call = self.recorder.next_call();
        self.recorder.note_outside(Event::Invoked { call, action });
        let outcome = match request.await {
            Ok(_) => Outcome::Ok { receipt: None },
            Err(error) => match error.downcast_ref::<Refused>() {
                Some(refused) if refused.status < 500 => Outcome::Refused {
                    code: refused.code.as_str().into(),
                },
                _ => Outcome::Unknown {
                    reason: format!("{error:#}").into(),
                },
            },
        };
        self.recorder
            .note_outside(Event::Answered { call, outcome });
        Ok(())
    }

    async fn read(&self) -> anyhow::Result<Vec<Entry>> {
        let entries = self.recorder.entries();
        for founding in &self.foundings {
            let dump = dump::read(&self.people[0], founding, &entries).await?;
            self.recorder.note_outside(Event::Dump(dump));
        }
        Ok(self.recorder.entries())
    }
}
