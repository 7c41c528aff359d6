//! Somebody who uses Hubbub over HTTP.

use anyhow::Context as _;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::history::field;
use crate::ids::{ConversationId, UserId};

/// What Hubbub answers to a request that it does not do.
#[derive(Debug, thiserror::Error)]
#[error("Hubbub answered {status}: {code}: {detail}")]
pub struct Refused {
    /// The status of the answer.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// The sentence for people.
    pub detail: String,
}

/// Somebody who has signed in over HTTP.
#[derive(Clone)]
pub struct Person {
    http: Client,
    base: String,
    /// Whose account it is.
    pub id: UserId,
    /// What the account is used with.
    pub access_token: String,
}

impl Person {
    /// Signs in with an account that exists.
    pub async fn sign_in(base: &str, username: &str, password: &str) -> anyhow::Result<Self> {
        let wish = json!({ "username": username, "password": password, "tokenDelivery": "body" });
        Self::begin(base, "/api/auth/login", &wish).await
    }

    /// Makes an account by invitation.
    pub async fn join(base: &str, username: &str, code: &Value) -> anyhow::Result<Self> {
        let wish = json!({
            "username": username,
            "password": format!("{username} {username}"),
            "inviteCode": code,
            "tokenDelivery": "body",
        });
        Self::begin(base, "/api/auth/register", &wish).await
    }

    /// Makes the first account of a server, by the code that it printed.
    pub async fn first(base: &str, username: &str, setup_code: &str) -> anyhow::Result<Self> {
        let wish = json!({
            "username": username,
            "password": format!("{username} {username} {username}"),
            "setupCode": setup_code,
            "tokenDelivery": "body",
        });
        Self::begin(base, "/api/auth/register", &wish).await
    }

    /// The same person, who reaches Hubbub at another address.
    pub fn at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    async fn begin(base: &str, path: &str, wish: &Value) -> anyhow::Result<Self> {
        let http = Client::new();
        let session = answer(http.post(format!("{base}{path}")).json(wish)).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Self {
            http,
            base: base.to_owned(),
            id: field(&session["user"], "id")?,
            access_token: text(&session["accessToken"]).context("a session has an access token")?,
        })
    }

    /// Somebody who is signed in already.
    pub fn with_token(base: &str, id: UserId, access_token: &str) -> Self {
        Self {
            http: Client::new(),
            base: base.to_owned(),
            id,
            access_token: access_token.to_owned(),
        }
    }

    /// Where Hubbub is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.request(Method::GET, path)).await
    }

    /// Takes something away.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Asks for something to be done.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.access_token)
    }

    /// Every message of a conversation, in order.
    pub async fn read_all(&self, conversation: ConversationId) -> anyhow::Result<Vec<Value>> {
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
    if status.is_success() {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Err(Refused {
        status: status.as_u16(),
        code: text("code"),
        detail: text("detail"),
    }
    .into())
}
