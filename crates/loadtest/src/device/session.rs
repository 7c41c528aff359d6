//! One connection of a device, from its first frame to its end.

mod hearing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use super::{Command, Deed, Device, End, Pending};
use crate::digest::Digest;
use crate::history::{Action, Event, Frame, MessageRow, Outcome};
use crate::hub::{Caller, Listener};
use crate::ids::{CallId, ConversationId, MessageId};
use crate::person::Refused;
pub(crate) use hearing::receipt;

/// How often a device looks after what is waiting.
const LOOK: Duration = Duration::from_millis(20);
/// How often a device says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a call was made for.
enum Purpose {
    Send(ConversationId),
    Act,
    Sync,
}

/// A connection while it lasts.
pub(super) struct Session<'a> {
    device: &'a mut Device,
    caller: Caller,
    calls: HashMap<CallId, (Purpose, Instant)>,
    live: bool,
    /// Whether a synchronisation is due whatever the rule says.
    sync_due: bool,
    /// Whether everything that was waiting had been answered when the present synchronisation began.
    sync_settles: bool,
}

type Step = Result<(), String>;

impl<'a> Session<'a> {
    pub(super) fn new(device: &'a mut Device, caller: Caller) -> Self {
        Self {
            device,
            caller,
            calls: HashMap::new(),
            live: false,
            sync_due: true,
            sync_settles: false,
        }
    }

    pub(super) async fn run(mut self, mut listener: Listener) -> End {
        let over = self.device.over.clone();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pings = tokio::time::interval(KEEP_ALIVE);
        let end = loop {
            let step = tokio::select! {
                () = over.cancelled() => break End::Over,
                heard = listener.next() => match heard {
                    Ok(heard) => self.hear(heard).await,
                    Err(error) => Err(format!("{error:#}")),
                },
                Some(command) = self.device.commands.recv() => self.obey(command).await,
                _ = looks.tick() => self.look().await,
                _ = pings.tick() => self.caller.ping().await.map_err(|error| format!("{error:#}")),
            };
            if let Err(reason) = step {
                break End::Broken(reason);
            }
        };
        self.give_up();
        end
    }

