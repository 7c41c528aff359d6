use std::future::Future as _;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::stream::{Stream, poll_fn};
use hubbub_application::chat::dto::SyncPage;
use hubbub_application::chat::{ChatError, ChatService, SyncRequest};
use hubbub_domain::ids::UserId;
use signalr_hub::Context;
use tokio::sync::mpsc;

use super::chat_hub::{HubState, Result, user};
use crate::problem::HubProblem;
use crate::requests::SyncBody;

/// Streams the pages. A page is read when the one before it has gone out.
pub(super) async fn sync(
    context: Context<HubState>,
    request: SyncBody,
) -> impl Stream<Item = Result<SyncPage>> {
    let chat = Arc::clone(&context.state().chat);
    pages(chat, user(&context), request.into())
}

/// A synchronisation borrows its service, and a stream must own both: so they live in one future, which goes on as far as the pages
/// are taken from it.
fn pages(
    chat: Arc<ChatService>,
    user: UserId,
    request: SyncRequest,
) -> impl Stream<Item = Result<SyncPage>> {
    let (sender, mut pages) = mpsc::channel(1);
    let reading = async move {
        if let Err(error) = read(&chat, user, request, &sender).await {
            // Who no longer listens does not miss it.
            let _ = sender.send(Err(HubProblem::from(error))).await;
        }
    };
    let mut reading = Box::pin(reading.fuse());
    poll_fn(move |cx| {
        let _ = reading.as_mut().poll(cx);
        pages.poll_recv(cx)
    })
}

async fn read(
    chat: &ChatService,
    user: UserId,
    request: SyncRequest,
    pages: &mpsc::Sender<Result<SyncPage>>,
) -> std::result::Result<(), ChatError> {
    let mut syncing = chat.sync(user, request).await?;
    // Room first: nothing is read ahead of who is to receive it.
    while let Ok(room) = pages.reserve().await {
        let Some(page) = syncing.next().await? else {
            break;
        };
        room.send(Ok(page));
    }
    Ok(())
}
