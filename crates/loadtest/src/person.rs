use anyhow::{Context as _, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// Somebody who has signed in over HTTP.
#[derive(Clone)]
pub(crate) struct Person {
    http: Client,
    base: String,
    pub(crate) id: String,
    pub(crate) access_token: String,
}

impl Person {
    /// Signs in with an account that exists.
    pub(crate) async fn sign_in(
        base: &str,
        username: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let wish = json!({ "username": username, "password": password, "tokenDelivery": "body" });
        Self::begin(base, "/api/auth/login", &wish).await
    }

    /// Makes an account by invitation.
    pub(crate) async fn join(base: &str, username: &str, code: &Value) -> anyhow::Result<Self> {
        let wish = json!({
            "username": username,
            "password": format!("{username} {username}"),
            "inviteCode": code,
            "tokenDelivery": "body",
        });
        Self::begin(base, "/api/auth/register", &wish).await
    }

    async fn begin(base: &str, path: &str, wish: &Value) -> anyhow::Result<Self> {
        let http = Client::new();
        let session = answer(http.post(format!("{base}{path}")).json(wish)).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Self {
            http,
            base: base.to_owned(),
            id: text(&session["user"]["id"]).context("a session names its user")?,
            access_token: text(&session["accessToken"]).context("a session has an access token")?,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.access_token)
    }

    /// Every message of a conversation, in order.
    pub(crate) async fn read_all(&self, conversation: &str) -> anyhow::Result<Vec<Value>> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let after = messages.last().map_or(json!(0), |last| last["seq"].clone());
            let path =
                format!("/api/conversations/{conversation}/messages?after={after}&limit=200");
            let mut page = self.get(&path).await?;
            let more = page["hasAfter"] == json!(true);
            if let Some(rows) = page["messages"].as_array_mut() {
                messages.append(rows);
            }
            if !more {
                return Ok(messages);
            }
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    ensure!(
        status.is_success(),
        "Hubbub answered {status}: {}",
        body["detail"].as_str().unwrap_or("no detail")
    );
    Ok(body)
}