    /// What was asked and not answered before the connection ended.
    fn give_up(&mut self) {
        for (call, (purpose, _)) in std::mem::take(&mut self.calls) {
            let reason = Arc::from("the connection ended");
            match purpose {
                Purpose::Sync => self
                    .device
                    .ear
                    .note(Event::SyncFailed { sync: call, reason }),
                Purpose::Act => self.answer(call, Outcome::Unknown { reason }),
                Purpose::Send(conversation) => {
                    self.answer(call, Outcome::Unknown { reason });
                    self.device.outbox.unknown(conversation, call, None);
                }
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Step {
        match command {
            Command::Disconnect => Err("the network broke on purpose".to_owned()),
            Command::Forget => {
                self.device.forget();
                Err("the storage was lost on purpose".to_owned())
            }
            Command::Settle(done) => {
                self.device.settling = Some(done);
                self.sync_due = true;
                Ok(())
            }
            Command::Do(conversation, deed @ (Deed::Send { .. } | Deed::Misuse { .. })) => {
                self.device.write(conversation, deed);
                self.look().await
            }
            Command::Do(conversation, deed) => self.act(conversation, deed).await,
        }
    }

    /// Does what is due: sends, synchronises, loads older messages.
    async fn look(&mut self) -> Step {
        let now = Instant::now();
        if self
            .calls
            .values()
            .any(|(_, asked)| now - *asked > self.device.patience.answer)
        {
            return Err("an answer took too long".to_owned());
        }
        if !self.live {
            return Ok(());
        }
        while let Some((conversation, pending)) = self.device.outbox.due(now) {
            self.send(conversation, pending).await?;
        }
        if self.is_syncing() {
            return Ok(());
        }
        if !self.sync_due {
            self.load_older().await?;
        }
        let waiting = self.device.settling.is_some() && !self.sync_settles && self.is_idle();
        if self.sync_due || waiting || self.device.ear.replica().is_behind() {
            return self.sync().await;
        }
        if self.sync_settles
            && self.is_idle()
            && let Some(done) = self.device.settling.take()
        {
            self.device.ear.note(Event::Settled);
            // Whoever asked may have given up.
            let _ = done.send(());
        }
        Ok(())
    }

    fn is_syncing(&self) -> bool {
        self.calls
            .values()
            .any(|(purpose, _)| matches!(purpose, Purpose::Sync))
    }

    fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.device.outbox.is_empty() && self.device.partial.is_empty()
    }

    async fn send(&mut self, conversation: ConversationId, pending: Pending) -> Step {
        let Pending { client_id, body } = pending;
        let action = Action::Send {
            conversation,
            client_id,
            body: Digest::of(&body),
        };
        let message =
            json!({ "conversationId": conversation, "clientId": client_id, "body": body });
        let call = self.begin(action, Purpose::Send(conversation));
        self.device.outbox.sent(conversation, call);
        self.invoke(call, "SendMessage", json!([message])).await
    }

    async fn act(&mut self, conversation: ConversationId, deed: Deed) -> Step {
        let (action, target, arguments) = match deed {
            Deed::Edit { pick, body } => {
                let Some(message) = self.pick(conversation, pick, true) else {
                    return Ok(());
                };
                let action = Action::Edit {
                    conversation,
                    message,
                    body: Digest::of(&body),
                };
                (action, "EditMessage", json!([conversation, message, body]))
            }
            Deed::Delete { pick } => {
                let Some(message) = self.pick(conversation, pick, true) else {
                    return Ok(());
                };
                (
                    Action::Delete {
                        conversation,
                        message,
                    },
                    "DeleteMessage",
                    json!([conversation, message]),
                )
            }
            Deed::React { pick, emoji, add } => {
                let Some(message) = self.pick(conversation, pick, false) else {
                    return Ok(());
                };
                let target = if add { "AddReaction" } else { "RemoveReaction" };
                (
                    Action::React {
                        conversation,
                        message,
                        add,
                    },
                    target,
                    json!([conversation, message, emoji]),
                )
            }
            Deed::Join => (
                Action::Join { conversation },
                "JoinGroup",
                json!([conversation]),
            ),
            Deed::Leave => (
                Action::Leave { conversation },
                "LeaveGroup",
                json!([conversation]),
            ),
            Deed::Send { .. } | Deed::Misuse { .. } => return Ok(()),
        };
        let call = self.begin(action, Purpose::Act);
        self.invoke(call, target, arguments).await
    }

    /// One of the messages held, of one's own if asked, that can still be changed.
    fn pick(&self, conversation: ConversationId, pick: u64, own: bool) -> Option<MessageId> {
        let me = self.device.person.id;
        let may = |row: &&MessageRow| {
            !row.deleted && row.system.is_none() && (!own || row.sender_id == me)
        };
        let log = self.device.ear.replica().logs().get(&conversation)?;
        let rows: Vec<_> = log.messages.values().filter(may).collect();
        let place = usize::try_from(pick % (rows.len().max(1) as u64)).ok()?;
        rows.get(place).map(|row| row.message_id)
    }

    async fn sync(&mut self) -> Step {
        let replica = self.device.ear.replica();
        let positions = replica.positions();
        let mut request = json!({ "positions": positions });
        // Absent is something else than null only to strict servers; absent is always right.
        if let Some(epoch) = replica.epoch() {
            request["epoch"] = json!(epoch);
        }
        if let Some(user_rev) = replica.user_rev() {
            request["userRev"] = json!(user_rev);
        }
        let sync = self.device.ear.recorder().next_call();
        self.device.ear.note(Event::SyncStarted { sync, positions });
        self.calls.insert(sync, (Purpose::Sync, Instant::now()));
        self.sync_due = false;
        self.sync_settles = self.device.settling.is_some()
            && self.device.outbox.is_empty()
            && self.calls.len() == 1;
        let id = sync.0.to_string();
        let asked = self.caller.stream(&id, "Sync", &json!([request])).await;
        asked.map_err(|error| format!("{error:#}"))
    }

    /// Loads the messages before a reset's page, so that the whole log is held.
    async fn load_older(&mut self) -> Step {
        while let Some(&conversation) = self.device.partial.last() {
            let log = self.device.ear.replica().logs().get(&conversation);
            let Some(first) = log
                .and_then(|log| log.messages.first_key_value())
                .map(|(seq, _)| *seq)
            else {
                self.device.partial.pop();
                continue;
            };
            let path =
                format!("/api/conversations/{conversation}/messages?before={first}&limit=200");
            let page = match self.device.person.get(&path).await {
                Ok(page) => page,
                Err(error) if error.is::<Refused>() => {
                    // It was taken away meanwhile; the log will say so.
                    self.device.partial.pop();
                    continue;
                }
                Err(error) => return Err(format!("{error:#}")),
            };
            let frame = Frame::parse_older(&page).map_err(|error| format!("{error:#}"))?;
            let more = matches!(
                frame,
                Frame::Older {
                    has_before: true,
                    ..
                }
            );
            if self.device.ear.hear(frame) && !more {
                self.device.partial.pop();
            }
        }
        Ok(())
    }

    fn begin(&mut self, action: Action, purpose: Purpose) -> CallId {
        let call = self.device.ear.recorder().next_call();
        self.device.ear.note(Event::Invoked { call, action });
        self.calls.insert(call, (purpose, Instant::now()));
        call
    }

    async fn invoke(&mut self, call: CallId, target: &str, arguments: Value) -> Step {
        let id = call.0.to_string();
        let asked = self.caller.invoke(&id, target, &arguments).await;
        asked.map_err(|error| format!("{error:#}"))
    }

    fn answer(&self, call: CallId, outcome: Outcome) {
        self.device.ear.note(Event::Answered { call, outcome });
    }
}
