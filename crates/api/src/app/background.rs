//! What a node does by itself, over and over.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::chat::ChatService;
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_shared::Causes;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often it is looked who has been away for longer than the time of grace.
const PRESENCE_SWEEP: Duration = Duration::from_secs(1);
/// How often what ended long ago is removed; the first time right after the start.
const PURGE_ENDED: Duration = Duration::from_hours(24);
/// How often the words of messages are removed whose deletion cannot be taken back any more.
const PURGE_DELETED: Duration = Duration::from_secs(5);

pub(super) async fn sweep_presence(presence: Arc<PresenceService>, stopping: CancellationToken) {
    let mut ticks = every(PRESENCE_SWEEP);
    while is_time(&mut ticks, &stopping).await {
        presence.sweep();
    }
}

pub(super) async fn purge_ended(server: ServerService, stopping: CancellationToken) {
    let mut ticks = every(PURGE_ENDED);
    while is_time(&mut ticks, &stopping).await {
        match server.purge().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old sign-ins and invitations were removed"),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "old sign-ins and invitations cannot be removed yet");
            }
        }
    }
}

pub(super) async fn purge_deleted(chat: Arc<ChatService>, stopping: CancellationToken) {
    let mut ticks = every(PURGE_DELETED);
    while is_time(&mut ticks, &stopping).await {
        match chat.purge_deleted().await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "deleted messages were removed for good"),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "deleted messages cannot be removed for good yet");
            }
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits for the next tick. Answers that there is none when the program stops.
async fn is_time(ticks: &mut Interval, stopping: &CancellationToken) -> bool {
    tokio::select! {
        () = stopping.cancelled() => false,
        _ = ticks.tick() => true,
    }
}
