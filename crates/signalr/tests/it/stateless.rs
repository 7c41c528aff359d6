//! Negotiation on one node, connection on another.

use std::time::Duration;

use axum::Router;
use http::{Method, StatusCode};
use signalr_hub::{
    Authenticate, AuthenticationError, AuthenticationRequest, Context, Hub, HubOptions,
    StatelessNegotiation, User,
};

use crate::client::Client;
use crate::http::request;

/// The token is the user.
struct Trusting;

impl Authenticate for Trusting {
    async fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> Result<User, AuthenticationError> {
        Ok(request.token().map_or_else(User::anonymous, User::new))
    }
}

async fn own_id(context: Context) -> String {
    context.connection_id().to_string()
}

fn noon() -> Duration {
    Duration::from_hours(12)
}

fn afternoon() -> Duration {
    Duration::from_hours(15)
}

fn node(clock: fn() -> Duration) -> Router {
    let options = HubOptions {
        stateless_negotiation: Some(StatelessNegotiation::new([1; 32]).clock(clock)),
        stateful_reconnect: true,
        ..HubOptions::default()
    };
    Hub::builder()
        .on("OwnId", own_id)
        .authenticate(Trusting)
        .options(options)
        .build()
        .router("/hub")
}

/// Negotiates and returns the connection's id and path.
async fn negotiate(router: &Router) -> (String, String) {
    let uri = "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true&access_token=ada";
    let answer = request(router, Method::POST, uri, "").await.json();
    assert!(
        answer.get("useStatefulReconnect").is_none(),
        "stateful reconnect is excluded"
    );
    let path = format!(
        "/hub?access_token=ada&id={}",
        answer["connectionToken"].as_str().unwrap()
    );
    (answer["connectionId"].as_str().unwrap().to_owned(), path)
}

#[tokio::test]
async fn any_node_opens_the_connection_under_the_negotiated_id() {
    let (id, path) = negotiate(&node(noon)).await;
    let mut client = Client::hub(node(noon), &path).await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"OwnId","arguments":[]}"#)
        .await;
    assert_eq!(
        client.next().await,
        format!(r#"{{"type":3,"invocationId":"1","result":"{id}"}}"#)
    );
}

#[tokio::test]
async fn a_token_opens_one_connection_per_node_and_only_while_it_is_fresh() {
    let router = node(noon);
    let (_, path) = negotiate(&router).await;
    let mut client = Client::hub(router.clone(), &path).await;
    let refusal = async |router: &Router, path: &str| match Client::open(router.clone(), path).await
    {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(refusal(&router, &path).await.contains("409"));
    client.send(r#"{"type":7}"#).await;
    client.rest().await;
    drop(client);
    assert!(refusal(&router, &path).await.contains("404"));
    assert!(refusal(&node(afternoon), &path).await.contains("404"));
    assert!(
        refusal(&node(noon), &path.replace("=ada", "=eve"))
            .await
            .contains("404")
    );
    assert!(
        refusal(&node(noon), "/hub?id=nonsense")
            .await
            .contains("404")
    );
}

#[tokio::test]
async fn only_opening_requests_create_a_connection() {
    let router = node(noon);
    let (_, path) = negotiate(&router).await;
    for method in [Method::POST, Method::DELETE] {
        assert_eq!(
            request(&router, method, &path, "").await.status,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(
        request(&router, Method::GET, &path, "").await.status,
        StatusCode::OK
    );
    assert_eq!(
        request(&router, Method::POST, &path, "").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn clients_of_version_0_connect_with_the_token_as_id() {
    let router = node(noon);
    let answer = request(&router, Method::POST, "/hub/negotiate", "")
        .await
        .json();
    let path = format!("/hub?id={}", answer["connectionId"].as_str().unwrap());
    Client::hub(node(noon), &path).await;
}
