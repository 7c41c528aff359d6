//! Accepting connections and serving them.
//!
//! axum's own loop has no timers for what a client may take its time to send, no bound on connections and no way to give up on one, so
//! the loop is written here over hyper.

mod body;
mod placed;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use body::TimedBody;
pub(crate) use body::is_timeout;
use placed::Placed;

/// How long a client may take to send the headers of its first request.
const FIRST_HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be kept without a whole request after its first. A client that finds its connection closed in the moment in
/// which it sends cannot know what became of the request, so the client must be the one that closes: this is longer than what proxies
/// (60 to 90 s) and HTTP libraries (90 s) keep one for.
const IDLE_TIMEOUT: Duration = Duration::from_mins(2);
/// How long a client may take to send the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after accepting failed, for instance because there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping`, then lets running requests end. Returns when no connection is left.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    stopping: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(max_connections));
    let connections = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => {
                place.expect("nobody closes the semaphore")
            }
        };
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, stopping) = (router.clone(), stopping.clone());
                connections.spawn(connection(stream, place, peer, router, stopping));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) {
    // Small frames must not wait for each other; a socket that cannot do this still works.
    let _ = stream.set_nodelay(true);
    let spoke = CancellationToken::new();
    let service = hyper::service::service_fn({
        let spoke = spoke.clone();
        move |mut request: Request<Incoming>| {
            spoke.cancel();
            request.extensions_mut().insert(ConnectInfo(peer));
            let request = request.map(|body| axum::body::Body::new(TimedBody::new(body)));
            router.clone().oneshot(request)
        }
    });
    // hyper's own timer begins only once it knows which version of HTTP the client speaks.
    let is_silent = async {
        if tokio::time::timeout(FIRST_HEADER_TIMEOUT, spoke.cancelled())
            .await
            .is_ok()
        {
            std::future::pending::<()>().await;
        }
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let io = Placed::new(TokioIo::new(stream), place);
    let connection = builder.serve_connection_with_upgrades(io, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = is_silent => return,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(error = %error, "a connection broke");
    }
}

#[cfg(test)]
mod tests;
