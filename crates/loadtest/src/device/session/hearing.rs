//! What a device does about what it hears.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::super::refusal::{Refusal, understand};
use super::{LOOK, Purpose, Session, Step};
use crate::history::{Event, Frame, Outcome, Receipt, field};
use crate::hub::Heard;
use crate::ids::CallId;

impl Session<'_> {
    pub(super) async fn hear(&mut self, heard: Vec<Heard>) -> Step {
        for heard in heard {
            match heard {
                Heard::Called { target, argument } => {
                    let heard = self.device.ear.hear_event(&target, &argument);
                    heard.map_err(|error| format!("{target}: {error:#}"))?;
                    if target == "Heads" && !self.live {
                        self.live = true;
                        self.device.backoff.reset();
                    }
                }
                Heard::Item { id, item } => self.page(&id, &item)?,
                Heard::Completed { id, outcome } => self.completed(&id, outcome)?,
                Heard::Closed { error } => {
                    return Err(format!("the server hung up: {}", error.unwrap_or_default()));
                }
            }
        }
        self.look().await
    }

    fn page(&mut self, id: &str, item: &Value) -> Step {
        let frame = Frame::parse_page(item).map_err(|error| format!("{error:#}"))?;
        let partial = match &frame {
            Frame::Reset {
                conversation,
                has_before,
                ..
            } => Some((*conversation, *has_before)),
            _ => None,
        };
        let done = match &frame {
            Frame::Done { epoch, heads, .. } => Some((*epoch, heads.clone())),
            _ => None,
        };
        if self.device.ear.hear(frame)
            && let Some((conversation, has_before)) = partial
        {
            self.device.partial.retain(|of| *of != conversation);
            self.device
                .partial
                .extend(has_before.then_some(conversation));
        }
        if let (Some((epoch, heads)), Ok(sync)) = (done, id.parse().map(CallId)) {
            self.device.ear.note(Event::SyncDone { sync, epoch, heads });
        }
        Ok(())
    }

    fn completed(&mut self, id: &str, outcome: Result<Value, String>) -> Step {
        let Ok(call) = id.parse().map(CallId) else {
            return Ok(());
        };
        let Some((purpose, _)) = self.calls.remove(&call) else {
            return Ok(());
        };
        let conversation = match purpose {
            Purpose::Sync => {
                return outcome.map(drop).map_err(|error| {
                    self.device.ear.note(Event::SyncFailed {
                        sync: call,
                        reason: Arc::from(error.as_str()),
                    });
                    format!("no synchronisation: {error}")
                });
            }
            Purpose::Act => None,
            Purpose::Send(conversation) => Some(conversation),
        };
        let (outcome, retry) = match outcome.map_err(|error| understand(&error)) {
            Ok(result) => (
                Outcome::Ok {
                    receipt: receipt(&result),
                },
                None,
            ),
            Err(Refusal::Definite(code)) => (Outcome::Refused { code }, None),
            Err(Refusal::Passing(reason, wait)) => {
                (Outcome::Unknown { reason }, Some(wait.unwrap_or(LOOK)))
            }
        };
        self.answer(call, outcome);
        if let Some(conversation) = conversation {
            match retry {
                Some(wait) => {
                    self.device
                        .outbox
                        .unknown(conversation, call, Some(Instant::now() + wait));
                }
                None => self.device.outbox.settled(conversation, call),
            }
        }
        Ok(())
    }
}

/// What a call was answered with: a receipt, a bare rev, or nothing that matters here.
pub(crate) fn receipt(result: &Value) -> Option<Receipt> {
    let bare = |rev| Receipt {
        seq: 0,
        rev,
        message_id: None,
        sent_at: Arc::from(""),
    };
    result.as_u64().map(bare).or_else(|| {
        Some(Receipt {
            seq: field(result, "seq").ok()?,
            rev: field(result, "rev").ok()?,
            message_id: field(result, "messageId").ok()?,
            sent_at: field(result, "sentAt").ok()?,
        })
    })
}
