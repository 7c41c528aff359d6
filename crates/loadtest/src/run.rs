use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::cli::Cli;
use crate::hub::{self, Caller, Heard, Listener};
use crate::ledger::{Entry, Ledger};
use crate::person::Person;

/// How long what is under way may take to arrive after the last send.
const SETTLING: Duration = Duration::from_secs(10);
/// How often a client says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) people: usize,
    pub(crate) seconds: f64,
    pub(crate) sent: usize,
    pub(crate) acknowledged: usize,
    pub(crate) refused: Vec<String>,
    pub(crate) received: usize,
    /// From the scheduled time to the acknowledgement, in microseconds.
    pub(crate) acknowledging: Histogram<u64>,
    /// From the scheduled time to the arrival at a device, in microseconds.
    pub(crate) delivering: Histogram<u64>,
    pub(crate) violations: Vec<String>,
}

/// What the tasks of a run share.
struct Shared {
    ledger: Mutex<Ledger>,
    acknowledging: Mutex<Histogram<u64>>,
    delivering: Mutex<Histogram<u64>>,
    began: Instant,
    over: CancellationToken,
}

/// Invites people, lets them chat, and checks what they were told.
pub(crate) async fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let base = cli.url.trim_end_matches('/');
    let admin = Person::sign_in(base, &cli.username, &cli.password).await?;
    let people = invite(base, &admin, cli.people).await?;
    let group = found_group(&people).await?;

    let mut connections = Vec::with_capacity(people.len());
    for person in &people {
        connections.push(hub::connect(base, &person.access_token).await?);
    }
    let shared = Arc::new(Shared {
        ledger: Mutex::default(),
        acknowledging: Mutex::new(Histogram::new(3)?),
        delivering: Mutex::new(Histogram::new(3)?),
        began: Instant::now(),
        over: CancellationToken::new(),
    });
    let tasks = TaskTracker::new();
    for (device, (caller, listener)) in connections.into_iter().enumerate() {
        let plan = Plan::of(cli, device, &group);
        let chatting = chat(plan, caller, shared.clone());
        tasks.spawn(noting_failure(chatting, shared.clone()));
        let listening = listen(device, group.clone(), listener, shared.clone());
        tasks.spawn(noting_failure(listening, shared.clone()));
    }
    let chatting = Duration::from_secs(u64::from(cli.seconds));
    tokio::time::sleep(chatting).await;
    settle(
        &shared,
        people.len(),
        usize::try_from(cli.rate * cli.seconds)?,
    )
    .await;
    shared.over.cancel();
    tasks.close();
    tasks.wait().await;
    judge(
        &shared,
        &admin_view(&people, &group).await?,
        people.len(),
        chatting,
    )
}

/// Makes the accounts of the simulated people.
async fn invite(base: &str, admin: &Person, people: u32) -> anyhow::Result<Vec<Person>> {
    let wish = json!({ "maxUses": people, "expiresInHours": 1 });
    let invitation = admin.post("/api/invitations", &wish).await?;
    let run = fresh_key().simple().to_string();
    let mut joined = Vec::new();
    for number in 0..people {
        let username = format!("load-{}-{number}", &run[24..]);
        joined.push(Person::join(base, &username, &invitation["code"]).await?);
    }
    Ok(joined)
}

async fn found_group(people: &[Person]) -> anyhow::Result<String> {
    let (founder, others) = people.split_first().context("two people at least")?;
    let ids: Vec<_> = others.iter().map(|person| &person.id).collect();
    let wish = json!({ "name": "Load", "memberIds": ids });
    let group = founder.post("/api/groups", &wish).await?;
    let id = group["id"].as_str().context("a group has an id")?;
    Ok(id.to_owned())
}

/// When one device sends, and what.
struct Plan {
    device: usize,
    group: String,
    first: Duration,
    pause: Duration,
    messages: u32,
}

impl Plan {
    /// The devices take turns, so that all of them together keep the rate.
    fn of(cli: &Cli, device: usize, group: &str) -> Self {
        let gap = Duration::from_secs(1) / cli.rate;
        let place = u32::try_from(device).unwrap_or(u32::MAX);
        let total = cli.rate * cli.seconds;
        Self {
            device,
            group: group.to_owned(),
            first: gap * place,
            pause: gap * cli.people,
            messages: total.saturating_sub(place).div_ceil(cli.people),
        }
    }
}

/// Lets a device go on until the run is over; what ends it before is written down.
async fn noting_failure(work: impl Future<Output = anyhow::Result<()>>, shared: Arc<Shared>) {
    if let Err(error) = work.await {
        shared.ledger.lock().refuse(&format!("{error:#}"));
    }
}

