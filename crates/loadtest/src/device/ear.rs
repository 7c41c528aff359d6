//! Hears, writes down, and obeys the rule, in this order.

use serde_json::Value;

use super::rule::Replica;
use crate::history::{Effect, Event, Frame, Recorder};
use crate::ids::DeviceId;

/// What a device holds, and the history in which it writes down what it was told.
pub struct Ear {
    device: DeviceId,
    recorder: Recorder,
    replica: Replica,
}

impl Ear {
    /// A device that holds nothing yet.
    pub fn new(device: DeviceId, recorder: Recorder) -> Self {
        Self {
            device,
            recorder,
            replica: Replica::default(),
        }
    }

    /// Takes an event of the hub; what is no log is passed over.
    pub fn hear_event(&mut self, target: &str, event: &Value) -> anyhow::Result<()> {
        if let Some(frame) = Frame::parse_event(target, event)? {
            self.hear(frame);
        }
        Ok(())
    }

    /// Takes a frame: first the history has it, then the rule. Answers whether it changed what is held.
    pub fn hear(&mut self, frame: Frame) -> bool {
        let effects = self.replica.take(&frame);
        self.note(Event::Received { frame });
        let mut applied = false;
        for effect in effects {
            applied |= matches!(effect, Effect::Applied { .. });
            self.note(Event::Ruled { effect });
        }
        applied
    }

    /// Loses everything.
    pub fn forget(&mut self) {
        self.replica = Replica::default();
        self.note(Event::Forgot);
    }

    /// What is held.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The history.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Writes down what happens at this device.
    pub fn note(&self, event: Event) {
        self.recorder.note(self.device, event);
    }
}
