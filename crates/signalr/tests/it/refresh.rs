//! Renewing the authentication of a connection.

use std::time::Duration;

use axum::Router;
use http::{Method, StatusCode};
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubOptions, User,
};
use tokio::time::Instant;

use crate::client::Client;
use crate::http::{Answer, request_with};

/// What the token said.
#[derive(Clone)]
struct Lifetime(String);

/// Takes tokens of the form `<user>/<seconds>`.
struct Tokens;

impl Authenticate for Tokens {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        let token = request.token().and_then(|token| token.split_once('/'));
        let (user, seconds) = token.ok_or(AuthenticationError::Unauthenticated)?;
        let lifetime = Lifetime(seconds.to_owned());
        match (user, seconds.parse()) {
            ("banned", _) => Err(AuthenticationError::Forbidden),
            (user, Ok(seconds)) => Ok(User::new(user)
                .with(lifetime)
                .expires_in(Duration::from_secs(seconds))),
            (user, Err(_)) => Ok(User::new(user).with(lifetime)),
        }
    }
}

fn hub(authentication_refresh: bool) -> Router {
    let options = HubOptions {
        authentication_refresh,
        close_on_authentication_expiration: true,
        ..HubOptions::default()
    };
    Hub::builder()
        .authenticate(Tokens)
        .options(options)
        .on_authentication_refreshed(|context: Context| async move {
            let connection = context.connection();
            let user = context.user();
            let Lifetime(seconds) = user.get().unwrap();
            connection.send("Refreshed", (user.id(), seconds)).unwrap();
        })
        .build()
        .router("/hub")
}

async fn post(router: &Router, uri: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    request_with(router, Method::POST, uri, &[("authorization", &bearer)], "").await
}

/// Negotiates as a user and opens a WebSocket; returns the address of its refresh as well.
async fn open(router: &Router, version: u8) -> (Client, String) {
    let uri = format!("/hub/negotiate?negotiateVersion={version}");
    let json = post(router, &uri, "ada/60").await.json();
    assert_eq!(json["tokenLifetimeSeconds"], 60);
    let name = if version == 0 {
        "connectionId"
    } else {
        "connectionToken"
    };
    let id = json[name].as_str().unwrap();
    let path = format!("/hub?id={id}&access_token=ada/60");
    let client = Client::hub(router.clone(), &path).await;
    (client, format!("/hub/refresh?id={id}"))
}

