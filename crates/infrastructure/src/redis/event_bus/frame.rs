//! The form of a message on the bus: who says it, in which history, what, and the proof that it is one of ours.
//!
//! `version (1) · epoch (16) · sender (16) · content (JSON) · HMAC-SHA-256 (32)`. The proof covers everything before it and
//! the channel, so that nothing can be repeated elsewhere.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hubbub_domain::ids::{Epoch, NodeId};
use hubbub_domain::repository::ServerKey;
use sha2::Sha256;

use super::wire::Content;

/// The only version so far. Another one is not understood, and dropped.
const VERSION: u8 = 1;
const HEADER: usize = 1 + 16 + 16;
const PROOF: usize = 32;

/// Writes and reads the messages of one node.
pub(super) struct FrameCodec {
    epoch: Epoch,
    node: NodeId,
    /// The keyed state, from which each proof begins.
    keyed: Hmac<Sha256>,
}

/// A message that is genuine.
pub(super) struct Frame {
    pub(super) sender: NodeId,
    pub(super) content: Content<'static>,
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFrame {
    #[error("it is not of a version that is understood here")]
    Version,
    #[error("it was not made with the key of this installation")]
    Proof,
    #[error("it is of another history of the database")]
    Epoch,
    #[error("its content is not understood here")]
    Content,
}

impl FrameCodec {
    pub(super) fn new(epoch: Epoch, node: NodeId, key: &ServerKey) -> Self {
        Self {
            epoch,
            node,
            keyed: Hmac::new_from_slice(&key.secret).expect("any length will do for a key"),
        }
    }

    pub(super) fn encode(&self, channel: &str, content: &Content<'_>) -> Vec<u8> {
        let mut frame = Vec::with_capacity(512);
        frame.push(VERSION);
        frame.extend_from_slice(self.epoch.as_uuid().as_bytes());
        frame.extend_from_slice(self.node.as_uuid().as_bytes());
        serde_json::to_writer(&mut frame, content).expect("events are plain data");
        let proof = self.proof(channel, &frame).finalize().into_bytes();
        frame.extend_from_slice(&proof);
        frame
    }

    pub(super) fn decode(&self, channel: &str, frame: &[u8]) -> Result<Frame, BadFrame> {
        if frame.first() != Some(&VERSION) {
            return Err(BadFrame::Version);
        }
        let length = frame.len().checked_sub(PROOF);
        let length = length.filter(|&length| length >= HEADER);
        let (said, proof) = frame.split_at(length.ok_or(BadFrame::Proof)?);
        let genuine = self.proof(channel, said).verify_slice(proof);
        genuine.map_err(|_| BadFrame::Proof)?;
        if said[1..17] != *self.epoch.as_uuid().as_bytes() {
            return Err(BadFrame::Epoch);
        }
        let sender = uuid::Uuid::from_slice(&said[17..HEADER]).map_err(|_| BadFrame::Content)?;
        Ok(Frame {
            sender: NodeId::from_uuid(sender),
            content: serde_json::from_slice(&said[HEADER..]).map_err(|_| BadFrame::Content)?,
        })
    }

    fn proof(&self, channel: &str, said: &[u8]) -> Hmac<Sha256> {
        let mut proof = self.keyed.clone();
        // What is said begins with the version, and no channel contains that byte.
        proof.update(channel.as_bytes());
        proof.update(said);
        proof
    }
}

#[cfg(test)]
mod tests;
