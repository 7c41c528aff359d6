//! Negotiation and the rules that hold for every request of a hub.

use http::{Method, StatusCode};
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubOptions, Redirect,
    RequestPurpose, Transports, User, match_any_case,
};

use crate::client::Client;
use crate::http::{negotiate, request, request_with};

fn plain() -> axum::Router {
    Hub::builder().build().router("/hub")
}

fn with(options: HubOptions) -> axum::Router {
    Hub::builder().options(options).build().router("/hub")
}

#[tokio::test]
async fn version_1_keeps_the_token_apart_from_the_id() {
    let answer = request(
        &plain(),
        Method::POST,
        "/hub/negotiate?negotiateVersion=1",
        "",
    )
    .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    let json = answer.json();
    let (id, token) = (
        json["connectionId"].as_str().unwrap(),
        json["connectionToken"].as_str().unwrap(),
    );
    assert_eq!((id.len(), token.len()), (22, 22));
    assert_ne!(id, token);
    let expected = format!(
        r#"{{"negotiateVersion":1,"connectionId":"{id}","connectionToken":"{token}","availableTransports":[{{"transport":"WebSockets","transferFormats":["Text","Binary"]}},{{"transport":"ServerSentEvents","transferFormats":["Text"]}},{{"transport":"LongPolling","transferFormats":["Text","Binary"]}}]}}"#
    );
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn version_0_is_the_default_and_has_no_token() {
    for uri in ["/hub/negotiate", "/hub/negotiate?NegotiateVersion=0"] {
        let json = request(&plain(), Method::POST, uri, "").await.json();
        assert_eq!(json["negotiateVersion"], 0);
        assert!(json.get("connectionToken").is_none());
    }
}

#[tokio::test]
async fn versions_are_limited_from_above_and_below() {
    let json = request(
        &plain(),
        Method::POST,
        "/hub/negotiate?negotiateVersion=9",
        "",
    )
    .await
    .json();
    assert_eq!(json["negotiateVersion"], 1);
    let strict = with(HubOptions {
        minimum_negotiate_version: 1,
        ..HubOptions::default()
    });
    let answer = request(&strict, Method::POST, "/hub/negotiate", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body,
        r#"{"error":"The client requested version '0', but the server does not support this version."}"#
    );
    let answer = request(
        &plain(),
        Method::POST,
        "/hub/negotiate?negotiateVersion=x",
        "",
    )
    .await;
    assert_eq!(
        answer.body,
        r#"{"error":"The client requested a non-integer protocol version."}"#
    );
}

#[tokio::test]
async fn clients_can_be_sent_elsewhere() {
    let redirect = |parts: &http::request::Parts, _: &User| {
        parts
            .uri
            .query()?
            .contains("far")
            .then(|| Redirect::to("https://far.example/hub").with_access_token("t"))
    };
    let router = Hub::builder().redirect(redirect).build().router("/hub");
    let answer = request(
        &router,
        Method::POST,
        "/hub/negotiate?negotiateVersion=1&far",
        "",
    )
    .await;
    assert_eq!(
        answer.body,
        r#"{"url":"https://far.example/hub","accessToken":"t"}"#
    );
    assert!(
        request(&router, Method::POST, "/hub/negotiate", "")
            .await
            .body
            .contains("connectionId")
    );
}

#[tokio::test]
async fn only_enabled_transports_are_offered_and_served() {
    let router = with(HubOptions {
        transports: Transports {
            websockets: false,
            long_polling: false,
            ..Transports::ALL
        },
        ..HubOptions::default()
    });
    let json = request(
        &router,
        Method::POST,
        "/hub/negotiate?negotiateVersion=1",
        "",
    )
    .await
    .json();
    assert_eq!(json["availableTransports"].as_array().unwrap().len(), 1);
    let token = json["connectionToken"].as_str().unwrap();
    let answer = request(&router, Method::GET, &format!("/hub?id={token}"), "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        answer.body,
        "LongPolling transport not supported by this end point type"
    );
}

#[tokio::test]
async fn other_verbs_are_not_allowed() {
    for (method, uri) in [
        (Method::GET, "/hub/negotiate"),
        (Method::PUT, "/hub"),
        (Method::PATCH, "/hub?id=x"),
    ] {
        let answer = request(&plain(), method, uri, "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::METHOD_NOT_ALLOWED, "")
        );
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
}

#[tokio::test]
async fn requests_without_a_known_connection_are_refused() {
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = request(&plain(), method.clone(), "/hub", "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::BAD_REQUEST, "Connection ID required")
        );
        let answer = request(&plain(), method, "/hub?id=unknown", "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::NOT_FOUND, "No Connection with that ID")
        );
    }
    assert!(Client::open(plain(), "/hub?id=unknown").await.is_err());
}

#[tokio::test]
async fn a_hub_is_reached_in_any_case_and_its_neighbours_to_the_letter() {
    let app = axum::Router::new()
        .route("/Page", axum::routing::get(async || "page"))
        .fallback(async || "nothing here")
        .merge(plain());
    let exact = request(&app, Method::POST, "/HUB/Negotiate", "").await;
    assert_eq!(exact.body, "nothing here");

    let app = match_any_case(app, &["/hub"]);
    let uri = "/Hub/NEGOTIATE?NegotiateVersion=1";
    let json = request(&app, Method::POST, uri, "").await.json();
    let token = json["connectionToken"].as_str().unwrap();
    Client::hub(app.clone(), &format!("/HUB?ID={token}")).await;
    let page = async |uri| request(&app, Method::GET, uri, "").await.body;
    assert_eq!(page("/Page").await, "page");
    assert_eq!(page("/page").await, "nothing here");
    assert_eq!(page("/hubs").await, "nothing here");
}

#[tokio::test]
async fn a_connection_keeps_its_transport() {
    let router = plain();
    let token = negotiate(&router, "/hub").await;
    let uri = format!("/hub?id={token}");
    let mut client = Client::hub(router.clone(), &uri).await;

    let answer = request(&router, Method::GET, &uri, "").await;
    assert_eq!(answer.body, "Cannot change transports mid-connection");
    let answer = request(&router, Method::POST, &uri, "x").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        answer.body,
        "POST requests are not allowed for WebSocket connections."
    );
    let answer = request(&router, Method::DELETE, &uri, "").await;
    assert_eq!(
        answer.body,
        "Cannot terminate this connection using the DELETE endpoint."
    );
    let Err(second) = Client::open(router.clone(), &uri).await else {
        panic!("a second WebSocket was accepted")
    };
    assert!(second.to_string().contains("409"), "{second}");

    client.send(r#"{"type":7}"#).await;
    client.rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_negotiated_connection_that_is_never_opened_is_forgotten() {
    let router = plain();
    let token = negotiate(&router, "/hub").await;
    tokio::time::sleep(std::time::Duration::from_secs(14)).await;
    let uri = format!("/hub?id={token}");
    assert_eq!(
        request(&router, Method::DELETE, &uri, "").await.status,
        StatusCode::BAD_REQUEST
    );
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(
        request(&router, Method::DELETE, &uri, "").await.status,
        StatusCode::NOT_FOUND
    );
}

/// Lets in who says `letmein`, and notes for what it was asked.
struct Doorman;

impl Authenticate for Doorman {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        match request.token() {
            Some("letmein") => {
                let purpose = request.purpose();
                Ok(User::new("guest")
                    .with(purpose)
                    .with(request.token_is_from_query()))
            }
            Some("banned") => Err(AuthenticationError::Forbidden),
            Some("overload") => Err(AuthenticationError::Unavailable),
            _ => Err(AuthenticationError::Unauthenticated),
        }
    }
}

async fn who(context: Context) -> (Option<String>, bool, bool) {
    let user = context.user();
    let is_connect = user.get::<RequestPurpose>() == Some(&RequestPurpose::Connect);
    (
        context.user_id().map(|id| id.to_string()),
        is_connect,
        *user.get::<bool>().unwrap(),
    )
}

fn guarded() -> axum::Router {
    Hub::builder()
        .authenticate(Doorman)
        .on("Who", who)
        .build()
        .router("/hub")
}

#[tokio::test]
async fn every_request_is_authenticated_and_refusals_have_no_body() {
    for (method, uri) in [
        (Method::POST, "/hub/negotiate"),
        (Method::GET, "/hub?id=x"),
        (Method::POST, "/hub?id=x"),
        (Method::DELETE, "/hub"),
    ] {
        let answer = request(&guarded(), method.clone(), uri, "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::UNAUTHORIZED, "")
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let headers = [("authorization", "Bearer banned")];
        let answer = request_with(&guarded(), method.clone(), uri, &headers, "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::FORBIDDEN, "")
        );
        let headers = [("authorization", "bearer overload")];
        let answer = request_with(&guarded(), method, uri, &headers, "").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "")
        );
    }
}

