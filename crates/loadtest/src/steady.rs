//! People who chat in one group at a steady rate, whether or not earlier messages were answered.
//!
//! Latency counts from the scheduled time, so a server that stalls cannot hide it. These devices never reconnect: whatever goes wrong
//! is a finding.

mod tally;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::cast;
use crate::checker::{self, Terms, Verdict};
use crate::device::Ear;
use crate::digest::Digest;
use crate::dump::{self, Founding};
use crate::history::{Action, Entry, Event, Frame, Recorder};
use crate::hub::{self, Caller, Heard, Listener};
use crate::ids::{CallId, ClientId, ConversationId, DeviceId};
use crate::person::Person;
use tally::Tally;

/// How long what is under way may take to arrive after the last send.
const SETTLING: Duration = Duration::from_secs(10);
/// How often a client says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many people chat.
    pub people: u32,
    /// How many messages all of them send in a second.
    pub rate: u32,
    /// For how many seconds.
    pub seconds: u32,
}

impl Load {
    fn messages(self) -> u32 {
        self.rate * self.seconds
    }
}

/// What came of a run.
pub struct Report {
    /// How many people chatted.
    pub people: u32,
    /// For how many seconds.
    pub seconds: u32,
    /// How many messages were sent.
    pub sent: u64,
    /// How many of them were acknowledged.
    pub acknowledged: u64,
    /// How many were refused, or lost with a connection, and the first reason.
    pub refused: (u64, Option<String>),
    /// How many came to all devices together.
    pub received: u64,
    /// From the scheduled time to the acknowledgement, in microseconds.
    pub acknowledging: Histogram<u64>,
    /// From the scheduled time to the arrival at a device, in microseconds.
    pub delivering: Histogram<u64>,
    /// Whether what everybody was told fits together.
    pub verdict: Verdict,
    /// What happened.
    pub history: Vec<Entry>,
}

/// What the tasks of a run share.
struct Shared {
    recorder: Recorder,
    group: ConversationId,
    tally: Mutex<Tally>,
    over: CancellationToken,
}

/// Invites people, lets them chat, and checks what they were told.
pub async fn run(base: &str, admin: &Person, load: Load) -> anyhow::Result<Report> {
    let recorder = Recorder::default();
    let people = cast::invite(base, admin, load.people, &recorder).await?;
    let (founder, others) = people.split_first().context("two people at least")?;
    let members: Vec<_> = others.iter().collect();
    let group = cast::found(founder, &members, "group", "Load", &recorder).await?;
    let shared = Arc::new(Shared {
        recorder: recorder.clone(),
        group,
        tally: Mutex::new(Tally::new()?),
        over: CancellationToken::new(),
    });
    chat_all(&people, load, &shared).await?;
    let founding = Founding {
        conversation: group,
        members: people.iter().map(|person| person.id).collect(),
        whole_history: false,
    };
    let dump = dump::read(founder, &founding, &recorder.entries()).await?;
    recorder.note_outside(Event::Dump(dump));
    let history = recorder.entries();
    let verdict = checker::check(&history, &Terms::default());
    let shared = Arc::into_inner(shared).context("every task has ended")?;
    let tally = shared.tally.into_inner();
    if tally.sent == 0 {
        bail!("nothing was sent: the run says nothing");
    }
    Ok(Report {
        people: load.people,
        seconds: load.seconds,
        sent: tally.sent,
        acknowledged: tally.acknowledged,
        refused: tally.refused,
        received: tally.received,
        acknowledging: tally.acknowledging,
        delivering: tally.delivering,
        verdict,
        history,
    })
}