#[tokio::test(start_paused = true)]
async fn a_refreshed_connection_lives_on_and_never_shorter() {
    let router = hub(true);
    let (mut client, refresh) = open(&router, 1).await;
    let start = Instant::now();
    for (token, body) in [
        ("ada/200", r#"{"tokenLifetimeSeconds":200}"#),
        ("ada/100", r#"{"tokenLifetimeSeconds":100}"#),
    ] {
        let answer = post(&router, &refresh, token).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, body)
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let rest = client.rest().await;
    let told = r#"{"type":1,"target":"Refreshed","arguments":["ada","200"]}"#;
    let times = rest.iter().filter(|record| record.contains("Refreshed"));
    assert_eq!(times.collect::<Vec<_>>(), [told], "the older one came late");
    assert_eq!(rest.last().unwrap(), r#"{"type":7,"allowReconnect":true}"#);
    assert!((200..=202).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn authentication_without_an_end_has_no_lifetime() {
    let router = hub(true);
    let (_client, refresh) = open(&router, 1).await;
    assert_eq!(post(&router, &refresh, "ada/").await.body, "{}");
}

#[tokio::test(start_paused = true)]
async fn refusals_say_why() {
    let router = hub(true);
    let (_client, refresh) = open(&router, 1).await;
    let (_old_client, old) = open(&router, 0).await;
    for (uri, token, status, error) in [
        ("/hub/refresh", "ada/1", 400, "missing_connection_token"),
        ("/hub/refresh?id=x", "ada/1", 404, "connection_not_found"),
        (&old, "ada/1", 400, "unsupported_negotiate_version"),
        (&refresh, "nonsense", 401, "invalid_token"),
        (&refresh, "banned/1", 403, "permission_change_rejected"),
    ] {
        let answer = post(&router, uri, token).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.json()["error"], error);
        assert!(answer.json()["error_description"].is_string());
    }
    let answer = post(&hub(false), "/hub/refresh?id=x", "ada/1").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"], "refresh_disabled");
}

#[tokio::test(start_paused = true)]
async fn another_user_s_token_ends_the_connection() {
    let router = hub(true);
    let (mut client, refresh) = open(&router, 1).await;
    let answer = post(&router, &refresh, "bob/60").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(client.rest().await, [r#"{"type":7}"#]);
}

#[tokio::test(start_paused = true)]
async fn users_are_told_apart_by_the_ids_by_which_they_are_addressed() {
    let options = HubOptions {
        authentication_refresh: true,
        ..HubOptions::default()
    };
    // To this hub all users whose names begin with the same letter are one.
    let router = Hub::builder()
        .authenticate(Tokens)
        .user_id(|user, _| Some(user.id()?[..1].into()))
        .options(options)
        .build()
        .router("/hub");
    let (mut client, refresh) = open(&router, 1).await;
    let answer = post(&router, &refresh, "alan/90").await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = post(&router, &refresh, "bob/90").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(client.rest().await, [r#"{"type":7}"#]);
}

#[tokio::test(start_paused = true)]
async fn a_later_poll_changes_the_user_and_never_moves_the_expiry_back() {
    let options = HubOptions {
        authentication_refresh: true,
        close_on_authentication_expiration: true,
        ..HubOptions::default()
    };
    let hub = Hub::builder()
        .authenticate(Tokens)
        .on("Who", async |context: Context| {
            context.user().id().map(str::to_owned)
        })
        .options(options)
        .build();
    let router = hub.router("/hub");
    let negotiated = post(&router, "/hub/negotiate?negotiateVersion=1", "ada/60").await;
    let json = negotiated.json();
    let token = json["connectionToken"].as_str().unwrap();
    let uri = format!("/hub?id={token}");
    let poll = async |token: &str| {
        let bearer = format!("Bearer {token}");
        request_with(
            &router,
            Method::GET,
            &uri,
            &[("authorization", &bearer)],
            "",
        )
        .await
    };
    let send = async |text: &str| {
        let bearer = [("authorization", "Bearer ada/60")];
        let answer = request_with(&router, Method::POST, &uri, &bearer, text).await;
        assert_eq!(answer.status, StatusCode::OK);
    };
    let start = Instant::now();
    poll("ada/60").await;
    send("{\"protocol\":\"json\",\"version\":1}\u{1e}").await;
    assert_eq!(poll("ada/60").await.body, "{}\u{1e}");
    let refresh = format!("/hub/refresh?id={token}");
    assert_eq!(
        post(&router, &refresh, "ada/200").await.status,
        StatusCode::OK
    );

    send("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Who\",\"arguments\":[]}\u{1e}").await;
    let (answer, other) = (poll("ada/10").await, poll("bob/10"));
    assert!(answer.body.contains(r#""result":"ada""#), "{}", answer.body);
    let ask = async {
        tokio::task::yield_now().await;
        send("{\"type\":1,\"invocationId\":\"2\",\"target\":\"Who\",\"arguments\":[]}\u{1e}").await;
    };
    let (answer, ()) = tokio::join!(other, ask);
    assert!(answer.body.contains(r#""result":"bob""#), "{}", answer.body);

    let mut last = poll("bob/10").await;
    while last.body.is_empty() && last.status == StatusCode::OK {
        last = poll("bob/10").await;
    }
    assert_eq!(last.body, "{\"type\":7,\"allowReconnect\":true}\u{1e}");
    assert!((200..=202).contains(&start.elapsed().as_secs()));
}
