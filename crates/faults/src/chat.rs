//! People who use one Hubbub, over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hubbub_testkit::Hubbub;
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::audit::{Audit, Log, audit};
use crate::ledger::{Fate, Ledger};
use crate::wire::{Conversation, Invitation, Message, Outcome, Page, Session};

/// The channel that everybody is in.
const GENERAL: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);
const PEOPLE: usize = 4;
const GROUPS: usize = 2;

/// How long anything may take before it counts as not answered.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// How long a message is sent again before Hubbub counts as not working.
const SETTLE_LIMIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);
/// How many of the acknowledged messages are sent once more, to get the same receipt.
const REPEATED: usize = 50;

/// People who are in the same conversations, and what they know of what they have sent.
#[derive(Debug, Clone)]
pub struct Chat {
    http: Client,
    base: String,
    people: Arc<Vec<Person>>,
    conversations: Arc<Vec<Uuid>>,
    ledger: Arc<Mutex<Ledger>>,
}

/// Somebody who has signed in.
#[derive(Debug)]
struct Person {
    id: Uuid,
    access_token: String,
}

impl Chat {
    /// Makes accounts and conversations on a Hubbub that has none.
    pub async fn found(hubbub: &Hubbub) -> Result<Self> {
        let mut chat = Self {
            http: Client::builder().timeout(ANSWER_LIMIT).build()?,
            base: hubbub.url(""),
            people: Arc::default(),
            conversations: Arc::default(),
            ledger: Arc::default(),
        };
        let code = hubbub.setup_code().await?;
        let owner = chat
            .register("owner", &json!({ "setupCode": code }))
            .await?;
        let wish = json!({ "maxUses": PEOPLE });
        let path = "/api/invitations";
        let invitation: Invitation = chat.ask(&owner, Method::POST, path, Some(&wish)).await?;
        let mut people = vec![owner];
        for number in 1..PEOPLE {
            let wish = json!({ "inviteCode": invitation.code });
            people.push(chat.register(&format!("sender{number}"), &wish).await?);
        }
        let members: Vec<_> = people[1..].iter().map(|person| person.id).collect();
        let mut conversations = vec![GENERAL];
        for number in 1..=GROUPS {
            let wish = json!({ "name": format!("group {number}"), "memberIds": members });
            let group: Conversation = chat
                .ask(&people[0], Method::POST, "/api/groups", Some(&wish))
                .await?;
            conversations.push(group.id);
        }
        chat.people = Arc::new(people);
        chat.conversations = Arc::new(conversations);
        for (conversation, log) in chat.logs().await? {
            chat.ledger.lock().stands(conversation, log.messages);
        }
        Ok(chat)
    }

    /// What the people know.
    pub fn ledger(&self) -> &Mutex<Ledger> {
        &self.ledger
    }

    /// Everybody's id.
    pub fn people(&self) -> Vec<Uuid> {
        self.people.iter().map(|person| person.id).collect()
    }

    /// The conversations that everybody is in.
    pub fn conversations(&self) -> &[Uuid] {
        &self.conversations
    }

    /// Sends a message that the ledger has, for the first time or again, and notes what comes of it.
    pub async fn send(&self, key: Uuid) -> Outcome {
        let request = {
            let ledger = self.ledger.lock();
            let sent = &ledger.sent()[&key];
            let people = self.people.iter();
            let sender = people.clone().find(|person| person.id == sent.sender);
            let path = format!("/api/conversations/{}/messages", sent.conversation);
            let body = json!({ "clientId": key, "body": sent.body });
            self.request(
                sender.expect("the ledger knows people of this chat alone"),
                Method::POST,
                &path,
            )
            .json(&body)
        };
        let outcome = match request.send().await {
            // Nobody listens, so nobody has seen it.
            Err(error) if error.is_connect() => Outcome::Refused(PAUSE),
            Err(_) => Outcome::Unknown,
            Ok(response) => {
                let status = response.status();
                let body = response.bytes().await;
                body.map_or(Outcome::Unknown, |body| Outcome::of(status, &body))
            }
        };
        self.ledger.lock().answered(key, outcome.clone());
        outcome
    }

    /// Reads everything and compares it with what was sent. Nobody may be sending.
    pub async fn audit(&self) -> Result<Audit> {
        let logs = self.logs().await?;
        Ok(audit(&self.ledger.lock(), &logs))
    }

    /// Sends whatever is not acknowledged until it is, and some of what is acknowledged again, under the same keys. Then
    /// compares once more: every receipt is that of the message that was stored, whichever attempt had stored it.
    pub async fn settle(&self) -> Result<Audit> {
        let (open, acknowledged): (Vec<_>, Vec<_>) = {
            let ledger = self.ledger.lock();
            let keys = ledger.sent().iter();
            let keys = keys.map(|(key, sent)| (*key, matches!(sent.fate, Fate::Acknowledged(..))));
            keys.partition(|(_, is_acknowledged)| !is_acknowledged)
        };
        let repeated = acknowledged.iter().take(REPEATED);
        for (key, _) in open.iter().chain(repeated) {
            self.send_until_acknowledged(*key).await?;
        }
        self.audit().await
    }

    async fn send_until_acknowledged(&self, key: Uuid) -> Result<()> {
        let give_up = Instant::now() + SETTLE_LIMIT;
        loop {
            let wait = match self.send(key).await {
                Outcome::Acknowledged(_) => return Ok(()),
                Outcome::Wrong(answer) => bail!("{key} was answered with {answer}"),
                Outcome::Refused(wait) => wait,
                Outcome::Unknown => PAUSE,
            };
            ensure!(
                Instant::now() + wait < give_up,
                "{key} was not acknowledged for {} s",
                SETTLE_LIMIT.as_secs()
            );
            sleep(wait).await;
        }
    }

    /// All conversations as they are stored.
    async fn logs(&self) -> Result<BTreeMap<Uuid, Log>> {
        let mut logs = BTreeMap::new();
        for conversation in self.conversations() {
            logs.insert(*conversation, self.log(*conversation).await?);
        }
        Ok(logs)
    }

    async fn log(&self, conversation: Uuid) -> Result<Log> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let after = messages.last().map_or(0, |last| last.seq);
            let path =
                format!("/api/conversations/{conversation}/messages?after={after}&limit=200");
            let page: Page = self.ask(&self.people[0], Method::GET, &path, None).await?;
            let is_empty = page.messages.is_empty();
            messages.extend(page.messages);
            if !page.has_after || is_empty {
                let head = page.last_seq;
                return Ok(Log { head, messages });
            }
        }
    }

    async fn register(&self, username: &str, wish: &Value) -> Result<Person> {
        let mut wish = wish.clone();
        wish["username"] = json!(username);
        wish["password"] = json!(format!("password of {username}"));
        wish["tokenDelivery"] = json!("body");
        let url = format!("{}/api/auth/register", self.base);
        let session: Session = answer(self.http.post(url).json(&wish)).await?;
        Ok(Person {
            id: session.user.id,
            access_token: session.access_token,
        })
    }

    fn request(&self, person: &Person, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        let request = self.http.request(method, url);
        request.bearer_auth(&person.access_token)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        person: &Person,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T> {
        let request = self.request(person, method, path);
        let asked = answer(match body {
            Some(body) => request.json(body),
            None => request,
        });
        asked.await.with_context(|| format!("asking for {path}"))
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    ensure!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).with_context(|| format!("reading the answer {body}"))
}
