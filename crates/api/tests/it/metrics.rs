//! What a node tells its operator.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub_testkit::{Hubbub, PostgresCluster, RedisServer, Stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{Answer, GENERAL, TestApp, answer, binary};
use crate::connection::Connection;

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a node serves its metrics, which it logs.
async fn metrics_address(server: &Hubbub) -> String {
    let said = server.process().wait_for_line(
        Stream::Stderr,
        "said where its metrics are",
        PATIENCE,
        |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let is_it = line["message"] == json!("serving metrics");
            is_it.then(|| line["address"].as_str().unwrap().to_owned())
        },
    );
    said.await.unwrap()
}

/// What is served at `/metrics`.
async fn scrape(app: &TestApp, address: &str) -> Answer {
    answer(app.http.get(format!("http://{address}/metrics"))).await
}

/// The value of a sample, named as it is served.
fn value(page: &Answer, sample: &str) -> Option<f64> {
    let lines = page.body.as_str().expect("a text").lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    values.next().map(|value| value.parse().unwrap())
}

/// The names of all metrics, without their prefix.
fn names(page: &Answer) -> BTreeSet<String> {
    let lines = page.body.as_str().expect("a text").lines();
    let names = lines.filter_map(|line| line.strip_prefix("# TYPE hubbub_")?.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Those that docs/operations.md explains.
fn explained() -> BTreeSet<String> {
    let rows = include_str!("../../../../docs/operations.md").lines();
    let names = rows.filter_map(|row| row.strip_prefix("| `hubbub_")?.split('`').next());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_happens_is_measured_and_every_metric_is_explained() {
    let postgres = PostgresCluster::start().await.unwrap();
    let redis = RedisServer::start().await.unwrap();
    let node = binary()
        .database_url(&postgres.create_database().await.unwrap())
        .env("HUBBUB_REDIS_URL", &redis.url())
        .env("HUBBUB_LOG__FORMAT", "json")
        .env("HUBBUB_METRICS__LISTEN", "127.0.0.1:0");
    let app = TestApp::of(node).await;
    let address = metrics_address(&app.server).await;
    let ada = app.owner("ada").await;
    let mut leaving = Connection::open(&app, &ada).await;
    let mut staying = Connection::open(&app, &ada).await;
    for connection in [&mut leaving, &mut staying] {
        connection.event("Heads").await;
    }
    let send = json!([GENERAL, "hello", "00000000-0000-7000-8000-0000000000aa"]);
    leaving.invoke("SendToGroup", send).await.unwrap();
    staying.post().await;
    leaving.invoke("Shout", json!([])).await.unwrap_err();
    drop(leaving);
    app.get("/somewhere").await;

    let page = tokio::time::timeout(PATIENCE, async {
        loop {
            let page = scrape(&app, &address).await;
            let ended = "hubbub_hub_connections_ended_total{transport=\"web_sockets\",status=\"normal_closure\"}";
            if value(&page, ended) == Some(1.0) {
                break page;
            }
        }
    });
    let page = page.await.expect("the end of a connection is counted");
    let kind = page.header("content-type");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    for (sample, expected) in [
        ("hubbub_hub_connections{transport=\"web_sockets\"}", 1.0),
        (
            "hubbub_hub_calls_total{method=\"SendToGroup\",outcome=\"completed\"}",
            1.0,
        ),
        (
            "hubbub_hub_call_duration_seconds_count{method=\"SendToGroup\"}",
            1.0,
        ),
        ("hubbub_hub_unknown_methods_total", 1.0),
        (
            "hubbub_http_requests_total{method=\"POST\",route=\"/api/auth/register\",status=\"201\"}",
            1.0,
        ),
        (
            "hubbub_http_requests_total{method=\"GET\",route=\"other\",status=\"200\"}",
            1.0,
        ),
        ("hubbub_writer_group_messages_sum", 1.0),
        ("hubbub_writer_group_duration_seconds_count", 1.0),
        ("hubbub_database_connections_most", 20.0),
    ] {
        assert_eq!(value(&page, sample), Some(expected), "{sample} in {page:?}");
    }
    let lags = value(&page, "hubbub_delivery_lag_seconds_count").unwrap();
    let lag = value(&page, "hubbub_delivery_lag_seconds_sum").unwrap();
    assert!(lags >= 1.0 && lag < PATIENCE.as_secs_f64(), "{lags}, {lag}");
    assert_eq!(names(&page), explained());

    let elsewhere = app.get("/metrics").await;
    assert!(
        elsewhere.status != StatusCode::OK
            || !elsewhere.header("content-type").contains("openmetrics"),
        "people do not see the metrics: {elsewhere:?}"
    );
}

#[tokio::test]
async fn an_address_for_metrics_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = binary()
        .env("HUBBUB_METRICS__LISTEN", &address)
        .start()
        .await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("cannot serve metrics on"), "{error}");
    assert!(error.contains("metrics.listen"), "{error}");
}
