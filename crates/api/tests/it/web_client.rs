//! The web client as the program serves it. It is built before these tests run.

use reqwest::{Method, StatusCode};

use crate::app::{Answer, TestApp, answer};

/// Every file that the start page loads.
fn assets(html: &str) -> Vec<String> {
    html.split('"')
        .filter(|text| matches!(text.rsplit_once('.'), Some((_, "js" | "css"))))
        .map(|text| format!("/{}", text.trim_start_matches('/')))
        .collect()
}

async fn fetch(app: &TestApp, path: &str, coding: &str) -> Answer {
    answer(
        app.request(Method::GET, path)
            .header("accept-encoding", coding),
    )
    .await
}

#[tokio::test]
async fn the_start_page_is_served_for_every_address_of_the_client() {
    let app = TestApp::start().await;
    for path in ["/", "/sign-in", "/join/some-code", "/c/some-conversation"] {
        let page = app.get(path).await;
        assert_eq!(
            page.status,
            StatusCode::OK,
            "{path}: {page:?}; was the web client built? run: make web"
        );
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-cache");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{policy}"
        );
        let html = page.body.as_str().unwrap();
        assert!(
            !html.contains("http://") && !html.contains("https://"),
            "nothing comes from elsewhere"
        );
        assert!(!html.contains("<script>"), "no inline script");
    }
}

#[tokio::test]
async fn what_has_a_hash_in_its_name_is_kept_for_ever_and_sent_compressed() {
    let app = TestApp::start().await;
    let page = app.get("/").await;
    let assets = assets(page.body.as_str().unwrap());
    assert!(assets.len() >= 2, "{assets:?}");
    // Of what is tiny, no packed form is kept: it would be longer.
    let large = |path: &String| path.contains("main-") || path.contains("styles-");
    let large: Vec<_> = assets.into_iter().filter(large).collect();
    assert_eq!(large.len(), 2, "{large:?}");
    for path in large {
        for (accepted, expected) in [
            ("br, gzip", "br"),
            ("gzip", "gzip"),
            ("identity", ""),
            ("br;q=0, gzip", "gzip"),
        ] {
            let file = fetch(&app, &path, accepted).await;
            assert_eq!(file.status, StatusCode::OK, "{path}");
            assert_eq!(file.header("content-encoding"), expected, "{path}");
            assert!(file.header("cache-control").contains("immutable"), "{path}");
            assert_eq!(file.header("vary"), "accept-encoding");
        }
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let app = TestApp::start().await;
    let page = app.get("/").await;
    let again = app
        .request(Method::GET, "/")
        .header("if-none-match", page.header("etag"));
    let again = answer(again).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.body, "");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_the_start_page() {
    let app = TestApp::start().await;
    for path in [
        "/main-AAAAAAAA.js",
        "/favicon.nothing",
        "/..%2f..%2fCargo.toml",
        "/api/",
        "/hubs/other",
    ] {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