/// Sends on schedule. The scheduled time travels in the text, so that whoever receives it can tell how late it is.
async fn chat(plan: Plan, mut caller: Caller, shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    loop {
        let due = shared.began + plan.first + plan.pause * number;
        tokio::select! {
            () = shared.over.cancelled() => return Ok(()),
            _ = keep_alive.tick() => caller.ping().await?,
            () = tokio::time::sleep_until(due), if number < plan.messages => {
                let key = fresh_key().to_string();
                let scheduled = due.duration_since(shared.began).as_micros();
                let body = format!("{scheduled} message {number} of device {}", plan.device);
                shared.ledger.lock().send(&key, &body);
                // The invocation's id says which message is answered, and when it was due.
                let id = format!("{scheduled}/{key}");
                let arguments = json!([plan.group, body, key]);
                caller.invoke(&id, "SendToGroup", &arguments).await?;
                number += 1;
            }
        }
    }
}

async fn listen(
    device: usize,
    group: String,
    mut listener: Listener,
    shared: Arc<Shared>,
) -> anyhow::Result<()> {
    loop {
        let heard = tokio::select! {
            () = shared.over.cancelled() => return Ok(()),
            heard = listener.next() => heard?,
        };
        let now = Instant::now();
        for heard in heard {
            match heard {
                Heard::Completed { id, outcome } => shared.answered(&id, &outcome, now),
                Heard::Called { target, argument } => {
                    if target == "ReceiveMessage" && argument["conversationId"] == json!(group) {
                        shared.received(device, &argument, now);
                    }
                }
                Heard::Closed { error } => {
                    bail!(
                        "device {device} was sent away: {}",
                        error.unwrap_or_default()
                    );
                }
            }
        }
    }
}

impl Shared {
    fn answered(&self, id: &str, outcome: &Result<Value, String>, now: Instant) {
        let Some((scheduled, key)) = id.split_once('/') else {
            return;
        };
        match outcome.as_ref().map(|receipt| receipt["seq"].as_u64()) {
            Ok(Some(seq)) => {
                self.note(&self.acknowledging, scheduled, now);
                self.ledger.lock().acknowledge(key, seq);
            }
            Ok(None) => self.ledger.lock().refuse("a receipt without a place"),
            Err(error) => self.ledger.lock().refuse(error),
        }
    }

    fn received(&self, device: usize, message: &Value, now: Instant) {
        let body = message["body"].as_str().unwrap_or_default();
        let scheduled = body.split(' ').next().unwrap_or_default();
        self.note(&self.delivering, scheduled, now);
        let key = message["clientId"].as_str().unwrap_or_default();
        let seq = message["seq"].as_u64().unwrap_or_default();
        self.ledger.lock().receive(device, seq, key);
    }

    fn note(&self, latencies: &Mutex<Histogram<u64>>, scheduled: &str, now: Instant) {
        let Ok(scheduled) = scheduled.parse() else {
            return;
        };
        let late = now.duration_since(self.began + Duration::from_micros(scheduled));
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        // The histogram grows with what it is given; saturating would cut the slowest off.
        let _ = latencies.lock().record(micros);
    }
}

/// Waits until everything has been answered and has arrived everywhere, or no longer.
async fn settle(shared: &Shared, devices: usize, expected: usize) {
    let arrived = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        loop {
            looks.tick().await;
            let ledger = shared.ledger.lock();
            let answered = ledger.acknowledged() + ledger.refused().len();
            if answered >= expected && ledger.is_complete(devices) {
                return;
            }
        }
    };
    // What has not arrived by then is reported as missing.
    let _ = tokio::time::timeout(SETTLING, arrived).await;
}

async fn admin_view(people: &[Person], group: &str) -> anyhow::Result<Vec<Entry>> {
    let reader = people.first().context("two people at least")?;
    let messages = reader.read_all(group).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(messages
        .iter()
        .map(|message| Entry {
            seq: message["seq"].as_u64().unwrap_or_default(),
            key: text(&message["clientId"]),
            body: text(&message["body"]),
        })
        .collect())
}

fn judge(
    shared: &Shared,
    log: &[Entry],
    people: usize,
    chatting: Duration,
) -> anyhow::Result<Outcome> {
    let ledger = shared.ledger.lock();
    if ledger.sent() == 0 {
        bail!("nothing was sent: the run says nothing");
    }
    Ok(Outcome {
        people,
        seconds: chatting.as_secs_f64(),
        sent: ledger.sent(),
        acknowledged: ledger.acknowledged(),
        refused: ledger.refused().to_vec(),
        received: ledger.received(),
        acknowledging: shared.acknowledging.lock().clone(),
        delivering: shared.delivering.lock().clone(),
        violations: ledger.violations(log, people),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client makes its own keys; there is no port here"
)]
fn fresh_key() -> Uuid {
    Uuid::now_v7()
}
