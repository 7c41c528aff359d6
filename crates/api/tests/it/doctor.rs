//! `hubbub doctor`, as an operator runs it.

use std::process::Output;

use hubbub_testkit::{NginxServer, PostgresCluster, RedisServer, TestDir, free_port};
use serde_json::{Value, json};

use crate::app::{binary, run};

fn doctor(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = TestDir::new("doctor").unwrap();
    let arguments = [&["doctor"], arguments].concat();
    run(&folder, &arguments, environment)
}

/// Insists that one line says this of a subject, and answers whether the whole ended well.
fn says(output: &Output, grade: &str, subject: &str, text: &str) {
    let page = String::from_utf8_lossy(&output.stdout);
    let is_it = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some(grade) && line.contains(subject) && line.contains(text)
    };
    assert!(
        page.lines().any(is_it),
        "{page}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn before_the_first_start_nothing_is_wrong() {
    let port = free_port().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let output = doctor(&[], &[("HUBBUB_SERVER__LISTEN", &listen)]);
    says(&output, "ok", "configuration", "valid");
    says(&output, "note", "storage", "will be made");
    says(&output, "note", "this node", "nothing runs");
    assert!(output.status.success());
    assert!(
        !doctor(&["--live"], &[("HUBBUB_SERVER__LISTEN", &listen)])
            .status
            .success()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_a_cluster_that_is_well_is_called_so_through_nginx() {
    let postgres = PostgresCluster::start().await.unwrap();
    let redis = RedisServer::start().await.unwrap();
    let port = free_port().unwrap();
    let nginx = NginxServer::builder(vec![([127, 0, 0, 1], port).into()]);
    let nginx = nginx.start().await.unwrap();
    let database_url = postgres.create_database().await.unwrap();
    let (origin, listen) = (nginx.origin(), format!("127.0.0.1:{port}"));
    let redis_url = redis.url();
    let environment = [
        ("HUBBUB_DATABASE_URL", database_url.as_str()),
        ("HUBBUB_REDIS_URL", &redis_url),
        ("HUBBUB_SERVER__PUBLIC_URL", &origin),
        ("HUBBUB_SERVER__LISTEN", &listen),
    ];
    let node = environment[..3]
        .iter()
        .fold(binary().port(port), |node, (key, value)| {
            node.env(key, value)
        });
    let node = node.start().await.unwrap();
    let output = doctor(&[], &environment);
    says(&output, "ok", "storage", "PostgreSQL");
    says(&output, "ok", "clock", "from the database's");
    says(&output, "ok", "redis", "answered in");
    says(&output, "ok", "proxy", "lets WebSockets through");
    assert!(output.status.success());
    assert!(doctor(&["--live"], &environment).status.success());

    let url = format!("{origin}/hubs/health");
    let plain: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!(plain["webSockets"], json!(false), "nobody asked for one");

    node.stop().await.unwrap();
    redis.kill().await.unwrap();
    let output = doctor(&[], &environment);
    says(&output, "WRONG", "redis", "cannot be reached");
    says(&output, "WRONG", "proxy", "does not lead to Hubbub");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_could_lose_messages_or_is_away_is_wrong() {
    let postgres = PostgresCluster::builder().setting("fsync", "off");
    let postgres = postgres.start().await.unwrap();
    let url = postgres.create_database().await.unwrap();
    let output = doctor(&[], &[("HUBBUB_DATABASE_URL", &url)]);
    says(&output, "WRONG", "storage", "fsync=off");
    assert_eq!(output.status.code(), Some(1));
    postgres.stop().await.unwrap();
    let output = doctor(&[], &[("HUBBUB_DATABASE_URL", &url)]);
    says(&output, "WRONG", "storage", "cannot be reached");
    assert!(
        !String::from_utf8_lossy(&output.stdout).contains(&url),
        "it has a password"
    );
}
