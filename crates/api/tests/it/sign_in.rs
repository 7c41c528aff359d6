//! Cookies, origins and tokens over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::{TestApp, answer, binary, password_of};

fn cookie_of(header: &str) -> String {
    header.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_browser_keeps_its_refresh_token_where_no_script_sees_it() {
    let app = TestApp::start().await;
    app.owner("ada").await;
    let wish = json!({ "username": "ada", "password": password_of("ada") });
    let session = app.post("/api/auth/login", wish).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.header("cache-control"), "no-store");
    assert!(session.body.get("refreshToken").is_none());
    let header = session.header("set-cookie").to_owned();
    assert!(
        header.contains("HttpOnly")
            && header.contains("SameSite=Strict")
            && header.contains("Path=/"),
        "{header}"
    );

    let refresh = |cookie: &str| {
        app.request(Method::POST, "/api/auth/refresh")
            .header("cookie", cookie)
    };
    let cookie = cookie_of(&header);
    let next = answer(refresh(&cookie)).await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    let next_cookie = cookie_of(next.header("set-cookie"));
    assert_ne!(next_cookie, cookie, "each token is used once");

    let logout = app
        .request(Method::POST, "/api/auth/logout")
        .header("cookie", &next_cookie);
    let gone = answer(logout).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(
        gone.header("set-cookie").contains("Max-Age=0"),
        "{}",
        gone.header("set-cookie")
    );
    let refused = answer(refresh(&next_cookie)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (401, "session_revoked")
    );
}

#[tokio::test]
async fn behind_tls_the_cookie_is_tied_to_the_host() {
    let app =
        TestApp::of(binary().env("HUBBUB_SERVER__PUBLIC_URL", "https://chat.example.org")).await;
    app.owner("ada").await;
    let wish = json!({ "username": "ada", "password": password_of("ada") });
    let session = app.post("/api/auth/login", wish).await;
    let cookie = session.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(!session.header("strict-transport-security").is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_can_neither_change_nor_connect() {
    let app = TestApp::start().await;
    let own = app.server.url("");
    for (origin, is_let_through) in [
        (own.as_str(), true),
        ("https://evil.example", false),
        ("null", false),
        ("http://localhost", false),
    ] {
        let refresh = app
            .request(Method::POST, "/api/auth/refresh")
            .header("origin", origin);
        let negotiate = app
            .request(Method::POST, "/hubs/chat/negotiate?negotiateVersion=1")
            .header("origin", origin);
        let (refresh, negotiate) = (answer(refresh).await, answer(negotiate).await);
        let expected = if is_let_through {
            (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
        } else {
            (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN)
        };
        assert_eq!((refresh.status, negotiate.status), expected, "{origin}");
        if !is_let_through {
            assert_eq!(
                (refresh.code(), negotiate.code()),
                ("csrf_failed", "origin_not_allowed")
            );
        }
    }
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let app = TestApp::start().await;
    app.owner("ada").await;
    let guess = || {
        app.post(
            "/api/auth/login",
            json!({ "username": "ada", "password": "guessing it" }),
        )
    };
    for _ in 0..10 {
        assert_eq!(guess().await.code(), "invalid_credentials");
    }
    let slowed = guess().await;
    assert_eq!(
        (slowed.status.as_u16(), slowed.code()),
        (429, "rate_limited")
    );
    assert!(
        slowed.body["retryAfterMs"]
            .as_u64()
            .is_some_and(|wait| wait > 0)
    );
}

#[tokio::test]
async fn behind_a_proxy_of_ours_guessing_from_one_address_locks_no_other_out() {
    for (trusted, expected) in [("127.0.0.1", "invalid_credentials"), ("", "rate_limited")] {
        let app = TestApp::of(binary().env("HUBBUB_SERVER__TRUSTED_PROXIES", trusted)).await;
        app.owner("ada").await;
        let guess = async |from: &str| {
            let wish = json!({ "username": "ada", "password": "guessing it" });
            let request = app.request(Method::POST, "/api/auth/login").json(&wish);
            answer(request.header("x-forwarded-for", from)).await
        };
        for _ in 0..11 {
            guess("6.6.6.6").await;
        }
        assert_eq!(guess("6.6.6.6").await.code(), "rate_limited");
        assert_eq!(guess("1.2.3.4").await.code(), expected, "{trusted:?}");
    }
}

#[tokio::test]
async fn signing_out_by_token_ends_the_access_token_too() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let gone = app
        .post(
            "/api/auth/logout",
            json!({ "refreshToken": ada.refresh_token }),
        )
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let refused = ada.get("/api/users/me").await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (401, "session_revoked")
    );
}

#[tokio::test]
async fn a_wrong_wish_to_register_says_what_is_wrong() {
    let app = TestApp::start().await;
    let code = app.server.setup_code().await.unwrap();
    for (username, password, setup_code, expected) in [
        (
            "a",
            "long enough to be one",
            code.as_str(),
            "invalid_username",
        ),
        ("ada", "too short", code.as_str(), "invalid_password"),
        (
            "ada",
            "long enough to be one",
            "WRONG",
            "invalid_setup_code",
        ),
    ] {
        let wish = json!({ "username": username, "password": password, "setupCode": setup_code });
        assert_eq!(app.post("/api/auth/register", wish).await.code(), expected);
    }
    let without = json!({ "username": "ada", "password": "long enough to be one" });
    assert_eq!(
        app.post("/api/auth/register", without).await.code(),
        "registration_closed"
    );
    assert_eq!(
        app.get("/api/server").await.body["setupRequired"],
        json!(true)
    );
}
