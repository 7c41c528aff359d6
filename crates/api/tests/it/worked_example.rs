//! The worked example of `docs/protocol.md`, run word for word: what it says is sent is sent, and what it says comes back must.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Person, TestApp, answer, fresh_key};
use crate::connection::Connection;

const PAGE: &str = include_str!("../../../../docs/protocol.md");

/// A part of the example: whose it is, and what it says.
struct Part {
    is_hub: bool,
    person: &'static str,
    text: String,
}

fn parts() -> Vec<Part> {
    let (_, example) = PAGE.split_once("## An example").expect("there is one");
    let mut parts = Vec::new();
    for block in example.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').expect("a block has lines");
        let (medium, person) = kind.split_once('-').expect("http or hub, and a person");
        assert!(["http", "hub"].contains(&medium), "{kind}");
        parts.push(Part {
            is_hub: medium == "hub",
            person,
            text: text.to_owned(),
        });
    }
    parts
}

/// What the names in braces stand for.
#[derive(Default)]
struct Names(HashMap<String, Value>);

impl Names {
    /// The text with its names replaced. A key that nobody has used is made up.
    fn fill(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_name(rest) {
            if name.starts_with("key:") && !self.0.contains_key(name) {
                self.0.insert(name.to_owned(), json!(fresh_key()));
            }
            filled.push_str(before);
            match &self.0[name] {
                Value::String(value) => filled.push_str(value),
                // A number stands without the quotation marks that the example has around its name.
                value => {
                    filled.pop();
                    filled.push_str(&value.to_string());
                }
            }
            let is_bare = !self.0[name].is_string();
            rest = after.strip_prefix('"').filter(|_| is_bare).unwrap_or(after);
        }
        filled.push_str(rest);
        filled
    }

    /// Whether what came has everything that the example shows; names that are new take what came.
    fn fits(&mut self, shown: &Value, came: &Value) -> bool {
        match (shown, came) {
            (Value::Object(shown), Value::Object(came)) => shown
                .iter()
                .all(|(field, shown)| came.get(field).is_some_and(|came| self.fits(shown, came))),
            (Value::Array(shown), Value::Array(came)) => {
                shown.len() == came.len()
                    && shown
                        .iter()
                        .zip(came)
                        .all(|(shown, came)| self.fits(shown, came))
            }
            (Value::String(text), came) => match next_name(text) {
                Some(("", name, "")) => {
                    let known = self
                        .0
                        .entry(name.to_owned())
                        .or_insert_with(|| came.clone());
                    known == came
                }
                _ => shown == came,
            },
            _ => shown == came,
        }
    }
}

/// What stands before the first name in braces, the name, and what stands after it.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-:".contains(c))
    };
    text.match_indices('{').find_map(|(open, _)| {
        let (name, after) = text[open + 1..].split_once('}')?;
        is_name(name).then(|| (&text[..open], name, after))
    })
}

#[tokio::test]
async fn the_example_of_the_protocol_is_true() {
    let app = TestApp::start().await;
    let alice = app.owner("alice").await;
    let bob = app.guest_of(&alice, "bob").await;
    let mut names = Names::default();
    names.0.insert("alice".to_owned(), json!(alice.id));
    names.0.insert("bob".to_owned(), json!(bob.id));
    let people = HashMap::from([("alice", alice), ("bob", bob)]);
    let mut connections: HashMap<&str, Connection> = HashMap::new();
    let parts = parts();
    assert!(parts.len() >= 15, "the example was found");
    for part in parts {
        let person = &people[part.person];
        if part.is_hub {
            if !connections.contains_key(part.person) {
                let connection = Connection::open(&app, person).await;
                connections.insert(part.person, connection);
            }
            let connection = connections.get_mut(part.person).expect("it was opened");
            run_hub(&part.text, connection, &mut names).await;
        } else {
            run_http(&part.text, person, &mut names).await;
        }
    }
}

async fn run_http(text: &str, person: &Person, names: &mut Names) {
    let (request, rest) = text.split_once('\n').expect("a request and an answer");
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let (body, expected) = match rest.strip_prefix('{') {
        Some(_) => rest.split_once('\n').expect("a body and an answer"),
        None => ("", rest),
    };
    let mut call = person.request(
        Method::from_bytes(method.as_bytes()).expect("a method"),
        &names.fill(path),
    );
    if !body.is_empty() {
        let body = names.fill(body);
        let body: Value = serde_json::from_str(&body).expect("a body in JSON");
        call = call.json(&body);
    }
    let came = answer(call).await;
    let (status, shown) = expected.split_at(3);
    assert_eq!(came.status.as_str(), status, "{request}: {came:?}");
    if !shown.trim().is_empty() {
        let shown: Value = serde_json::from_str(shown).expect("an answer in JSON");
        assert!(
            names.fits(&shown, &came.body),
            "{request}: {shown} is not {came:?}"
        );
    }
}

async fn run_hub(text: &str, connection: &mut Connection, names: &mut Names) {
    for line in text.lines() {
        if let Some(sent) = line.strip_prefix("→ ") {
            let record = names.fill(sent);
            let record = serde_json::from_str(&record).expect("a record in JSON");
            connection.send(&record).await;
        } else if let Some(shown) = line.strip_prefix("← ") {
            let shown: Value = serde_json::from_str(shown).expect("a record in JSON");
            let came = connection.next().await;
            assert!(names.fits(&shown, &came), "{shown} is not {came}");
        }
    }
}
