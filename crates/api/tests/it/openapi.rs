//! The description of the API is true, complete and at hand.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;

#[test]
fn the_committed_description_is_the_one_that_the_code_gives() {
    let generated = hubbub::controllers::openapi().to_pretty_json().unwrap();
    let committed = include_str!("../../../../web/openapi.json");
    assert_eq!(
        committed.trim_end(),
        generated.trim_end(),
        "run: cargo run -p hubbub -- openapi > web/openapi.json"
    );
}

#[test]
fn every_operation_is_described_and_may_fail_with_a_problem() {
    let document: Value = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20, "{}", paths.len());
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["tags"].is_array(), "{method} {path}");
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn what_is_described_is_called_as_it_is_on_the_wire() {
    let document: Value = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let mut names = Vec::new();
    collect_properties(&document["components"]["schemas"], &mut names);
    assert!(names.len() > 150, "{}", names.len());
    names.retain(|name| name.contains('_'));
    assert_eq!(names, [""; 0]);
}

fn collect_properties(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                names.extend(properties.keys().cloned());
            }
            fields
                .values()
                .for_each(|value| collect_properties(value, names));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_properties(item, names)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_tag_that_is_described() {
    let document: Value = serde_json::to_value(hubbub::controllers::openapi()).unwrap();
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<_> = tags.iter().map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} at {path}");
            let own = operation["tags"].as_array().unwrap();
            assert!(
                own.iter().all(|tag| tags.contains(&tag.as_str())),
                "{path}: {own:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_description_and_its_page_are_served() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.body["info"]["title"], "Hubbub");
    let page = app.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.body.as_str().unwrap();
    assert!(html.contains("swagger-ui"));
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "nothing comes from elsewhere"
    );
}
