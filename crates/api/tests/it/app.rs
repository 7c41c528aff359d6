//! A running Hubbub, and people who use it.

use std::process::{Command, Output};

use hubbub_testkit::{Hubbub, HubbubBuilder, TestDir};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// The channel that everybody is in.
pub(crate) const GENERAL: &str = "00000000-0000-7000-8000-000000000001";

pub(crate) fn binary() -> HubbubBuilder {
    HubbubBuilder::new(env!("CARGO_BIN_EXE_hubbub"))
}

/// Runs the program to its end with nothing from our own environment.
pub(crate) fn run(folder: &TestDir, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hubbub"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap()
}

/// A Hubbub of its own for one test.
pub(crate) struct TestApp {
    pub(crate) server: Hubbub,
    pub(crate) http: Client,
}

/// A key that no message has had.
#[expect(
    clippy::disallowed_methods,
    reason = "a client makes its own keys; there is no port here"
)]
pub(crate) fn fresh_key() -> Uuid {
    Uuid::now_v7()
}

/// Somebody who has signed in.
#[derive(Clone)]
pub(crate) struct Person {
    http: Client,
    base: String,
    pub(crate) id: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The stable word of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// The status and the stable word, for comparing.
    pub(crate) fn verdict(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// A field that is a text.
    pub(crate) fn text(&self, field: &str) -> &str {
        let text = self.body[field].as_str();
        text.unwrap_or_else(|| panic!("{field} in {self:?}"))
    }

    /// What was made or found.
    pub(crate) fn id(&self) -> String {
        self.text("id").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("the answer is complete");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        headers,
        body,
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::of(binary()).await
    }

    pub(crate) async fn of(builder: HubbubBuilder) -> Self {
        Self {
            server: builder.start().await.expect("Hubbub starts"),
            http: Client::new(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.server.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// Makes the first account.
    pub(crate) async fn owner(&self, username: &str) -> Person {
        let code = self
            .server
            .setup_code()
            .await
            .expect("a first start prints a code");
        self.register(username, json!({ "setupCode": code })).await
    }

    /// Makes an account by invitation.
    pub(crate) async fn guest_of(&self, owner: &Person, username: &str) -> Person {
        let invitation = owner.post("/api/invitations", json!({})).await;
        assert_eq!(invitation.status, StatusCode::CREATED, "{invitation:?}");
        self.register(username, json!({ "inviteCode": invitation.body["code"] }))
            .await
    }

    async fn register(&self, username: &str, mut wish: Value) -> Person {
        wish["username"] = json!(username);
        wish["password"] = json!(password_of(username));
        wish["tokenDelivery"] = json!("body");
        let session = self.post("/api/auth/register", wish).await;
        assert_eq!(session.status, StatusCode::CREATED, "{session:?}");
        self.person(&session.body)
    }

    pub(crate) fn person(&self, session: &Value) -> Person {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Person {
            http: self.http.clone(),
            base: self.server.url(""),
            id: text(&session["user"]["id"]),
            access_token: text(&session["accessToken"]),
            refresh_token: text(&session["refreshToken"]),
        }
    }
}

pub(crate) fn password_of(username: &str) -> String {
    format!("password of {username}")
}

impl Person {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.access_token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Founds a group and answers its id.
    pub(crate) async fn founds(&self, name: &str, members: &[&Self]) -> String {
        let member_ids: Vec<_> = members.iter().map(|member| &member.id).collect();
        let wish = json!({ "name": name, "memberIds": member_ids });
        self.post("/api/groups", wish).await.id()
    }

    /// Writes to a conversation and answers the message's address.
    pub(crate) async fn writes(&self, conversation: &str, text: &str) -> String {
        self.sends(conversation, json!({ "body": text })).await
    }

    /// Sends a message and answers its address.
    pub(crate) async fn sends(&self, conversation: &str, message: Value) -> String {
        let path = format!("/api/conversations/{conversation}/messages");
        let sent = self.post(&path, message).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
        format!("{path}/{}", sent.text("messageId"))
    }

    /// Reads one thing that is there.
    pub(crate) async fn reads(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.body
    }

    /// Posts to a conversation under a fresh key.
    pub(crate) async fn posts(&self, conversation: &str, text: &str) -> Answer {
        let body = json!({ "clientId": fresh_key(), "body": text });
        self.post(&format!("/api/conversations/{conversation}/messages"), body)
            .await
    }

    /// What people wrote to a conversation, in order, without the notes of the system.
    pub(crate) async fn reads_posts(&self, conversation: &str) -> Vec<Value> {
        let mut posts = self.reads_all(conversation).await;
        posts.retain(|message| message.get("system").is_none());
        posts
    }

    /// All messages of a conversation in order.
    pub(crate) async fn reads_all(&self, conversation: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let after = messages
                .last()
                .map_or(json!(0), |last: &Value| last["seq"].clone());
            let path =
                format!("/api/conversations/{conversation}/messages?after={after}&limit=200");
            let page = self.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{page:?}");
            messages.extend(
                page.body["messages"]
                    .as_array()
                    .expect("messages")
                    .iter()
                    .cloned(),
            );
            if page.body["hasAfter"] == json!(false) {
                return messages;
            }
        }
    }
}
