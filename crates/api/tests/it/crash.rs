//! What was acknowledged survives a kill without warning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{GENERAL, Person, TestApp, fresh_key};

const KILLS: usize = 20;
const SENDERS: usize = 4;
/// After how many answers the server is killed.
const ANSWERS: usize = 12;

/// What senders know: every key they have used with its text, and the receipts they got.
#[derive(Default)]
struct Ledger {
    sent: BTreeMap<String, String>,
    receipts: BTreeMap<String, Value>,
}

/// Sends until the server is gone. Answers the message whose fate is not known.
async fn send_until_killed(
    person: Person,
    ledger: Arc<Mutex<Ledger>>,
    answers: Arc<tokio::sync::Semaphore>,
) -> Option<(String, String)> {
    for number in 0.. {
        let key = fresh_key().to_string();
        let text = format!("{} {number}", person.id);
        ledger.lock().sent.insert(key.clone(), text.clone());
        let path = format!("/api/conversations/{GENERAL}/messages");
        let body = json!({ "clientId": key, "body": text });
        let Ok(response) = person
            .request(reqwest::Method::POST, &path)
            .json(&body)
            .send()
            .await
        else {
            return Some((key, text));
        };
        let status = response.status();
        let Ok(receipt) = response.json::<Value>().await else {
            return Some((key, text));
        };
        assert_eq!(status, StatusCode::CREATED, "{receipt}");
        ledger.lock().receipts.insert(key, receipt);
        answers.add_permits(1);
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_right_after_an_answer_lose_nothing() {
    let mut app = TestApp::start().await;
    let owner = app.owner("owner").await;
    let mut people = vec![owner.clone()];
    for number in 1..SENDERS {
        people.push(app.guest_of(&owner, &format!("sender{number}")).await);
    }
    let ledger = Arc::new(Mutex::new(Ledger::default()));

    for round in 0..KILLS {
        let answers = Arc::new(tokio::sync::Semaphore::new(0));
        let mut senders = JoinSet::new();
        for person in &people {
            senders.spawn(send_until_killed(
                person.clone(),
                ledger.clone(),
                answers.clone(),
            ));
        }
        let enough = u32::try_from(ANSWERS).unwrap();
        answers.acquire_many(enough).await.unwrap().forget();
        app.server.kill().await.unwrap();
        let unknown: Vec<_> = senders.join_all().await.into_iter().flatten().collect();
        app.server.start_again().await.unwrap();

        // Who does not know repeats the same key, and gets a receipt whatever had become of it.
        for (key, text) in unknown {
            let owner_of_key = people
                .iter()
                .find(|person| text.starts_with(&person.id))
                .unwrap();
            let path = format!("/api/conversations/{GENERAL}/messages");
            let again = owner_of_key
                .post(&path, json!({ "clientId": key, "body": text }))
                .await;
            assert_eq!(
                again.status,
                StatusCode::CREATED,
                "round {round}: {again:?}"
            );
            ledger.lock().receipts.insert(key, again.body);
        }
    }

    let log = owner.reads_all(GENERAL).await;
    let ledger = ledger.lock();
    let seqs: Vec<_> = log
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    assert!(
        seqs.iter().copied().eq(1..=log.len() as u64),
        "dense, and each place once"
    );
    let posts = owner.reads_posts(GENERAL).await;
    let keys: BTreeSet<_> = posts
        .iter()
        .map(|message| message["clientId"].as_str().unwrap())
        .collect();
    assert_eq!(keys.len(), posts.len(), "each message once");
    assert_eq!(
        keys.len(),
        ledger.receipts.len(),
        "nothing that nobody sent, and nothing lost"
    );
    for message in &posts {
        let key = message["clientId"].as_str().unwrap();
        assert_eq!(
            message["body"].as_str(),
            ledger.sent.get(key).map(String::as_str)
        );
        let receipt = &ledger.receipts[key];
        for field in ["conversationId", "messageId", "seq", "sentAt"] {
            assert_eq!(message[field], receipt[field], "{key}");
        }
    }
    assert!(
        posts.len() >= KILLS * ANSWERS,
        "the run was worth something: {}",
        posts.len()
    );
}
