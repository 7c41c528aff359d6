use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

/// Lets a panic end the request alone, and not its connection, on which other requests may be running.
pub(crate) async fn contained(request: Request, next: Next) -> Response {
    let mut running = pin!(next.run(request));
    // What was torn in the middle is dropped with the request and never looked at again.
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))).unwrap_or_else(|_| {
            tracing::error!("a request handler panicked");
            Poll::Ready(Problem::internal().into_response())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_request_with_a_problem() {
        let router = Router::new()
            .route(
                "/",
                get(async || -> &'static str {
                    tokio::task::yield_now().await;
                    panic!("a defect")
                }),
            )
            .layer(from_fn(contained));
        let request = Request::new(Body::empty());
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let problem = response.extensions().get::<Problem>().unwrap();
        assert_eq!(problem.code, "internal");
    }
}
