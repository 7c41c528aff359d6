//! What a node writes into its log, and what it never does.

use std::time::Duration;

use hubbub_testkit::Stream;
use serde_json::{Value, json};

use crate::app::{GENERAL, TestApp, answer, binary, password_of};
use crate::connection::Connection;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn even_the_most_talkative_log_is_json_and_holds_no_secret_and_no_text_of_anybody() {
    let node = binary()
        .env("HUBBUB_LOG__FORMAT", "json")
        .env("HUBBUB_LOG__LEVEL", "debug,hubbub=trace,signalr_hub=trace");
    let app = TestApp::of(node).await;
    let setup_code = app.server.setup_code().await.unwrap();
    let ada = app.owner("ada").await;
    let invitation = ada.post("/api/invitations", json!({})).await;
    let invite_code = invitation.text("code").to_owned();
    let wrong = json!({ "username": "ada", "password": "a wrong password" });
    app.post("/api/auth/login", wrong).await;
    let refresh = json!({ "refreshToken": ada.refresh_token });
    let renewed = app.post("/api/auth/refresh", refresh).await;
    let ticket = ada.post("/api/auth/hub-ticket", json!({})).await;
    let mut connection = Connection::open(&app, &ada).await;
    connection.event("Heads").await;
    let words = "the words of a message";
    let sent = connection.invoke("SendToGroup", json!([GENERAL, words]));
    sent.await.unwrap();
    let searched = "/api/users?query=somebody-looked-for&access_token=in-a-query";
    answer(ada.request(reqwest::Method::GET, searched)).await;
    // Not what the hub takes, so that what it says of a refusal is seen, too.
    let refused = connection.invoke("SendToGroup", json!([words, words]));
    refused.await.unwrap_err();
    let ended = app.server.process().terminate(PATIENCE).await.unwrap();
    assert!(ended.success(), "{ended}");

    let log = app.server.process().log(Stream::Stderr).text().unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert!(lines.len() > 10, "{log}");
    for line in &lines {
        for field in ["timestamp", "level", "target"] {
            assert!(line[field].is_string(), "{field} in {line}");
        }
        let is_ours = line["target"].as_str().unwrap().starts_with("hubbub");
        assert!(line["message"].is_string() || !is_ours, "{line}");
    }
    let mut secrets = vec![
        ("setup code", setup_code),
        ("password", password_of("ada")),
        ("wrong password", "a wrong password".to_owned()),
        ("invitation code", invite_code),
        ("access token", ada.access_token.clone()),
        ("refresh token", ada.refresh_token.clone()),
        ("text of a message", words.to_owned()),
        ("query", "somebody-looked-for".to_owned()),
        ("token in a query", "in-a-query".to_owned()),
    ];
    for (what, renewed) in [
        ("accessToken", &renewed.body["accessToken"]),
        ("refreshToken", &renewed.body["refreshToken"]),
        ("ticket", &ticket.body["ticket"]),
    ] {
        let secret = renewed.as_str();
        secrets.extend(secret.map(|secret| (what, secret.to_owned())));
    }
    for (what, secret) in secrets {
        let told = log.lines().find(|line| line.contains(&secret));
        assert_eq!(told, None, "the log tells the {what}");
    }
}
