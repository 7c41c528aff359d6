//! What a node does by itself, over and over.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::auth::AuthService;
use hubbub_application::chat::ChatService;
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_shared::Causes;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::hub::{HubOutbound, Watching};

/// How often this node says that it lives, and it is looked who has gone away.
const PRESENCE_BEAT: Duration = Duration::from_secs(1);
/// How often watchers are told what has changed.
const PRESENCE_FRAME: Duration = Duration::from_millis(200);
/// How often what watchers see is read again, in case a hint was lost.
const PRESENCE_REFRESH: Duration = Duration::from_secs(30);
/// How often it is looked which sign-ins have ended on other nodes, in case a hint was lost.
const ENDED_SWEEP: Duration = Duration::from_secs(5);
/// How often what ended long ago is removed; the first time right after the start.
const PURGE_ENDED: Duration = Duration::from_hours(24);
/// How often the words of messages are removed whose deletion cannot be taken back any more.
const PURGE_DELETED: Duration = Duration::from_secs(5);
/// How often what every node has asked for is forgotten.
const FORGET_CHANGES: Duration = Duration::from_secs(20);

/// Runs something until the program stops.
pub(super) async fn until(stopping: CancellationToken, work: impl Future<Output = ()>) {
    stopping.run_until_cancelled(work).await;
}

/// Says to the others who is here, as it happens and once more in order at the end.
pub(super) async fn keep_presence(presence: Arc<PresenceService>, stopping: CancellationToken) {
    let mut ticks = every(PRESENCE_BEAT);
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            () = presence.has_news() => presence.report().await,
            _ = ticks.tick() => presence.beat().await,
        }
    }
    presence.leave().await;
}

/// Tells watchers what has changed, and reads what they see again whenever a change may have been missed.
pub(super) async fn announce_presence(watching: Arc<Watching>, stopping: CancellationToken) {
    let mut frames = every(PRESENCE_FRAME);
    let mut refreshes = every(PRESENCE_REFRESH);
    let mut knowledge = watching.knowledge();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            Ok(()) = knowledge.changed() => {
                if knowledge.borrow_and_update().is_lost {
                    watching.lose();
                } else {
                    watching.refresh().await;
                }
            }
            _ = refreshes.tick() => watching.refresh().await,
            _ = frames.tick() => watching.announce(),
        }
    }
}

/// Closes the connections of sign-ins that have ended elsewhere without a word of it here.
pub(super) async fn close_ended(
    auth: Arc<AuthService>,
    outbound: Arc<HubOutbound>,
    stopping: CancellationToken,
) {
    let mut ended = auth.ended_sessions();
    let mut ticks = every(ENDED_SWEEP);
    while is_time(&mut ticks, &stopping).await {
        match ended.next().await {
            Ok(sessions) => outbound.close_ended(&sessions),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "sign-ins that ended elsewhere are not known yet");
            }
        }
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

pub(super) async fn forget_changes(chat: Arc<ChatService>, stopping: CancellationToken) {
    let mut ticks = every(FORGET_CHANGES);
    while is_time(&mut ticks, &stopping).await {
        if let Err(error) = chat.forget_changes().await {
            tracing::warn!(error = %Causes(&error), "which logs have moved on cannot be forgotten yet");
        }
    }
}