async fn chat_all(people: &[Person], load: Load, shared: &Arc<Shared>) -> anyhow::Result<()> {
    let mut connections = Vec::with_capacity(people.len());
    for (number, person) in (0..).zip(people) {
        let device = DeviceId(number);
        let name = format!("person-{number}").into();
        shared.recorder.note(
            device,
            Event::Device {
                user: person.id,
                name,
            },
        );
        shared.recorder.note(device, Event::Connecting);
        let connection = hub::connect(person.base(), &person.access_token).await?;
        shared.recorder.note(device, Event::Connected);
        // What was there before is loaded once; from then on the events tell everything.
        let page = person
            .get(&format!("/api/conversations/{}/messages", shared.group))
            .await?;
        let mut ear = Ear::new(device, shared.recorder.clone());
        ear.hear(Frame::parse_reset(&page)?);
        connections.push((device, connection, ear));
    }
    let tasks = TaskTracker::new();
    let began = Instant::now();
    for (device, (caller, listener), ear) in connections {
        let (asked, answered) = tokio::sync::mpsc::channel(load.messages() as usize + 1);
        let plan = Plan::of(load, device);
        let chatting = chat(plan, began, caller, asked, shared.clone());
        tasks.spawn(noting_failure(device, chatting, shared.clone()));
        let listening = listen(ear, listener, began, answered, shared.clone());
        tasks.spawn(noting_failure(device, listening, shared.clone()));
    }
    tokio::time::sleep(Duration::from_secs(u64::from(load.seconds))).await;
    settle(shared, load).await;
    for (number, _) in (0..).zip(people) {
        shared.recorder.note(DeviceId(number), Event::Settled);
    }
    shared.over.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// When one device sends.
struct Plan {
    device: DeviceId,
    first: Duration,
    pause: Duration,
    messages: u32,
}

impl Plan {
    /// The devices take turns, so that all of them together keep the rate.
    fn of(load: Load, device: DeviceId) -> Self {
        let gap = Duration::from_secs(1) / load.rate;
        Self {
            device,
            first: gap * device.0,
            pause: gap * load.people,
            messages: load
                .messages()
                .saturating_sub(device.0)
                .div_ceil(load.people),
        }
    }
}

/// Lets a device go on until the run is over; what ends it before is written down.
async fn noting_failure(
    device: DeviceId,
    work: impl Future<Output = anyhow::Result<()>>,
    shared: Arc<Shared>,
) {
    if let Err(error) = work.await {
        let reason = format!("{error:#}");
        shared.recorder.note(
            device,
            Event::Disconnected {
                reason: reason.as_str().into(),
            },
        );
        shared.tally.lock().refuse(&reason);
    }
}

/// A call and when it was due.
type Asked = (CallId, Duration);

/// Sends on schedule. The scheduled time travels in the text, so that whoever receives it can tell how late it is.
async fn chat(
    plan: Plan,
    began: Instant,
    mut caller: Caller,
    asked: tokio::sync::mpsc::Sender<Asked>,
    shared: Arc<Shared>,
) -> anyhow::Result<()> {
    let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    loop {
        let due = plan.first + plan.pause * number;
        tokio::select! {
            () = shared.over.cancelled() => return Ok(()),
            _ = keep_alive.tick() => caller.ping().await?,
            () = tokio::time::sleep_until(began + due), if number < plan.messages => {
                let client_id = fresh_key();
                let body = format!("{} message {number} of device {}", due.as_micros(), plan.device.0);
                let conversation = shared.group;
                let action = Action::Send { conversation, client_id, body: Digest::of(&body) };
                let call = shared.recorder.invoke(plan.device, action);
                shared.tally.lock().sent += 1;
                // There is room for every message of the run.
                asked.send((call, due)).await?;
                let arguments = json!([conversation, body, client_id]);
                caller.invoke(&call.0.to_string(), "SendToGroup", &arguments).await?;
                number += 1;
            }
        }
    }
}

async fn listen(
    mut ear: Ear,
    mut listener: Listener,
    began: Instant,
    mut asked: tokio::sync::mpsc::Receiver<Asked>,
    shared: Arc<Shared>,
) -> anyhow::Result<()> {
    let mut due = HashMap::new();
    loop {
        let heard = tokio::select! {
            () = shared.over.cancelled() => return Ok(()),
            heard = listener.next() => heard?,
        };
        let now = Instant::now().duration_since(began);
        while let Ok((call, at)) = asked.try_recv() {
            due.insert(call, at);
        }
        for heard in heard {
            match heard {
                Heard::Completed { id, outcome } => {
                    let call = CallId(id.parse()?);
                    let late = due.remove(&call).map(|at| now.saturating_sub(at));
                    let outcome = shared.tally.lock().answered(outcome, late);
                    ear.note(Event::Answered { call, outcome });
                }
                Heard::Called { target, argument } => {
                    ear.hear_event(&target, &argument)?;
                    if target == "ReceiveMessage"
                        && argument["conversationId"] == json!(shared.group)
                    {
                        shared.tally.lock().received(&argument, now);
                    }
                }
                Heard::Item { .. } => {}
                Heard::Closed { error } => bail!("sent away: {}", error.unwrap_or_default()),
            }
        }
    }
}

/// Waits until everything has been answered and has arrived everywhere, or no longer.
async fn settle(shared: &Shared, load: Load) {
    let arrived = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        loop {
            looks.tick().await;
            let tally = shared.tally.lock();
            let answered = tally.acknowledged + tally.refused.0 >= u64::from(load.messages());
            if answered && tally.received >= tally.acknowledged * u64::from(load.people) {
                return;
            }
        }
    };
    // What has not arrived by then is reported as missing.
    let _ = tokio::time::timeout(SETTLING, arrived).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client makes its own keys; there is no port here"
)]
fn fresh_key() -> ClientId {
    ClientId::from_number(Uuid::now_v7().as_u128())
}