#[tokio::test]
async fn the_token_may_come_in_the_query_and_the_header_wins() {
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let mut client = Client::open_with(guarded(), path, headers).await.ok()?;
        client.handshake().await;
        client
            .send(r#"{"type":1,"invocationId":"1","target":"Who","arguments":[]}"#)
            .await;
        Some(client.next().await)
    };
    let answer = |is_from_query: bool| {
        Some(format!(
            r#"{{"type":3,"invocationId":"1","result":["guest",true,{is_from_query}]}}"#
        ))
    };
    assert_eq!(ask("/hub?access_token=letmei%6e", &[]).await, answer(true));
    assert_eq!(
        ask("/hub", &[("authorization", "Bearer letmein")]).await,
        answer(false)
    );
    assert_eq!(
        ask(
            "/hub?access_token=banned",
            &[("authorization", "Bearer letmein")]
        )
        .await,
        answer(false)
    );
    assert_eq!(ask("/hub?access_token=banned", &[]).await, None);
}

#[tokio::test]
async fn listed_origins_get_in_and_are_named_in_cors_headers() {
    let origins = Some(vec!["https://friend.example".to_owned()]);
    let router = with(HubOptions {
        allowed_origins: origins,
        ..HubOptions::default()
    });
    let open =
        async |origin: &str| Client::open_with(router.clone(), "/hub", &[("origin", origin)]).await;
    assert!(open("https://friend.example").await.is_ok());
    let Err(refused) = open("https://stranger.example").await else {
        panic!("a stranger was let in")
    };
    assert!(refused.to_string().contains("403"), "{refused}");
    assert!(Client::open(router.clone(), "/hub").await.is_ok());

    let preflight = [
        ("origin", "https://friend.example"),
        ("access-control-request-method", "POST"),
    ];
    let answer = request_with(&router, Method::OPTIONS, "/hub/negotiate", &preflight, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://friend.example")
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, POST, DELETE")
    );
    let headers = [("origin", "https://stranger.example")];
    let answer = request_with(&router, Method::POST, "/hub/negotiate", &headers, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn an_empty_id_names_no_connection_and_an_unknown_one_none_that_exists() {
    let mut client = Client::open(plain(), "/hub?id=").await.unwrap();
    client.handshake().await;
    let Err(refused) = Client::open(plain(), "/hub?id=unknown").await else {
        panic!("there is no such connection")
    };
    assert!(refused.to_string().contains("404"), "{refused}");
}

#[tokio::test]
async fn who_accepts_events_gets_them_in_any_case_and_before_a_websocket() {
    let router = plain();
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    for others in [&[], &upgrade[..]] {
        let uri = format!("/hub?id={}", negotiate(&router, "/hub").await);
        let headers = [&[("accept", "Text/Event-Stream")], others].concat();
        let response = crate::http::begin(&router, Method::GET, &uri, &headers, "").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
    }
}
